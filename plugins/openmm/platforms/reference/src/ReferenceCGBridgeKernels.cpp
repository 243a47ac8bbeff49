#include "ReferenceCGBridgeKernels.h"
#include "openmm/reference/ReferencePlatform.h"

using namespace CGBridge;
using namespace OpenMM;

void ReferenceCalcTripletForceKernel::initialize(const System& system, const TripletForce& force) {
    computation = HostComputation::create(force);
}

double ReferenceCalcTripletForceKernel::execute(ContextImpl& context, bool includeForces, bool includeEnergy) {
    auto& data = *reinterpret_cast<ReferencePlatform::PlatformData*>(context.getPlatformData());
    return computation->compute(*data.positions, data.periodicBoxVectors, includeForces ? data.forces : nullptr);
}

void ReferenceCalcTripletForceKernel::copyParametersToContext(ContextImpl& context, const TripletForce& force) {
    computation = HostComputation::create(force);
}
