#ifndef CGBRIDGE_CPUTESTS_H_
#define CGBRIDGE_CPUTESTS_H_

#include "CenterForceTests.h"

namespace CGBridgeTests {

/** What ctest counts as skipped. */
const int SKIPPED = 77;

/**
 * Get whether this machine has the instructions that CGBRIDGE_CPU_ISA names.
 */
inline bool hasInstructions(const PlatformUnderTest& test, CenterForce* force) {
    Configuration empty = makeConfiguration(1, false);
    empty.positions.resize(1);
    empty.types = {-1};
    force->setUsesPeriodicBoundaryConditions(false);
    try {
        Sample(test, force, empty);
    }
    catch (const OpenMMException& error) {
        if (string(error.what()).find("this machine can run") == string::npos)
            throw;
        std::cout << error.what() << std::endl;
        return false;
    }
    return true;
}

} // namespace CGBridgeTests

#endif /*CGBRIDGE_CPUTESTS_H_*/
