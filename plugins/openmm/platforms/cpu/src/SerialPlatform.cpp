#include "SerialPlatform.h"
#include "SerialLangevinMiddleKernel.h"
#include "openmm/KernelFactory.h"

using namespace CGBridge;
using namespace OpenMM;
using namespace std;

namespace {

class SerialKernelFactory : public KernelFactory {
public:
    KernelImpl* createKernelImpl(string name, const Platform& platform, ContextImpl& context) const override {
        return new SerialLangevinMiddleKernel(name, platform, context);
    }
};

} // namespace

const char* const SerialPlatform::NAME = "CPUSerial";

SerialPlatform::SerialPlatform() {
    registerKernelFactory(IntegrateLangevinMiddleStepKernel::Name(), new SerialKernelFactory());
}

const string& SerialPlatform::getName() const {
    static const string name = NAME;
    return name;
}

double SerialPlatform::getSpeed() const {
    // Below the Reference platform, so that OpenMM never chooses it by itself.
    return 0.5;
}

bool SerialPlatform::supportsDoublePrecision() const {
    return false;
}
