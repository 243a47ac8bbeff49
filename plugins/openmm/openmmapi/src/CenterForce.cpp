#include "CenterForce.h"
#include "internal/CenterForceImpl.h"
#include "openmm/OpenMMException.h"
#include <algorithm>
#include <cmath>
#include <sstream>

using namespace CGBridge;
using namespace OpenMM;
using namespace std;

double WeightParameter::getFactor(double value) const {
    return max(-1.0, min(1.0, 2*(value-low)/(high-low)-1));
}

CenterForce::CenterForce(int numTypes, int numReplicas, const string& typeName) :
        typeName(typeName), numTypes(numTypes), numReplicas(numReplicas), periodic(true) {
    setName(typeName);
    if (numTypes < 1)
        throw OpenMMException(typeName+": the number of types must be at least 1, not "+to_string(numTypes));
    if (numReplicas < 1)
        throw OpenMMException(typeName+": the number of replicas must be at least 1, not "+to_string(numReplicas));
}

int CenterForce::addParticle(int type, double weight, int replica) {
    checkType(type);
    checkReplica(replica);
    particles.push_back({type, weight, replica});
    return (int) particles.size()-1;
}

void CenterForce::getParticleParameters(int index, int& type, double& weight) const {
    checkParticle(index);
    type = particles[index].type;
    weight = particles[index].weight;
}

void CenterForce::setParticleParameters(int index, int type, double weight) {
    checkParticle(index);
    checkType(type);
    particles[index].type = type;
    particles[index].weight = weight;
}

int CenterForce::getParticleReplica(int index) const {
    checkParticle(index);
    return particles[index].replica;
}

void CenterForce::setParticleReplica(int index, int replica) {
    checkParticle(index);
    checkReplica(replica);
    particles[index].replica = replica;
}

void CenterForce::setWeightParameter(const string& name, double low, double high, double defaultValue) {
    if (!(low < high) || !isfinite(high-low) || !isfinite(defaultValue))
        throw OpenMMException(getName()+".setWeightParameter: low must be below high, and all values finite");
    weightParameter = {name, low, high, defaultValue};
}

int CenterForce::addExclusion(int particle1, int particle2) {
    stringstream message;
    message << getName() << ": the pair (" << particle1 << ", " << particle2 << ") cannot be excluded, because"
            << " leaving out one pair would change the energies of all bonds and angles around it."
            << " Give particles that must not feel this force the type -1.";
    throw OpenMMException(message.str());
}

void CenterForce::setUsesPeriodicBoundaryConditions(bool periodic) {
    this->periodic = periodic;
}

bool CenterForce::usesPeriodicBoundaryConditions() const {
    return periodic;
}

vector<double> CenterForce::getParticleEnergies(Context& context) const {
    return dynamic_cast<CenterForceImpl&>(getImplInContext(context)).getParticleEnergies(getContextImpl(context));
}

vector<double> CenterForce::getVirial(Context& context) const {
    return dynamic_cast<CenterForceImpl&>(getImplInContext(context)).getVirial(getContextImpl(context));
}

vector<double> CenterForce::getReplicaEnergies(Context& context) const {
    auto& impl = dynamic_cast<CenterForceImpl&>(getImplInContext(context));
    vector<double> energies = impl.getReplicaEnergies(getContextImpl(context));
    if (!energies.empty())
        return energies;
    vector<double> particleEnergies = getParticleEnergies(context), sums(numReplicas, 0.0);
    for (size_t i = 0; i < particles.size(); i++)
        sums[particles[i].replica] += impl.getWeightFactor()*particles[i].weight*particleEnergies[i];
    return sums;
}

void CenterForce::setReplicaScales(Context& context, const vector<double>& scales) {
    if (numReplicas == 1)
        throw OpenMMException(getName()+".setReplicaScales: a force with one replica has the box of the Context. Set the box vectors");
    if (scales.size() != (size_t) 3*numReplicas)
        throw OpenMMException(getName()+".setReplicaScales: "+to_string(scales.size())+" numbers for "+to_string(numReplicas)+
                              " replicas. Each needs three");
    vector<Vec3> vectors(numReplicas);
    for (size_t i = 0; i < scales.size(); i++) {
        if (!(scales[i] > 0) || !isfinite(scales[i]))
            throw OpenMMException(getName()+".setReplicaScales: the factors of replica "+to_string(i/3)+" must be positive");
        vectors[i/3][i%3] = scales[i];
    }
    dynamic_cast<CenterForceImpl&>(getImplInContext(context)).setReplicaScales(getContextImpl(context), vectors);
}

vector<double> CenterForce::getReplicaScales(Context& context) const {
    vector<double> scales;
    for (const Vec3& scale : dynamic_cast<CenterForceImpl&>(getImplInContext(context)).getReplicaScales())
        scales.insert(scales.end(), {scale[0], scale[1], scale[2]});
    return scales;
}

void CenterForce::updateParametersInContext(Context& context) {
    dynamic_cast<CenterForceImpl&>(getImplInContext(context)).updateParametersInContext(getContextImpl(context));
}

ForceImpl* CenterForce::createImpl() const {
    return new CenterForceImpl(*this);
}

void CenterForce::checkType(int type) const {
    if (type < -1 || type >= numTypes) {
        stringstream message;
        message << getName() << ": particle type " << type << " is outside the range 0 to " << numTypes-1
                << " (-1 leaves a particle out)";
        throw OpenMMException(message.str());
    }
}

void CenterForce::copyReplica(CenterForce& target, int replica) const {
    checkReplica(replica);
    target.setName(getName());
    target.setForceGroup(getForceGroup());
    target.periodic = periodic;
    target.weightParameter = weightParameter;
    for (const ParticleInfo& particle : particles)
        target.particles.push_back({particle.replica == replica ? particle.type : -1, particle.weight, 0});
}

void CenterForce::checkReplica(int replica) const {
    if (replica < 0 || replica >= numReplicas)
        throw OpenMMException(getName()+": replica "+to_string(replica)+" is outside the range 0 to "+to_string(numReplicas-1));
}

void CenterForce::checkParticle(int index) const {
    if (index < 0 || index >= (int) particles.size()) {
        stringstream message;
        message << getName() << ": particle index " << index << " is out of range, the force has "
                << particles.size() << " particles";
        throw OpenMMException(message.str());
    }
}
