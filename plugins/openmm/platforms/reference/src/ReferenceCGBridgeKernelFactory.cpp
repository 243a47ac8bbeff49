#include "ReferenceCGBridgeKernelFactory.h"
#include "ReferenceCGBridgeKernels.h"
#include "internal/StillingerWeberComputation.h"
#include "internal/TersoffComputation.h"
#include "openmm/OpenMMException.h"
#include "openmm/Platform.h"
#include "openmm/internal/windowsExport.h"

using namespace CGBridge;
using namespace OpenMM;
using namespace std;

extern "C" OPENMM_EXPORT void registerPlatforms() {
}

extern "C" OPENMM_EXPORT void registerKernelFactories() {
    // The platform owns its factories, and both names lead to the same one.
    Platform& platform = Platform::getPlatformByName("Reference");
    auto* factory = new ReferenceCGBridgeKernelFactory();
    platform.registerKernelFactory(CalcTersoffForceKernel::Name(), factory);
    platform.registerKernelFactory(CalcStillingerWeberForceKernel::Name(), factory);
}

KernelImpl* ReferenceCGBridgeKernelFactory::createKernelImpl(string name, const Platform& platform, ContextImpl& context) const {
    if (name == CalcTersoffForceKernel::Name())
        return new ReferenceCalcTripletForceKernel<CalcTersoffForceKernel, TersoffComputation>(name, platform);
    if (name == CalcStillingerWeberForceKernel::Name())
        return new ReferenceCalcTripletForceKernel<CalcStillingerWeberForceKernel, StillingerWeberComputation>(name, platform);
    throw OpenMMException("Tried to create kernel with illegal kernel name '"+name+"'");
}
