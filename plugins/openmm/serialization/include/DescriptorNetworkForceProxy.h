#ifndef CGBRIDGE_DESCRIPTORNETWORKFORCEPROXY_H_
#define CGBRIDGE_DESCRIPTORNETWORKFORCEPROXY_H_

#include "CenterForceProxy.h"

namespace CGBridge {

/**
 * This is a proxy for serializing DescriptorNetworkForces.
 */
class DescriptorNetworkForceProxy : public CenterForceProxyBase {
public:
    DescriptorNetworkForceProxy();
    void serialize(const void* object, OpenMM::SerializationNode& node) const override;
    void* deserialize(const OpenMM::SerializationNode& node) const override;
};

} // namespace CGBridge

#endif /*CGBRIDGE_DESCRIPTORNETWORKFORCEPROXY_H_*/
