#include "ReferenceCGBridgeKernels.h"
#include "openmm/reference/ReferencePlatform.h"

using namespace CGBridge;
using namespace OpenMM;

void ReferenceCalcCenterForceKernel::initialize(const System& system, const CenterForce& force) {
    computation = HostComputation::create(force);
}

double ReferenceCalcCenterForceKernel::execute(ContextImpl& context, bool includeForces, bool includeEnergy) {
    auto& data = *reinterpret_cast<ReferencePlatform::PlatformData*>(context.getPlatformData());
    return computation->compute(*data.positions, data.periodicBoxVectors, includeForces ? data.forces : nullptr);
}

void ReferenceCalcCenterForceKernel::copyParametersToContext(ContextImpl& context, const CenterForce& force) {
    computation = HostComputation::create(force);
}
