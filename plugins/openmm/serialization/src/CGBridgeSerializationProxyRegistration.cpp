#include "StillingerWeberForce.h"
#include "TersoffForce.h"
#include "TripletForceProxies.h"
#include "openmm/serialization/SerializationProxy.h"

using namespace CGBridge;
using namespace OpenMM;

namespace {

/**
 * Registers the proxies when the library is loaded.
 */
struct ProxyRegistration {
    ProxyRegistration() {
        SerializationProxy::registerProxy(typeid(TersoffForce), new TersoffForceProxy());
        SerializationProxy::registerProxy(typeid(StillingerWeberForce), new StillingerWeberForceProxy());
    }
} registration;

} // namespace
