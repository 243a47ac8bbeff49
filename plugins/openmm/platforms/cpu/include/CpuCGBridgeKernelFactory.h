#ifndef CGBRIDGE_CPUKERNELFACTORY_H_
#define CGBRIDGE_CPUKERNELFACTORY_H_

#include "openmm/KernelFactory.h"

namespace CGBridge {

/**
 * This KernelFactory creates the kernels of the CPU platform.
 */
class CpuCGBridgeKernelFactory : public OpenMM::KernelFactory {
public:
    OpenMM::KernelImpl* createKernelImpl(std::string name, const OpenMM::Platform& platform,
                                         OpenMM::ContextImpl& context) const override;
};

} // namespace CGBridge

#endif /*CGBRIDGE_CPUKERNELFACTORY_H_*/
