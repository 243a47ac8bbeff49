#include "CommonCGBridgeKernelFactory.h"
#include "openmm/hip/HipPlatform.h"
#include "openmm/internal/windowsExport.h"

using namespace CGBridge;
using namespace OpenMM;

extern "C" OPENMM_EXPORT void registerPlatforms() {
}

extern "C" OPENMM_EXPORT void registerKernelFactories() {
    CommonCGBridgeKernelFactory<HipPlatform::PlatformData>::registerForces("HIP");
}

extern "C" OPENMM_EXPORT void registerStepKernels() {
    CommonCGBridgeKernelFactory<HipPlatform::PlatformData>::registerSteps("HIP");
}
