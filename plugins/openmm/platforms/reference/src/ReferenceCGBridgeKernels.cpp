#include "ReferenceCGBridgeKernels.h"
#include "internal/StillingerWeberComputation.h"
#include "internal/TersoffComputation.h"
#include "openmm/reference/ReferencePlatform.h"

using namespace CGBridge;
using namespace OpenMM;
using namespace std;

namespace CGBridge {

template <class KernelType, class ComputationType>
void ReferenceCalcTripletForceKernel<KernelType, ComputationType>::initialize(const System& system, const TripletForce& force) {
    computation = ComputationType::create(force);
}

template <class KernelType, class ComputationType>
double ReferenceCalcTripletForceKernel<KernelType, ComputationType>::execute(ContextImpl& context, bool includeForces, bool includeEnergy) {
    auto& data = *reinterpret_cast<ReferencePlatform::PlatformData*>(context.getPlatformData());
    return computation->compute(*data.positions, data.periodicBoxVectors, includeForces ? data.forces : nullptr);
}

template <class KernelType, class ComputationType>
void ReferenceCalcTripletForceKernel<KernelType, ComputationType>::copyParametersToContext(ContextImpl& context, const TripletForce& force) {
    computation = ComputationType::create(force);
}

template class ReferenceCalcTripletForceKernel<CalcTersoffForceKernel, TersoffComputation>;
template class ReferenceCalcTripletForceKernel<CalcStillingerWeberForceKernel, StillingerWeberComputation>;

} // namespace CGBridge
