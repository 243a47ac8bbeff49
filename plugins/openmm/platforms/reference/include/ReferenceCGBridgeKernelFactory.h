#ifndef CGBRIDGE_REFERENCEKERNELFACTORY_H_
#define CGBRIDGE_REFERENCEKERNELFACTORY_H_

#include "openmm/KernelFactory.h"

namespace CGBridge {

/**
 * This KernelFactory creates the kernels of the reference platform.
 */
class ReferenceCGBridgeKernelFactory : public OpenMM::KernelFactory {
public:
    OpenMM::KernelImpl* createKernelImpl(std::string name, const OpenMM::Platform& platform,
                                         OpenMM::ContextImpl& context) const override;
};

} // namespace CGBridge

#endif /*CGBRIDGE_REFERENCEKERNELFACTORY_H_*/
