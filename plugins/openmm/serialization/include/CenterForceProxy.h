#ifndef CGBRIDGE_CENTERFORCEPROXY_H_
#define CGBRIDGE_CENTERFORCEPROXY_H_

#include "CenterForce.h"
#include "openmm/serialization/SerializationNode.h"
#include "openmm/serialization/SerializationProxy.h"
#include <string>

namespace CGBridge {

/**
 * What the proxies of all forces share: all of a force but its parameters.
 */
class CenterForceProxyBase : public OpenMM::SerializationProxy {
protected:
    using OpenMM::SerializationProxy::SerializationProxy;
    void write(const CenterForce& force, OpenMM::SerializationNode& node) const;
    void read(CenterForce& force, const OpenMM::SerializationNode& node) const;
    /**
     * Throw an OpenMMException if the format is one that this program does not know.
     */
    void checkVersion(const OpenMM::SerializationNode& node) const;
};

} // namespace CGBridge

#endif /*CGBRIDGE_CENTERFORCEPROXY_H_*/
