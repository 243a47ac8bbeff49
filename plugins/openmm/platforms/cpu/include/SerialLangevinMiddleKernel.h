#ifndef CGBRIDGE_SERIALLANGEVINMIDDLEKERNEL_H_
#define CGBRIDGE_SERIALLANGEVINMIDDLEKERNEL_H_

#include "CpuThreads.h"
#include "CpuFunctions.h"
#include "openmm/Kernel.h"
#include "openmm/LangevinMiddleIntegrator.h"
#include "openmm/kernels.h"
#include "openmm/reference/ReferencePlatform.h"
#include <cstdint>
#include <vector>

namespace CGBridge {

/**
 * This kernel is invoked by LangevinMiddleIntegrator on the serial platform.  Its random numbers come from
 * the generator of the Reference platform, so that seeds and checkpoints work as they do there.
 */
class SerialLangevinMiddleKernel : public OpenMM::IntegrateLangevinMiddleStepKernel {
public:
    SerialLangevinMiddleKernel(std::string name, const OpenMM::Platform& platform, OpenMM::ContextImpl& context);
    void initialize(const OpenMM::System& system, const OpenMM::LangevinMiddleIntegrator& integrator) override;
    void execute(OpenMM::ContextImpl& context, const OpenMM::LangevinMiddleIntegrator& integrator) override;
    double computeKineticEnergy(OpenMM::ContextImpl& context, const OpenMM::LangevinMiddleIntegrator& integrator) override;
protected:
    SerialLangevinMiddleKernel(std::string name, const OpenMM::Platform& platform, OpenMM::ContextImpl& context, const CpuThreads& threads);
    /**
     * Get a number that chooses a sequence of random numbers, another one each time.
     */
    virtual uint64_t getKey();
private:
    void setScales(double temperature, double friction, double stepSize);
    OpenMM::ReferencePlatform::PlatformData& data;
    const CpuFunctions& functions;
    const CpuThreads threads;
    /** Takes the steps of systems with constraints or virtual sites, and knows the kinetic energy. */
    OpenMM::Kernel reference;
    bool isSimple;
    double temperature, friction, stepSize, keep;
    std::vector<double> masses, stepOverMass, noise;
    std::vector<float> random;
    std::vector<uint64_t> keys;
};

/**
 * The same on the CPU platform, for systems that have a force of this plugin and neither constraints nor
 * virtual sites.  OpenMM's own kernel wakes its threads three times a step.
 */
class CpuLangevinMiddleKernel : public SerialLangevinMiddleKernel {
public:
    CpuLangevinMiddleKernel(std::string name, const OpenMM::Platform& platform, OpenMM::ContextImpl& context, const CpuThreads& threads) :
            SerialLangevinMiddleKernel(name, platform, context, threads) {
    }
    void initialize(const OpenMM::System& system, const OpenMM::LangevinMiddleIntegrator& integrator) override;
protected:
    uint64_t getKey() override;
private:
    uint64_t state = 0;
};

} // namespace CGBridge

#endif /*CGBRIDGE_SERIALLANGEVINMIDDLEKERNEL_H_*/
