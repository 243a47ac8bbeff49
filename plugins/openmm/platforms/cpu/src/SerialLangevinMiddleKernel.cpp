#include "SerialLangevinMiddleKernel.h"
#include "openmm/System.h"
#include "openmm/internal/ContextImpl.h"
#include "openmm/internal/OSRngSeed.h"
#include "openmm/reference/SimTKOpenMMRealType.h"
#include "openmm/reference/SimTKOpenMMUtilities.h"
#include <algorithm>
#include <cmath>
#include <cstdint>

using namespace CGBridge;
using namespace OpenMM;
using namespace std;

/**
 * The number of coordinates that share a sequence of random numbers.  The threads take such pieces in
 * turn, so that results do not depend on their number.  A multiple of two vectors, which fillNormal()
 * writes at a time.
 */
static const size_t PIECE = 6144;

SerialLangevinMiddleKernel::SerialLangevinMiddleKernel(string name, const Platform& platform, ContextImpl& context) :
        SerialLangevinMiddleKernel(name, platform, context, CpuThreads()) {
}

SerialLangevinMiddleKernel::SerialLangevinMiddleKernel(string name, const Platform& platform, ContextImpl& context, const CpuThreads& threads) :
        IntegrateLangevinMiddleStepKernel(name, platform),
        data(*reinterpret_cast<ReferencePlatform::PlatformData*>(context.getPlatformData())), functions(getCpuFunctions()), threads(threads),
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
    random.resize(3*numParticles+4*CPU_MAX_WIDTH);
    keys.resize((3*numParticles+PIECE-1)/PIECE);
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

    for (uint64_t& key : keys)
        key = getKey();
    double *forces = &(*data.forces)[0][0], *velocities = &(*data.velocities)[0][0], *positions = &(*data.positions)[0][0];
    auto step = [&] (size_t piece) {
        size_t first = piece*PIECE, count = min(PIECE, stepOverMass.size()-first);
        functions.fillNormal(keys[piece], count, &random[first]);
        functions.stepLangevinMiddle(count, stepSize, keep, &stepOverMass[first], &noise[first], &random[first], forces+first,
                velocities+first, positions+first);
    };
    if ((int) masses.size() < threads.getMinParticles())
        for (size_t piece = 0; piece < keys.size(); piece++)
            step(piece);
    else
        threads.forEachThread([&] (int thread) {
            for (size_t piece = thread; piece < keys.size(); piece += threads.getNumThreads())
                step(piece);
        });
    data.time += stepSize;
    data.stepCount++;
}

uint64_t SerialLangevinMiddleKernel::getKey() {
    auto draw = [] () { return (uint64_t) (SimTKOpenMMUtilities::getUniformlyDistributedRandomNumber()*4294967296.0); };
    uint64_t high = draw(), low = draw();
    return high<<32 | (low&0xffffffff);
}

double SerialLangevinMiddleKernel::computeKineticEnergy(ContextImpl& context, const LangevinMiddleIntegrator& integrator) {
    return reference.getAs<IntegrateLangevinMiddleStepKernel>().computeKineticEnergy(context, integrator);
}

void CpuLangevinMiddleKernel::initialize(const System& system, const LangevinMiddleIntegrator& integrator) {
    SerialLangevinMiddleKernel::initialize(system, integrator);
    int seed = integrator.getRandomNumberSeed();
    // OpenMM takes a seed of 0 as the wish for another one every time.
    state = (uint64_t) (unsigned int) (seed == 0 ? osrngseed() : seed)<<32;
}

/**
 * The generator splitmix64 (Steele, Lea and Flood, doi:10.1145/2660193.2660195).
 */
uint64_t CpuLangevinMiddleKernel::getKey() {
    uint64_t x = (state += 0x9e3779b97f4a7c15ull);
    x = (x^(x>>30))*0xbf58476d1ce4e5b9ull;
    x = (x^(x>>27))*0x94d049bb133111ebull;
    return x^(x>>31);
}
