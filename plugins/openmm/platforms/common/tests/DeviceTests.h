#ifndef CGBRIDGE_DEVICETESTS_H_
#define CGBRIDGE_DEVICETESTS_H_

#include "CenterForceTests.h"

namespace CGBridgeTests {

/** What ctest counts as skipped. */
const int SKIPPED = 77;

/** OpenMM's own kernels break down on PoCL when there is but one particle. */
const int SMALLEST_SYSTEM = 2;

/**
 * Get whether OpenMM has a platform here, with a device of its kind.
 */
inline bool hasDevice(const string& name) {
    System system;
    system.addParticle(1);
    OpenMM::VerletIntegrator integrator(0.001);
    try {
        Context(system, integrator, Platform::getPlatformByName(name));
    }
    catch (const OpenMMException& error) {
        std::cout << error.what() << std::endl;
        return false;
    }
    return true;
}

/**
 * Run the shared tests on a platform, in the precision that is the second argument of the program.
 *
 * Single precision gets its positions in single precision, which a steep repulsion turns into the errors
 * of forces that are allowed here.
 */
template <class Tests>
int runDeviceTests(int argc, char* argv[], const string& name) {
    Platform::loadPluginsFromDirectory(CGBRIDGE_OPENMM_PLUGINS);
    if (!hasDevice(name))
        return SKIPPED;
    Platform& platform = loadPlatform(argc, argv, name);
    const string precision = (argc > 2 ? argv[2] : "single");
    if (precision == "double")
        return runTests<Tests>({platform, {{"Precision", precision}}, 1e-11, 1e-5, 1e-7, 1e-11, SMALLEST_SYSTEM});
    if (precision == "mixed")
        return runTests<Tests>({platform, {{"Precision", precision}}, 1e-5, 1e-3, 3e-3, 1e-11, SMALLEST_SYSTEM});
    return runTests<Tests>({platform, {{"Precision", precision}}, 2e-5, 1e-3, 3e-3, 1e-5, SMALLEST_SYSTEM});
}

} // namespace CGBridgeTests

#endif /*CGBRIDGE_DEVICETESTS_H_*/
