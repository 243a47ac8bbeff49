#include "CommonCGBridgeKernelFactory.h"
#include "openmm/opencl/OpenCLPlatform.h"
#include "openmm/internal/windowsExport.h"

using namespace CGBridge;
using namespace OpenMM;

extern "C" OPENMM_EXPORT void registerPlatforms() {
}

extern "C" OPENMM_EXPORT void registerKernelFactories() {
    CommonCGBridgeKernelFactory<OpenCLPlatform::PlatformData>::registerForces("OpenCL");
}

extern "C" OPENMM_EXPORT void registerStepKernels() {
    CommonCGBridgeKernelFactory<OpenCLPlatform::PlatformData>::registerSteps("OpenCL");
}
