#include "CenterForceProxy.h"
#include "openmm/OpenMMException.h"

using namespace CGBridge;
using namespace OpenMM;
using namespace std;

void CenterForceProxyBase::write(const CenterForce& force, SerializationNode& node) const {
    // A reader of version 1 would take all particles for one replica.
    const bool hasReplicas = (force.getNumReplicas() > 1);
    node.setIntProperty("version", hasReplicas ? 2 : 1);
    node.setIntProperty("forceGroup", force.getForceGroup());
    node.setStringProperty("name", force.getName());
    node.setIntProperty("numTypes", force.getNumTypes());
    if (hasReplicas)
        node.setIntProperty("numReplicas", force.getNumReplicas());
    node.setBoolProperty("periodic", force.usesPeriodicBoundaryConditions());
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
    for (const SerializationNode& particle : node.getChildNode("Particles").getChildren())
        force.addParticle(particle.getIntProperty("type"), particle.getDoubleProperty("weight"), particle.getIntProperty("replica", 0));
}

void CenterForceProxyBase::checkVersion(const SerializationNode& node) const {
    int version = node.getIntProperty("version");
    if (version != 1 && version != 2)
        throw OpenMMException(getTypeName()+": the XML has format version "+to_string(version)+", this program reads versions 1 and 2");
}
