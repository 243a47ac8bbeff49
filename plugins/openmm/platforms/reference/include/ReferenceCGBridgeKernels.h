#ifndef CGBRIDGE_REFERENCEKERNELS_H_
#define CGBRIDGE_REFERENCEKERNELS_H_

#include "CGBridgeKernels.h"
#include "internal/CenterComputation.h"
#include <memory>
#include <vector>

namespace CGBridge {

/**
 * The Reference kernel of all forms: the computation on the host.
 */
class ReferenceCalcCenterForceKernel : public CalcCenterForceKernel {
public:
    using CalcCenterForceKernel::CalcCenterForceKernel;
    void initialize(const OpenMM::System& system, const CenterForce& force) override;
    double execute(OpenMM::ContextImpl& context, bool includeForces, bool includeEnergy) override;
    void copyParametersToContext(OpenMM::ContextImpl& context, const CenterForce& force) override;
    bool canScaleReplicas() const override {
        return true;
    }
    void setReplicaScales(const std::vector<OpenMM::Vec3>& scales) override {
        computation->setScales(scales);
    }
private:
    std::unique_ptr<HostComputation> computation;
};

} // namespace CGBridge

#endif /*CGBRIDGE_REFERENCEKERNELS_H_*/
