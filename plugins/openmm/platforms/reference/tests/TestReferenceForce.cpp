#include CGBRIDGE_TESTS_HEADER

using namespace CGBridgeTests;

int main(int argc, char* argv[]) {
    return runTests<CGBRIDGE_TESTS>({loadPlatform(argc, argv, "Reference"), {}, 1e-12, 1e-5, 1e-7});
}
