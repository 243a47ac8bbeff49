#ifndef CGBRIDGE_CPUKERNELS_H_
#define CGBRIDGE_CPUKERNELS_H_

#include "CGBridgeKernels.h"
#include "CpuCenterCalculation.h"
#include "CpuDescriptorNetworkTableMaker.h"
#include "CpuTableMaker.h"
#include <memory>
#include <string>
#include <utility>

namespace CGBridge {

/**
 * This kernel is invoked by the forces of a form with one replica to calculate the forces and energy on the CPU
 * platform.
 */
template <class ForceType>
class CpuCalcCenterForceKernel : public CalcCenterForceKernel {
public:
    CpuCalcCenterForceKernel(std::string name, const OpenMM::Platform& platform, std::unique_ptr<CpuKernelHost> host) :
            CalcCenterForceKernel(name, platform), loops(getCpuFunctions().loops), calculation(std::move(host)) {
    }
    void initialize(const OpenMM::System& system, const CenterForce& force) override {
        setParameters(force);
    }
    double execute(OpenMM::ContextImpl& context, bool includeForces, bool includeEnergy) override {
        return calculation.execute(context, includeForces, getWorkspaceSize, compute);
    }
    void copyParametersToContext(OpenMM::ContextImpl& context, const CenterForce& force) override {
        setParameters(force);
    }
private:
    void setParameters(const CenterForce& force) {
        maker = std::make_unique<CpuTableMaker<ForceType> >(dynamic_cast<const ForceType&>(force));
        const CpuTables<ForceType> tables = makeTables(*maker);
        getWorkspaceSize = [this, tables] (int maxNeighbors) {
            return loops.getWorkspaceSize(tables, maxNeighbors);
        };
        compute = [this, tables] (const CpuCenterInput& input, int first, int last, float* workspace,
                int maxNeighbors, float* forces) {
            return loops.compute(tables, input, first, last, workspace, maxNeighbors, forces);
        };
        calculation.setParticles(force, maker->getCutoff(), maker->getNearCutoff());
    }
    const CpuLoops<ForceType>& loops;
    CpuCenterCalculation calculation;
    /** Keeps the tables alive. */
    std::unique_ptr<CpuTableMaker<ForceType> > maker;
    CpuCenterCalculation::GetWorkspaceSize getWorkspaceSize;
    CpuCenterCalculation::Compute compute;
};

} // namespace CGBridge

#endif /*CGBRIDGE_CPUKERNELS_H_*/
