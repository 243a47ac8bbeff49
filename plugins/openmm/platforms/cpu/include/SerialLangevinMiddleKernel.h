#ifndef CGBRIDGE_SERIALLANGEVINMIDDLEKERNEL_H_
#define CGBRIDGE_SERIALLANGEVINMIDDLEKERNEL_H_

#include "CpuTripletBatch.h"
#include "openmm/Kernel.h"
#include "openmm/LangevinMiddleIntegrator.h"
#include "openmm/kernels.h"
#include "openmm/reference/ReferencePlatform.h"
#include <vector>

namespace CGBridge {

/**
 * This kernel is invoked by LangevinMiddleIntegrator on the serial platform.
 */
class SerialLangevinMiddleKernel : public OpenMM::IntegrateLangevinMiddleStepKernel {
public:
    SerialLangevinMiddleKernel(std::string name, const OpenMM::Platform& platform, OpenMM::ContextImpl& context);
    void initialize(const OpenMM::System& system, const OpenMM::LangevinMiddleIntegrator& integrator) override;
    void execute(OpenMM::ContextImpl& context, const OpenMM::LangevinMiddleIntegrator& integrator) override;
    double computeKineticEnergy(OpenMM::ContextImpl& context, const OpenMM::LangevinMiddleIntegrator& integrator) override;
private:
    void setScales(double temperature, double friction, double stepSize);
    OpenMM::ReferencePlatform::PlatformData& data;
    const CpuTripletFunctions& functions;
    /** Takes the steps of systems with constraints or virtual sites, and knows the kinetic energy. */
    OpenMM::Kernel reference;
    bool isSimple;
    double temperature, friction, stepSize, keep;
    std::vector<double> masses, stepOverMass, noise;
    std::vector<float> random;
};

} // namespace CGBridge

#endif /*CGBRIDGE_SERIALLANGEVINMIDDLEKERNEL_H_*/
