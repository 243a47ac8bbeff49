#include "SerialLangevinMiddleKernel.h"
#include "openmm/System.h"
#include "openmm/internal/ContextImpl.h"
#include "openmm/reference/SimTKOpenMMRealType.h"
#include "openmm/reference/SimTKOpenMMUtilities.h"
#include <cmath>
#include <cstdint>

using namespace CGBridge;
using namespace OpenMM;
using namespace std;

SerialLangevinMiddleKernel::SerialLangevinMiddleKernel(string name, const Platform& platform, ContextImpl& context) :
        IntegrateLangevinMiddleStepKernel(name, platform),
        data(*reinterpret_cast<ReferencePlatform::PlatformData*>(context.getPlatformData())), functions(getCpuTripletFunctions()),
        reference(Platform::getPlatformByName("Reference").createKernel(name, context)), isSimple(false), temperature(-1), friction(-1), stepSize(-1), keep(0) {
}

void SerialLangevinMiddleKernel::initialize(const System& system, const LangevinMiddleIntegrator& integrator) {
    reference.getAs<IntegrateLangevinMiddleStepKernel>().initialize(system, integrator);
    isSimple = (system.getNumConstraints() == 0);
    int numParticles = system.getNumParticles();
    masses.resize(numParticles);
    for (int i = 0; i < numParticles; i++) {
        masses[i] = system.getParticleMass(i);
        isSimple &= !system.isVirtualSite(i);
    }
    stepOverMass.resize(3*numParticles);
    noise.resize(3*numParticles);
    random.resize(3*numParticles+64);
}

void SerialLangevinMiddleKernel::setScales(double newTemperature, double newFriction, double newStepSize) {
    if (temperature == newTemperature && friction == newFriction && stepSize == newStepSize)
        return;
    temperature = newTemperature;
    friction = newFriction;
    stepSize = newStepSize;
    keep = exp(-friction*stepSize);
    for (size_t i = 0; i < stepOverMass.size(); i++) {
        double inverseMass = (masses[i/3] == 0 ? 0.0 : 1/masses[i/3]);
        stepOverMass[i] = stepSize*inverseMass;
        noise[i] = sqrt(BOLTZ*temperature*(1-keep*keep)*inverseMass);
    }
}

void SerialLangevinMiddleKernel::execute(ContextImpl& context, const LangevinMiddleIntegrator& integrator) {
    if (!isSimple) {
        reference.getAs<IntegrateLangevinMiddleStepKernel>().execute(context, integrator);
        return;
    }
    setScales(integrator.getTemperature(), integrator.getFriction(), integrator.getStepSize());

    // The generator of the Reference platform gives the key of each step, so that seeds and checkpoints
    // work as they do there.
    auto draw = [] () { return (uint64_t) (SimTKOpenMMUtilities::getUniformlyDistributedRandomNumber()*4294967296.0); };
    uint64_t high = draw(), low = draw();
    functions.fillNormal(high<<32 | (low&0xffffffff), stepOverMass.size(), random.data());
    functions.stepLangevinMiddle(stepOverMass.size(), stepSize, keep, stepOverMass.data(), noise.data(), random.data(),
            &(*data.forces)[0][0], &(*data.velocities)[0][0], &(*data.positions)[0][0]);
    data.time += stepSize;
    data.stepCount++;
}

double SerialLangevinMiddleKernel::computeKineticEnergy(ContextImpl& context, const LangevinMiddleIntegrator& integrator) {
    return reference.getAs<IntegrateLangevinMiddleStepKernel>().computeKineticEnergy(context, integrator);
}
