#ifndef CGBRIDGE_COMMONKERNELS_H_
#define CGBRIDGE_COMMONKERNELS_H_

#include "CGBridgeKernels.h"
#include "CommonForms.h"
#include "CommonTripletCalculation.h"
#include "internal/EffectiveTriplets.h"
#include "openmm/common/ComputeContext.h"
#include "openmm/common/ContextSelector.h"
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace CGBridge {

/**
 * This kernel is invoked by the forces of a form to calculate the forces and energy on a device.
 */
template <class ForceType>
class CommonCalcCenterForceKernel : public CalcCenterForceKernel {
public:
    CommonCalcCenterForceKernel(std::string name, const OpenMM::Platform& platform, OpenMM::ComputeContext& cc) :
            CalcCenterForceKernel(name, platform), cc(cc) {
    }
    void initialize(const OpenMM::System& system, const CenterForce& force) override {
        OpenMM::ContextSelector selector(cc);
        calculation = std::make_unique<CommonTripletCalculation>(cc, getSource(FormTag<ForceType>()), force);
        setParameters(dynamic_cast<const ForceType&>(force));
    }
    double execute(OpenMM::ContextImpl& context, bool includeForces, bool includeEnergy) override {
        OpenMM::ContextSelector selector(cc);
        return calculation->execute();
    }
    void copyParametersToContext(OpenMM::ContextImpl& context, const CenterForce& force) override {
        OpenMM::ContextSelector selector(cc);
        setParameters(dynamic_cast<const ForceType&>(force));
    }
    bool canScaleReplicas() const override {
        return true;
    }
    void setReplicaScales(const std::vector<OpenMM::Vec3>& scales) override {
        OpenMM::ContextSelector selector(cc);
        calculation->setReplicaScales(scales);
    }
    std::vector<double> getReplicaEnergies(OpenMM::ContextImpl& context) override {
        OpenMM::ContextSelector selector(cc);
        return calculation->getReplicaEnergies();
    }
private:
    /**
     * Write the rows of all pairs and triplets of types, replica by replica.
     */
    void setParameters(const ForceType& force) {
        const int numTypes = force.getNumTypes();
        double cutoff = 0;
        std::vector<double> pairs, triplets;
        auto append = [] (std::vector<double>& table, const std::vector<double>& row) {
            table.insert(table.end(), row.begin(), row.end());
        };
        for (int replica = 0; replica < force.getNumReplicas(); replica++) {
            const EffectiveTriplets<ForceType> parameters(force, replica);
            cutoff = std::max(cutoff, parameters.getCutoff());
            for (int i = 0; i < numTypes; i++)
                for (int j = 0; j < numTypes; j++)
                    for (int k = 0; k < numTypes; k++) {
                        const CommonRows rows = getRows(parameters.get(i, j, k), cc.getUseDoublePrecision());
                        append(triplets, rows.triplet);
                        if (j == k)
                            append(pairs, rows.pair);
                    }
        }
        calculation->setParameters(force, cutoff, pairs, triplets);
    }
    OpenMM::ComputeContext& cc;
    std::unique_ptr<CommonTripletCalculation> calculation;
};

} // namespace CGBridge

#endif /*CGBRIDGE_COMMONKERNELS_H_*/
