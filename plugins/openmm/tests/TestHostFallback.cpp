/*
 * Platforms without a kernel of the plugin: the host computes, or an error says what to do.
 *
 * No library with kernels is loaded here, so that OpenMM's Reference platform has none.
 */

#include "TestDescriptorNetworkForce.h"
#include "TestStillingerWeberForce.h"
#include "TestTersoffForce.h"
#include "openmm/internal/ContextImpl.h"
#include "openmm/kernels.h"
#include "openmm/reference/ReferenceKernelFactory.h"
#include "openmm/reference/ReferencePlatform.h"

using namespace CGBridgeTests;

/**
 * The Reference platform with a few of its kernels, and without the one for forces on the host.
 */
class BarePlatform : public Platform {
public:
    BarePlatform() {
        // The platform owns the factory.
        auto* factory = new OpenMM::ReferenceKernelFactory();
        for (const string& name : {OpenMM::UpdateStateDataKernel::Name(), OpenMM::CalcForcesAndEnergyKernel::Name(),
                OpenMM::ApplyConstraintsKernel::Name(), OpenMM::VirtualSitesKernel::Name(), OpenMM::IntegrateVerletStepKernel::Name(),
                OpenMM::MinimizeKernel::Name()})
            registerKernelFactory(name, factory);
    }
    const string& getName() const override {
        static const string name = "Bare";
        return name;
    }
    double getSpeed() const override {
        return 0;
    }
    bool supportsDoublePrecision() const override {
        return true;
    }
    void contextCreated(OpenMM::ContextImpl& context, const std::map<string, string>& properties) const override {
        context.setPlatformData(new OpenMM::ReferencePlatform::PlatformData(context.getSystem(), 1));
    }
    void contextDestroyed(OpenMM::ContextImpl& context) const override {
        delete reinterpret_cast<OpenMM::ReferencePlatform::PlatformData*>(context.getPlatformData());
    }
};

int main() {
    return report([] {
        Platform& reference = Platform::getPlatformByName("Reference");
        ASSERT(!reference.supportsKernels({"CGBridgeCalcTersoffForce"}));
        PlatformUnderTest onHost = {reference, {}, 1e-12, 1e-5, 1e-7};
        TersoffTests(onHost).run();
        StillingerWeberTests(onHost).run();
        DescriptorNetworkTests(onHost).run();

        BarePlatform bare;
        PlatformUnderTest test = {bare, {}, 0, 0, 0};
        Configuration configuration = makeConfiguration(1, false);
        assertRefuses([&] { Sample(test, TersoffTests(test).makeForce(1), configuration); }, "pip install \"openmm==8.6.*\"");
        assertRefuses([&] { Sample(test, StillingerWeberTests(test).makeForce(1), configuration); }, "the platform Bare has no kernel for it");
    });
}
