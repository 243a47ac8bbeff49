#ifndef CGBRIDGE_COMMONKERNELS_H_
#define CGBRIDGE_COMMONKERNELS_H_

#include "CGBridgeKernels.h"
#include "CommonForms.h"
#include "CommonCenterCalculation.h"
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
        const auto& own = dynamic_cast<const ForceType&>(force);
        calculation = std::make_unique<CommonCenterCalculation>(cc, getForm(own, cc), force);
        setParameters(own);
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
    void setParameters(const ForceType& force) {
        CommonTables all;
        auto append = [] (std::vector<double>& table, const std::vector<double>& part) {
            table.insert(table.end(), part.begin(), part.end());
        };
        for (int replica = 0; replica < force.getNumReplicas(); replica++) {
            const CommonTables tables = getTables(force, replica, cc.getUseDoublePrecision());
            append(all.pairs, tables.pairs);
            append(all.centers, tables.centers);
            all.cutoff = std::max(all.cutoff, tables.cutoff);
        }
        calculation->setParameters(force, all);
    }
    OpenMM::ComputeContext& cc;
    std::unique_ptr<CommonCenterCalculation> calculation;
};

} // namespace CGBridge

#endif /*CGBRIDGE_COMMONKERNELS_H_*/
