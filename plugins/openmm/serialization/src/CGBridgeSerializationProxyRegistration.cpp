#include "DescriptorNetworkForceProxy.h"
#include "TripletForceProxy.h"
#include "internal/CenterForms.h"
#include "openmm/serialization/SerializationProxy.h"

using namespace CGBridge;
using namespace OpenMM;

namespace {

/**
 * The proxy of a force.
 */
template <class ForceType>
struct ProxyOf {
    using Type = TripletForceProxy<ForceType>;
};

template <>
struct ProxyOf<DescriptorNetworkForce> {
    using Type = DescriptorNetworkForceProxy;
};

/**
 * Registers the proxies when the library is loaded.
 */
struct ProxyRegistration {
    ProxyRegistration() {
        CenterForms::forEach([] (auto form) {
            using ForceType = typename decltype(form)::Force;
            SerializationProxy::registerProxy(typeid(ForceType), new typename ProxyOf<ForceType>::Type());
        });
    }
} registration;

} // namespace
