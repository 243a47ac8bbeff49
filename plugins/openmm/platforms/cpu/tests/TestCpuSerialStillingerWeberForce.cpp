#include "CpuTests.h"
#include "TestStillingerWeberForce.h"

using namespace CGBridgeTests;

int main(int argc, char* argv[]) {
    PlatformUnderTest test = {loadPlatform(argc, argv, "CPUSerial"), {}, 1e-5, 1e-3, 3e-3};
    return hasInstructions(test, StillingerWeberTests(test).makeForce(1)) ? runTests<StillingerWeberTests>(test) : SKIPPED;
}
