#include "LoneForcesAndEnergyKernel.h"
#include "openmm/OpenMMException.h"
#include "openmm/internal/ContextImpl.h"
#include <cmath>

using namespace CGBridge;
using namespace OpenMM;
using namespace std;

LoneForcesAndEnergyKernel::LoneForcesAndEnergyKernel(string name, const Platform& platform, ContextImpl& context) :
        CalcForcesAndEnergyKernel(name, platform), data(*reinterpret_cast<ReferencePlatform::PlatformData*>(context.getPlatformData())),
        reference(Platform::getPlatformByName("Reference").createKernel(name, context)) {
}

void LoneForcesAndEnergyKernel::initialize(const System& system) {
    reference.getAs<CalcForcesAndEnergyKernel>().initialize(system);
}

void LoneForcesAndEnergyKernel::beginComputation(ContextImpl& context, bool includeForces, bool includeEnergy, int groups) {
    for (const Vec3& position : *data.positions)
        if (isnan(position[0]+position[1]+position[2]))
            throw OpenMMException("Particle coordinate is NaN.  For more information, see https://github.com/openmm/openmm/wiki/Frequently-Asked-Questions#nan");
    reference.getAs<CalcForcesAndEnergyKernel>().beginComputation(context, includeForces, includeEnergy, groups);
}

double LoneForcesAndEnergyKernel::finishComputation(ContextImpl& context, bool includeForces, bool includeEnergy, int groups, bool& valid) {
    return reference.getAs<CalcForcesAndEnergyKernel>().finishComputation(context, includeForces, includeEnergy, groups, valid);
}
