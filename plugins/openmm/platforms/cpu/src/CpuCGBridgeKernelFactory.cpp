#include "CpuCGBridgeKernelFactory.h"
#include "CpuCGBridgeKernels.h"
#include "CpuReplicaKernel.h"
#include "LoneForcesAndEnergyKernel.h"
#include "SerialLangevinMiddleKernel.h"
#include "SerialPlatform.h"
#include "internal/CenterForceImpl.h"
#include "internal/CenterForms.h"
#include "openmm/AndersenThermostat.h"
#include "openmm/CMMotionRemover.h"
#include "openmm/MonteCarloAnisotropicBarostat.h"
#include "openmm/MonteCarloBarostat.h"
#include "openmm/MonteCarloFlexibleBarostat.h"
#include "openmm/MonteCarloMembraneBarostat.h"
#include "openmm/OpenMMException.h"
#include "openmm/Platform.h"
#include "openmm/cpu/CpuKernelFactory.h"
#include "openmm/internal/windowsExport.h"
#include <algorithm>
#include <memory>

using namespace CGBridge;
using namespace OpenMM;
using namespace std;

extern "C" OPENMM_EXPORT void registerPlatforms() {
    Platform::registerPlatform(new SerialPlatform());
}

/**
 * Whether this process has asked for the kernels that take the steps of systems with no other forces.
 */
static bool hasStepKernels = false;

extern "C" OPENMM_EXPORT void registerKernelFactories() {
    // The CPU platform is absent on processors that OpenMM's own build does not support.  The platforms
    // own their factories.
    for (int i = 0; i < Platform::getNumPlatforms(); i++) {
        Platform& platform = Platform::getPlatform(i);
        if (platform.getName() == "CPU" || platform.getName() == SerialPlatform::NAME) {
            auto* factory = new CpuCGBridgeKernelFactory();
            CpuForms::forEach([&] (auto form) {
                platform.registerKernelFactory(CalcCenterForceKernel::Name(decltype(form)::Force::TYPE_NAME), factory);
            });
        }
    }
}

/**
 * Take over the steps of the CPU platform; CPUSerial has kernels of its own for them already.  Contexts that
 * exist keep what they have.
 */
extern "C" OPENMM_EXPORT void registerStepKernels() {
    for (int i = 0; i < Platform::getNumPlatforms(); i++) {
        Platform& platform = Platform::getPlatform(i);
        if (platform.getName() == "CPU") {
            auto* factory = new CpuCGBridgeKernelFactory();
            platform.registerKernelFactory(CalcForcesAndEnergyKernel::Name(), factory);
            platform.registerKernelFactory(IntegrateLangevinMiddleStepKernel::Name(), factory);
        }
    }
    hasStepKernels = true;
}

/**
 * Get whether a force computes nothing on the threads of the CPU platform, and asks for nothing that is in
 * single precision there.
 */
static bool leavesThreadsAlone(const Force& force) {
    return dynamic_cast<const CenterForce*>(&force) || dynamic_cast<const CMMotionRemover*>(&force) ||
            dynamic_cast<const AndersenThermostat*>(&force) || dynamic_cast<const MonteCarloBarostat*>(&force) ||
            dynamic_cast<const MonteCarloAnisotropicBarostat*>(&force) ||
            dynamic_cast<const MonteCarloMembraneBarostat*>(&force) || dynamic_cast<const MonteCarloFlexibleBarostat*>(&force);
}

/**
 * Get whether the forces of this plugin are the only ones in a system.
 */
static bool areForcesAlone(const System& system) {
    bool hasTriplets = false;
    for (int i = 0; i < system.getNumForces(); i++) {
        if (!leavesThreadsAlone(system.getForce(i)))
            return false;
        hasTriplets |= (dynamic_cast<const CenterForce*>(&system.getForce(i)) != nullptr);
    }
    return hasTriplets;
}

/**
 * Get how many threads make a system faster: with fewer particles for each of them they would wait for each
 * other's results longer than they compute, and two on one core would wait for each other altogether.
 */
static int getUsefulThreads(const System& system, int numThreads) {
    const int minParticles = 256;
    return max(1, min({numThreads, CpuThreadTeam::getNumCores(), system.getNumParticles()/minParticles}));
}

KernelImpl* CpuCGBridgeKernelFactory::createKernelImpl(string name, const Platform& platform, ContextImpl& context) const {
    auto& referenceData = *reinterpret_cast<ReferencePlatform::PlatformData*>(context.getPlatformData());
    const bool isSerial = (platform.getName() == SerialPlatform::NAME);
    const bool isAlone = (!isSerial && hasStepKernels && areForcesAlone(context.getSystem()));
    CpuPlatform::PlatformData* cpuData = (isSerial ? nullptr : &CpuPlatform::getPlatformData(context));
    CpuThreads threads;
    if (isAlone)
        threads = CpuThreads(CpuThreadTeam::ofContext(context, getUsefulThreads(context.getSystem(), cpuData->threads.getNumThreads())));
    else if (!isSerial)
        threads = CpuThreads(cpuData->threads);

    if (name == CalcForcesAndEnergyKernel::Name()) {
        if (isAlone)
            return new LoneForcesAndEnergyKernel(name, platform, context, threads);
        return CpuKernelFactory().createKernelImpl(name, platform, context);
    }
    if (name == IntegrateLangevinMiddleStepKernel::Name()) {
        if (CenterForceImpl::canMoveInOnePass(context.getSystem()))
            return new CpuLangevinMiddleKernel(name, platform, context, threads);
        return CpuKernelFactory().createKernelImpl(name, platform, context);
    }
    auto createHost = [=, &referenceData] (const vector<int>& particles, const int* thread) -> unique_ptr<CpuKernelHost> {
        if (isSerial || isAlone)
            return make_unique<LonePlatformHost>(referenceData, thread == nullptr ? threads : CpuThreads(),
                                                 !isSerial && cpuData->deterministicForces, particles);
        if (thread != nullptr)
            return make_unique<CpuThreadHost>(*cpuData, *thread);
        return make_unique<CpuPlatformHost>(*cpuData);
    };
    KernelImpl* kernel = nullptr;
    CpuForms::forEach([&] (auto form) {
        using ForceType = typename decltype(form)::Force;
        if (name == CalcCenterForceKernel::Name(ForceType::TYPE_NAME))
            kernel = new CpuReplicaKernel(name, platform, threads, [=, &platform] (const vector<int>& particles, const int* thread) {
                return Kernel(new CpuCalcCenterForceKernel<ForceType>(name, platform, createHost(particles, thread)));
            });
    });
    if (kernel == nullptr)
        throw OpenMMException("Tried to create kernel with illegal kernel name '"+name+"'");
    return kernel;
}
