#include "CpuCGBridgeKernelFactory.h"
#include "CpuCGBridgeKernels.h"
#include "openmm/OpenMMException.h"
#include "openmm/Platform.h"
#include "openmm/internal/windowsExport.h"

using namespace CGBridge;
using namespace OpenMM;
using namespace std;

extern "C" OPENMM_EXPORT void registerPlatforms() {
}

extern "C" OPENMM_EXPORT void registerKernelFactories() {
    // The CPU platform is absent on processors that OpenMM's own build does not support.
    for (int i = 0; i < Platform::getNumPlatforms(); i++) {
        Platform& platform = Platform::getPlatform(i);
        if (platform.getName() == "CPU") {
            auto* factory = new CpuCGBridgeKernelFactory();
            platform.registerKernelFactory(CalcTersoffForceKernel::Name(), factory);
            platform.registerKernelFactory(CalcStillingerWeberForceKernel::Name(), factory);
        }
    }
}

KernelImpl* CpuCGBridgeKernelFactory::createKernelImpl(string name, const Platform& platform, ContextImpl& context) const {
    CpuPlatform::PlatformData& data = CpuPlatform::getPlatformData(context);
    if (name == CalcTersoffForceKernel::Name())
        return new CpuCalcTersoffForceKernel(name, platform, data);
    if (name == CalcStillingerWeberForceKernel::Name())
        return new CpuCalcStillingerWeberForceKernel(name, platform, data);
    throw OpenMMException("Tried to create kernel with illegal kernel name '"+name+"'");
}
