#ifndef CGBRIDGE_COMMONLANGEVINMIDDLEKERNEL_H_
#define CGBRIDGE_COMMONLANGEVINMIDDLEKERNEL_H_

#include "KernelArguments.h"
#include "openmm/LangevinMiddleIntegrator.h"
#include "openmm/System.h"
#include "openmm/common/CommonKernels.h"
#include "openmm/common/ComputeContext.h"
#include "openmm/kernels.h"
#include <string>

namespace CGBridge {

/**
 * This kernel is invoked by LangevinMiddleIntegrator to take one time step on a device.  It does in one pass
 * over memory what OpenMM's kernel needs three for, in Systems without constraints and virtual sites.
 */
class CommonLangevinMiddleKernel : public OpenMM::IntegrateLangevinMiddleStepKernel {
public:
    CommonLangevinMiddleKernel(std::string name, const OpenMM::Platform& platform, OpenMM::ComputeContext& cc);
    void initialize(const OpenMM::System& system, const OpenMM::LangevinMiddleIntegrator& integrator) override;
    void execute(OpenMM::ContextImpl& context, const OpenMM::LangevinMiddleIntegrator& integrator) override;
    double computeKineticEnergy(OpenMM::ContextImpl& context, const OpenMM::LangevinMiddleIntegrator& integrator) override;
private:
    OpenMM::ComputeContext& cc;
    /** OpenMM's own kernel, for the kinetic energy. */
    OpenMM::CommonIntegrateLangevinMiddleStepKernel theirs;
    KernelArguments step;
};

} // namespace CGBridge

#endif /*CGBRIDGE_COMMONLANGEVINMIDDLEKERNEL_H_*/
