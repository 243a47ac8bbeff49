#include "CpuCGBridgeKernelFactory.h"
#include "CpuCGBridgeKernels.h"
#include "CpuReplicaKernel.h"
#include "SerialLangevinMiddleKernel.h"
#include "SerialPlatform.h"
#include "internal/TripletForceImpl.h"
#include "openmm/OpenMMException.h"
#include "openmm/Platform.h"
#include "openmm/cpu/CpuKernelFactory.h"
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
            // CPUSerial has its own already.
            if (platform.getName() == "CPU")
                platform.registerKernelFactory(IntegrateLangevinMiddleStepKernel::Name(), factory);
        }
    }
}

KernelImpl* CpuCGBridgeKernelFactory::createKernelImpl(string name, const Platform& platform, ContextImpl& context) const {
    if (name == IntegrateLangevinMiddleStepKernel::Name()) {
        if (TripletForceImpl::canMoveInOnePass(context.getSystem()))
            return new CpuLangevinMiddleKernel(name, platform, context, CpuThreads(&CpuPlatform::getPlatformData(context).threads));
        return CpuKernelFactory().createKernelImpl(name, platform, context);
    }
    const bool isSerial = (platform.getName() == SerialPlatform::NAME);
    ThreadPool* threads = (isSerial ? nullptr : &CpuPlatform::getPlatformData(context).threads);
    auto createHost = [&context, isSerial] (int first, int last, const int* thread) -> unique_ptr<CpuTripletHost> {
        if (isSerial)
            return make_unique<SerialPlatformHost>(*reinterpret_cast<ReferencePlatform::PlatformData*>(context.getPlatformData()), first, last);
        CpuPlatform::PlatformData& data = CpuPlatform::getPlatformData(context);
        if (thread != nullptr)
            return make_unique<CpuThreadHost>(data, *thread);
        return make_unique<CpuPlatformHost>(data);
    };
    if (name == CalcTersoffForceKernel::Name())
        return new CpuReplicaKernel<CalcTersoffForceKernel, CpuCalcTersoffForceKernel>(name, platform, threads, createHost);
    if (name == CalcStillingerWeberForceKernel::Name())
        return new CpuReplicaKernel<CalcStillingerWeberForceKernel, CpuCalcStillingerWeberForceKernel>(name, platform, threads, createHost);
    throw OpenMMException("Tried to create kernel with illegal kernel name '"+name+"'");
}
