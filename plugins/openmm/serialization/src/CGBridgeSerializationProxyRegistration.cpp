#include "TripletForceProxy.h"
#include "internal/TripletForms.h"
#include "openmm/serialization/SerializationProxy.h"

using namespace CGBridge;
using namespace OpenMM;

namespace {

/**
 * Registers the proxies when the library is loaded.
 */
struct ProxyRegistration {
    ProxyRegistration() {
        TripletForms::forEach([] (auto form) {
            using ForceType = typename decltype(form)::Force;
            SerializationProxy::registerProxy(typeid(ForceType), new TripletForceProxy<ForceType>());
        });
    }
} registration;

} // namespace
