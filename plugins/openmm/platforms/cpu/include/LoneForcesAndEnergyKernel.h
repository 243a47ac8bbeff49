#ifndef CGBRIDGE_LONEFORCESANDENERGYKERNEL_H_
#define CGBRIDGE_LONEFORCESANDENERGYKERNEL_H_

#include "CpuThreads.h"
#include "openmm/Kernel.h"
#include "openmm/kernels.h"
#include "openmm/reference/ReferencePlatform.h"
#include <string>

namespace CGBridge {

/**
 * This kernel is invoked by the CPU platform around the computation of all forces, if those of this plugin
 * are the only ones in the system.  OpenMM's own wakes all threads twice in every step, to bring positions
 * into single precision and to add up what the threads have computed, neither of which is needed then.
 */
class LoneForcesAndEnergyKernel : public OpenMM::CalcForcesAndEnergyKernel {
public:
    LoneForcesAndEnergyKernel(std::string name, const OpenMM::Platform& platform, OpenMM::ContextImpl& context, const CpuThreads& threads);
    void initialize(const OpenMM::System& system) override;
    /**
     * @throws OpenMMException as the CPU platform does, if a coordinate is not a number
     */
    void beginComputation(OpenMM::ContextImpl& context, bool includeForces, bool includeEnergy, int groups) override;
    double finishComputation(OpenMM::ContextImpl& context, bool includeForces, bool includeEnergy, int groups, bool& valid) override;
private:
    OpenMM::ReferencePlatform::PlatformData& data;
    const CpuThreads threads;
    OpenMM::Kernel reference;
};

} // namespace CGBridge

#endif /*CGBRIDGE_LONEFORCESANDENERGYKERNEL_H_*/
