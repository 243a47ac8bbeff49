#ifndef CGBRIDGE_TRIPLETFORCEPROXIES_H_
#define CGBRIDGE_TRIPLETFORCEPROXIES_H_

#include "internal/windowsExportCGBridge.h"
#include "openmm/serialization/SerializationProxy.h"

namespace CGBridge {

/**
 * This is a proxy for serializing TersoffForce objects.
 */
class CGBRIDGE_EXPORT TersoffForceProxy : public OpenMM::SerializationProxy {
public:
    TersoffForceProxy();
    void serialize(const void* object, OpenMM::SerializationNode& node) const override;
    void* deserialize(const OpenMM::SerializationNode& node) const override;
};

/**
 * This is a proxy for serializing StillingerWeberForce objects.
 */
class CGBRIDGE_EXPORT StillingerWeberForceProxy : public OpenMM::SerializationProxy {
public:
    StillingerWeberForceProxy();
    void serialize(const void* object, OpenMM::SerializationNode& node) const override;
    void* deserialize(const OpenMM::SerializationNode& node) const override;
};

} // namespace CGBridge

#endif /*CGBRIDGE_TRIPLETFORCEPROXIES_H_*/
