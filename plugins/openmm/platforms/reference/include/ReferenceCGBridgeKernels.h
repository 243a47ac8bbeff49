#ifndef CGBRIDGE_REFERENCEKERNELS_H_
#define CGBRIDGE_REFERENCEKERNELS_H_

#include "CGBridgeKernels.h"
#include "internal/TripletComputation.h"
#include <memory>
#include <vector>

namespace CGBridge {

/**
 * The Reference kernel of both forces.  Only the computation of a centre's energy differs between
 * them, and that is chosen by the template arguments.
 */
template <class KernelType, class ComputationType>
class ReferenceCalcTripletForceKernel : public KernelType {
public:
    using KernelType::KernelType;
    void initialize(const OpenMM::System& system, const TripletForce& force) override;
    double execute(OpenMM::ContextImpl& context, bool includeForces, bool includeEnergy) override;
    void copyParametersToContext(OpenMM::ContextImpl& context, const TripletForce& force) override;
    bool canScaleReplicas() const override {
        return true;
    }
    void setReplicaScales(const std::vector<OpenMM::Vec3>& scales) override {
        computation->setScales(scales);
    }
private:
    std::unique_ptr<TripletComputation> computation;
};

} // namespace CGBridge

#endif /*CGBRIDGE_REFERENCEKERNELS_H_*/
