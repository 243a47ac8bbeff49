#include "LoneForcesAndEnergyKernel.h"
#include "openmm/OpenMMException.h"
#include "openmm/internal/ContextImpl.h"
#include <atomic>
#include <cmath>

using namespace CGBridge;
using namespace OpenMM;
using namespace std;

LoneForcesAndEnergyKernel::LoneForcesAndEnergyKernel(string name, const Platform& platform, ContextImpl& context, const CpuThreads& threads) :
        CalcForcesAndEnergyKernel(name, platform), data(*reinterpret_cast<ReferencePlatform::PlatformData*>(context.getPlatformData())),
        threads(threads), reference(Platform::getPlatformByName("Reference").createKernel(name, context)) {
}

void LoneForcesAndEnergyKernel::initialize(const System& system) {
    reference.getAs<CalcForcesAndEnergyKernel>().initialize(system);
}

void LoneForcesAndEnergyKernel::beginComputation(ContextImpl& context, bool includeForces, bool includeEnergy, int groups) {
    vector<Vec3> &positions = *data.positions, &forces = *data.forces;
    atomic<bool> isValid(true);
    threads.forEachRange((int) positions.size(), [&] (int first, int last) {
        // Zero times anything but a number is not a number.
        double sum = 0;
        for (int i = first; i < last; i++) {
            sum += 0*(positions[i][0]+positions[i][1]+positions[i][2]);
            if (includeForces)
                forces[i] = Vec3();
        }
        if (isnan(sum))
            isValid = false;
    });
    if (!isValid)
        throw OpenMMException("Particle coordinate is NaN.  For more information, see https://github.com/openmm/openmm/wiki/Frequently-Asked-Questions#nan");
    // The Reference platform's kernel would clear the forces again; without forces it sets the present ones aside.
    if (!includeForces)
        reference.getAs<CalcForcesAndEnergyKernel>().beginComputation(context, includeForces, includeEnergy, groups);
}

double LoneForcesAndEnergyKernel::finishComputation(ContextImpl& context, bool includeForces, bool includeEnergy, int groups, bool& valid) {
    return reference.getAs<CalcForcesAndEnergyKernel>().finishComputation(context, includeForces, includeEnergy, groups, valid);
}
