#include "DeviceTests.h"
#include CGBRIDGE_TESTS_HEADER

using namespace CGBridgeTests;

int main(int argc, char* argv[]) {
    return runDeviceTests<CGBRIDGE_TESTS>(argc, argv, "HIP");
}
