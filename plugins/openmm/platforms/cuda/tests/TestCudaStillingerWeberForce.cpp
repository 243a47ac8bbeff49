#include "DeviceTests.h"

using namespace CGBridgeTests;

int main(int argc, char* argv[]) {
    return runDeviceTests<StillingerWeberTests>(argc, argv, "CUDA");
}
