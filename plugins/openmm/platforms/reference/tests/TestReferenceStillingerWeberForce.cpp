#include "TestStillingerWeberForce.h"

using namespace CGBridgeTests;

int main(int argc, char* argv[]) {
    return runTests<StillingerWeberTests>({loadPlatform(argc, argv, "Reference"), {}, 1e-12, 1e-5, 1e-7});
}
