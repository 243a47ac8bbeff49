#include "ReferenceCGBridgeKernelFactory.h"
#include "ReferenceCGBridgeKernels.h"
#include "internal/CenterForms.h"
#include "openmm/Platform.h"
#include "openmm/internal/windowsExport.h"

using namespace CGBridge;
using namespace OpenMM;
using namespace std;

extern "C" OPENMM_EXPORT void registerPlatforms() {
}

extern "C" OPENMM_EXPORT void registerKernelFactories() {
    // The platform owns its factories, and all names lead to the same one.
    Platform& platform = Platform::getPlatformByName("Reference");
    auto* factory = new ReferenceCGBridgeKernelFactory();
    CenterForms::forEach([&] (auto form) {
        platform.registerKernelFactory(CalcCenterForceKernel::Name(decltype(form)::Force::TYPE_NAME), factory);
    });
}

KernelImpl* ReferenceCGBridgeKernelFactory::createKernelImpl(string name, const Platform& platform, ContextImpl& context) const {
    return new ReferenceCalcCenterForceKernel(name, platform);
}
