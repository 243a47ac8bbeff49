#include "CpuCGBridgeKernelFactory.h"
#include "CpuCGBridgeKernels.h"
#include "SerialPlatform.h"
#include "openmm/OpenMMException.h"
#include "openmm/Platform.h"
#include "openmm/internal/windowsExport.h"
#include <memory>

using namespace CGBridge;
using namespace OpenMM;
using namespace std;

extern "C" OPENMM_EXPORT void registerPlatforms() {
    Platform::registerPlatform(new SerialPlatform());
}

extern "C" OPENMM_EXPORT void registerKernelFactories() {
    // The CPU platform is absent on processors that OpenMM's own build does not support.  The platforms
    // own their factories.
    for (int i = 0; i < Platform::getNumPlatforms(); i++) {
        Platform& platform = Platform::getPlatform(i);
        if (platform.getName() == "CPU" || platform.getName() == SerialPlatform::NAME) {
            auto* factory = new CpuCGBridgeKernelFactory();
            platform.registerKernelFactory(CalcTersoffForceKernel::Name(), factory);
            platform.registerKernelFactory(CalcStillingerWeberForceKernel::Name(), factory);
        }
    }
}

KernelImpl* CpuCGBridgeKernelFactory::createKernelImpl(string name, const Platform& platform, ContextImpl& context) const {
    unique_ptr<CpuTripletHost> host;
    if (platform.getName() == SerialPlatform::NAME)
        host = make_unique<SerialPlatformHost>(*reinterpret_cast<ReferencePlatform::PlatformData*>(context.getPlatformData()));
    else
        host = make_unique<CpuPlatformHost>(CpuPlatform::getPlatformData(context));
    if (name == CalcTersoffForceKernel::Name())
        return new CpuCalcTersoffForceKernel(name, platform, move(host));
    if (name == CalcStillingerWeberForceKernel::Name())
        return new CpuCalcStillingerWeberForceKernel(name, platform, move(host));
    throw OpenMMException("Tried to create kernel with illegal kernel name '"+name+"'");
}
