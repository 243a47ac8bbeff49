#ifndef CGBRIDGE_TRIPLETFORCEPROXY_H_
#define CGBRIDGE_TRIPLETFORCEPROXY_H_

#include "CenterForceProxy.h"
#include <memory>

namespace CGBridge {

/**
 * This is a proxy for serializing the forces of one form.
 */
template <class ForceType>
class TripletForceProxy : public CenterForceProxyBase {
public:
    TripletForceProxy() : CenterForceProxyBase(ForceType::TYPE_NAME) {
    }
    void serialize(const void* object, OpenMM::SerializationNode& node) const override {
        const auto& force = *reinterpret_cast<const ForceType*>(object);
        write(force, node);
        OpenMM::SerializationNode& triplets = node.createChildNode("Triplets");
        const int numTypes = force.getNumTypes();
        for (int replica = 0; replica < force.getNumReplicas(); replica++)
            for (int i = 0; i < numTypes; i++)
                for (int j = 0; j < numTypes; j++)
                    for (int k = 0; k < numTypes; k++)
                        if (force.hasTripletParameters(i, j, k, replica)) {
                            OpenMM::SerializationNode& triplet = triplets.createChildNode("Triplet");
                            triplet.setIntProperty("type1", i).setIntProperty("type2", j).setIntProperty("type3", k);
                            if (force.getNumReplicas() > 1)
                                triplet.setIntProperty("replica", replica);
                            for (const auto& field : ForceType::Parameters::getFields())
                                triplet.setDoubleProperty(field.name, force.getTriplet(i, j, k, replica).*field.value);
                        }
    }
    void* deserialize(const OpenMM::SerializationNode& node) const override {
        checkVersion(node);
        auto force = std::make_unique<ForceType>(node.getIntProperty("numTypes"), node.getIntProperty("numReplicas", 1));
        read(*force, node);
        for (const OpenMM::SerializationNode& triplet : node.getChildNode("Triplets").getChildren()) {
            typename ForceType::Parameters parameters;
            for (const auto& field : ForceType::Parameters::getFields())
                parameters.*field.value = triplet.getDoubleProperty(field.name);
            force->setTriplet(triplet.getIntProperty("type1"), triplet.getIntProperty("type2"), triplet.getIntProperty("type3"),
                              parameters, triplet.getIntProperty("replica", 0));
        }
        return force.release();
    }
};

} // namespace CGBridge

#endif /*CGBRIDGE_TRIPLETFORCEPROXY_H_*/
