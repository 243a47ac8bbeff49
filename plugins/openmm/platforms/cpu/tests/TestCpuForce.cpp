#include "CpuTests.h"
#include CGBRIDGE_TESTS_HEADER

using namespace CGBridgeTests;

int main(int argc, char* argv[]) {
    PlatformUnderTest test = {loadPlatform(argc, argv, "CPU"), {}, 1e-5, 1e-3, 3e-3};
    return hasInstructions(test, CGBRIDGE_TESTS(test).makeForce(1)) ? runTests<CGBRIDGE_TESTS>(test) : SKIPPED;
}
