#include "TripletForceProxies.h"
#include "StillingerWeberForce.h"
#include "TersoffForce.h"
#include "openmm/OpenMMException.h"
#include "openmm/serialization/SerializationNode.h"
#include <functional>
#include <memory>

using namespace CGBridge;
using namespace OpenMM;
using namespace std;

namespace {

void writeCommon(const TripletForce& force, SerializationNode& node) {
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

void readCommon(TripletForce& force, const SerializationNode& node) {
    force.setForceGroup(node.getIntProperty("forceGroup"));
    force.setName(node.getStringProperty("name"));
    force.setUsesPeriodicBoundaryConditions(node.getBoolProperty("periodic"));
    for (const SerializationNode& particle : node.getChildNode("Particles").getChildren())
        force.addParticle(particle.getIntProperty("type"), particle.getDoubleProperty("weight"), particle.getIntProperty("replica", 0));
}

/**
 * Call a function for every triplet that has parameters, with a new node that already holds its types.
 */
void writeTriplets(const TripletForce& force, SerializationNode& node,
                   const function<void (int, int, int, int, SerializationNode&)>& write) {
    SerializationNode& triplets = node.createChildNode("Triplets");
    int numTypes = force.getNumTypes();
    for (int replica = 0; replica < force.getNumReplicas(); replica++)
        for (int i = 0; i < numTypes; i++)
            for (int j = 0; j < numTypes; j++)
                for (int k = 0; k < numTypes; k++)
                    if (force.hasTripletParameters(i, j, k, replica)) {
                        SerializationNode& triplet = triplets.createChildNode("Triplet");
                        triplet.setIntProperty("type1", i).setIntProperty("type2", j).setIntProperty("type3", k);
                        if (force.getNumReplicas() > 1)
                            triplet.setIntProperty("replica", replica);
                        write(i, j, k, replica, triplet);
                    }
}

void checkVersion(const SerializationNode& node, const string& name) {
    int version = node.getIntProperty("version");
    if (version != 1 && version != 2)
        throw OpenMMException(name+": the XML has format version "+to_string(version)+", this program reads versions 1 and 2");
}

} // namespace

TersoffForceProxy::TersoffForceProxy() : SerializationProxy("TersoffForce") {
}

void TersoffForceProxy::serialize(const void* object, SerializationNode& node) const {
    const auto& force = *reinterpret_cast<const TersoffForce*>(object);
    writeCommon(force, node);
    writeTriplets(force, node, [&] (int i, int j, int k, int replica, SerializationNode& triplet) {
        const TersoffParameters& p = force.getTriplet(i, j, k, replica);
        triplet.setDoubleProperty("m", p.m).setDoubleProperty("gamma", p.gamma).setDoubleProperty("lambda3", p.lambda3);
        triplet.setDoubleProperty("c", p.c).setDoubleProperty("d", p.d).setDoubleProperty("cosTheta0", p.cosTheta0);
        triplet.setDoubleProperty("n", p.n).setDoubleProperty("beta", p.beta).setDoubleProperty("lambda2", p.lambda2);
        triplet.setDoubleProperty("B", p.B).setDoubleProperty("R", p.R).setDoubleProperty("D", p.D);
        triplet.setDoubleProperty("lambda1", p.lambda1).setDoubleProperty("A", p.A);
    });
}

void* TersoffForceProxy::deserialize(const SerializationNode& node) const {
    checkVersion(node, "TersoffForce");
    auto force = make_unique<TersoffForce>(node.getIntProperty("numTypes"), node.getIntProperty("numReplicas", 1));
    readCommon(*force, node);
    for (const SerializationNode& t : node.getChildNode("Triplets").getChildren())
        force->setTripletParameters(t.getIntProperty("type1"), t.getIntProperty("type2"), t.getIntProperty("type3"),
                t.getDoubleProperty("m"), t.getDoubleProperty("gamma"), t.getDoubleProperty("lambda3"),
                t.getDoubleProperty("c"), t.getDoubleProperty("d"), t.getDoubleProperty("cosTheta0"),
                t.getDoubleProperty("n"), t.getDoubleProperty("beta"), t.getDoubleProperty("lambda2"),
                t.getDoubleProperty("B"), t.getDoubleProperty("R"), t.getDoubleProperty("D"),
                t.getDoubleProperty("lambda1"), t.getDoubleProperty("A"), t.getIntProperty("replica", 0));
    return force.release();
}

StillingerWeberForceProxy::StillingerWeberForceProxy() : SerializationProxy("StillingerWeberForce") {
}

void StillingerWeberForceProxy::serialize(const void* object, SerializationNode& node) const {
    const auto& force = *reinterpret_cast<const StillingerWeberForce*>(object);
    writeCommon(force, node);
    writeTriplets(force, node, [&] (int i, int j, int k, int replica, SerializationNode& triplet) {
        const StillingerWeberParameters& p = force.getTriplet(i, j, k, replica);
        triplet.setDoubleProperty("epsilon", p.epsilon).setDoubleProperty("sigma", p.sigma).setDoubleProperty("a", p.a);
        triplet.setDoubleProperty("lambda", p.lambda).setDoubleProperty("gamma", p.gamma);
        triplet.setDoubleProperty("cosTheta0", p.cosTheta0).setDoubleProperty("A", p.A).setDoubleProperty("B", p.B);
        triplet.setDoubleProperty("p", p.p).setDoubleProperty("q", p.q).setDoubleProperty("tol", p.tol);
    });
}

void* StillingerWeberForceProxy::deserialize(const SerializationNode& node) const {
    checkVersion(node, "StillingerWeberForce");
    auto force = make_unique<StillingerWeberForce>(node.getIntProperty("numTypes"), node.getIntProperty("numReplicas", 1));
    readCommon(*force, node);
    for (const SerializationNode& t : node.getChildNode("Triplets").getChildren())
        force->setTripletParameters(t.getIntProperty("type1"), t.getIntProperty("type2"), t.getIntProperty("type3"),
                t.getDoubleProperty("epsilon"), t.getDoubleProperty("sigma"), t.getDoubleProperty("a"),
                t.getDoubleProperty("lambda"), t.getDoubleProperty("gamma"), t.getDoubleProperty("cosTheta0"),
                t.getDoubleProperty("A"), t.getDoubleProperty("B"), t.getDoubleProperty("p"),
                t.getDoubleProperty("q"), t.getDoubleProperty("tol"), t.getIntProperty("replica", 0));
    return force.release();
}
