#include "CommonCGBridgeKernelFactory.h"
#include "openmm/cuda/CudaPlatform.h"
#include "openmm/internal/windowsExport.h"

using namespace CGBridge;
using namespace OpenMM;

extern "C" OPENMM_EXPORT void registerPlatforms() {
}

extern "C" OPENMM_EXPORT void registerKernelFactories() {
    CommonCGBridgeKernelFactory<CudaPlatform::PlatformData>::registerForces("CUDA");
}

extern "C" OPENMM_EXPORT void registerStepKernels() {
    CommonCGBridgeKernelFactory<CudaPlatform::PlatformData>::registerSteps("CUDA");
}
