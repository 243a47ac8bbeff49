#include "CenterForceProxy.h"
#include "openmm/OpenMMException.h"

using namespace CGBridge;
using namespace OpenMM;
using namespace std;

void CenterForceProxyBase::write(const CenterForce& force, SerializationNode& node) const {
    // A reader of version 1 would take all particles for one replica, one of version 2 the weights for constant.
    const bool hasReplicas = (force.getNumReplicas() > 1);
    const WeightParameter& parameter = force.getWeightParameter();
    node.setIntProperty("version", !parameter.name.empty() ? 3 : hasReplicas ? 2 : 1);
    node.setIntProperty("forceGroup", force.getForceGroup());
    node.setStringProperty("name", force.getName());
    node.setIntProperty("numTypes", force.getNumTypes());
    if (hasReplicas)
        node.setIntProperty("numReplicas", force.getNumReplicas());
    node.setBoolProperty("periodic", force.usesPeriodicBoundaryConditions());
    if (!parameter.name.empty())
        node.createChildNode("WeightParameter").setStringProperty("name", parameter.name).setDoubleProperty("low", parameter.low)
                .setDoubleProperty("high", parameter.high).setDoubleProperty("default", parameter.defaultValue);
    SerializationNode& particles = node.createChildNode("Particles");
    for (int i = 0; i < force.getNumParticles(); i++) {
        int type;
        double weight;
        force.getParticleParameters(i, type, weight);
        SerializationNode& particle = particles.createChildNode("Particle");
        particle.setIntProperty("type", type).setDoubleProperty("weight", weight);
        if (hasReplicas)
            particle.setIntProperty("replica", force.getParticleReplica(i));
    }
}

void CenterForceProxyBase::read(CenterForce& force, const SerializationNode& node) const {
    force.setForceGroup(node.getIntProperty("forceGroup"));
    force.setName(node.getStringProperty("name"));
    force.setUsesPeriodicBoundaryConditions(node.getBoolProperty("periodic"));
    for (const SerializationNode& child : node.getChildren())
        if (child.getName() == "WeightParameter")
            force.setWeightParameter(child.getStringProperty("name"), child.getDoubleProperty("low"), child.getDoubleProperty("high"),
                                     child.getDoubleProperty("default"));
    for (const SerializationNode& particle : node.getChildNode("Particles").getChildren())
        force.addParticle(particle.getIntProperty("type"), particle.getDoubleProperty("weight"), particle.getIntProperty("replica", 0));
}

void CenterForceProxyBase::checkVersion(const SerializationNode& node) const {
    int version = node.getIntProperty("version");
    if (version < 1 || version > 3)
        throw OpenMMException(getTypeName()+": the XML has format version "+to_string(version)+", this program reads versions 1 to 3");
}
