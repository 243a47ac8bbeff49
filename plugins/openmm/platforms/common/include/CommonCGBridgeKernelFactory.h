#ifndef CGBRIDGE_COMMONKERNELFACTORY_H_
#define CGBRIDGE_COMMONKERNELFACTORY_H_

#include "CommonCGBridgeKernels.h"
#include "CommonLangevinMiddleKernel.h"
#include "internal/CenterForceImpl.h"
#include "openmm/KernelFactory.h"
#include "openmm/OpenMMException.h"
#include "openmm/Platform.h"
#include "openmm/internal/ContextImpl.h"
#include <string>

namespace CGBridge {

/**
 * Creates the kernels for the platform whose data is of the type given, and registers itself there: for the forces
 * of this plugin always, for steps only where a process asks for it.
 */
template <class PlatformData>
class CommonCGBridgeKernelFactory : public OpenMM::KernelFactory {
public:
    static void registerForces(const std::string& platformName) {
        CenterForms::forEach([&] (auto form) {
            registerFor(platformName, CalcCenterForceKernel::Name(decltype(form)::Force::TYPE_NAME));
        });
    }
    /**
     * Take over the steps of a platform.  Contexts that exist keep what they have.
     */
    static void registerSteps(const std::string& platformName) {
        registerFor(platformName, OpenMM::IntegrateLangevinMiddleStepKernel::Name());
    }
    OpenMM::KernelImpl* createKernelImpl(std::string name, const OpenMM::Platform& platform, OpenMM::ContextImpl& context) const override {
        // The context of a platform is a ComputeContext, its first and only base class.  Its own
        // header would ask for the headers of the vendor's toolkit, which nothing else here needs, so
        // the class stays incomplete and the compiler must be told.
        auto* data = static_cast<PlatformData*>(context.getPlatformData());
        auto& cc = *reinterpret_cast<OpenMM::ComputeContext*>(data->contexts[0]);
        if (name == OpenMM::IntegrateLangevinMiddleStepKernel::Name()) {
            if (CenterForceImpl::canMoveInOnePass(context.getSystem()))
                return new CommonLangevinMiddleKernel(name, platform, cc);
            return new OpenMM::CommonIntegrateLangevinMiddleStepKernel(name, platform, cc);
        }
        OpenMM::KernelImpl* kernel = nullptr;
        CenterForms::forEach([&] (auto form) {
            using ForceType = typename decltype(form)::Force;
            if (name == CalcCenterForceKernel::Name(ForceType::TYPE_NAME))
                kernel = new CommonCalcCenterForceKernel<ForceType>(name, platform, cc);
        });
        if (kernel == nullptr)
            throw OpenMM::OpenMMException("Tried to create kernel with illegal kernel name '"+name+"'");
        return kernel;
    }
private:
    static void registerFor(const std::string& platformName, const std::string& kernel) {
        for (int i = 0; i < OpenMM::Platform::getNumPlatforms(); i++) {
            OpenMM::Platform& platform = OpenMM::Platform::getPlatform(i);
            // The platform owns its factories.
            if (platform.getName() == platformName)
                platform.registerKernelFactory(kernel, new CommonCGBridgeKernelFactory());
        }
    }
};

} // namespace CGBridge

#endif /*CGBRIDGE_COMMONKERNELFACTORY_H_*/
