#include "TripletForce.h"
#include "internal/TripletForceImpl.h"
#include "openmm/OpenMMException.h"
#include <sstream>

using namespace CGBridge;
using namespace OpenMM;
using namespace std;

TripletForce::TripletForce(int numTypes, const string& name) : numTypes(numTypes), periodic(true) {
    setName(name);
    if (numTypes < 1)
        throw OpenMMException(name+": the number of types must be at least 1, not "+to_string(numTypes));
    tripletIsSet.assign(numTypes*numTypes*numTypes, 0);
}

int TripletForce::addParticle(int type, double weight) {
    checkType(type);
    particles.push_back({type, weight});
    return (int) particles.size()-1;
}

void TripletForce::getParticleParameters(int index, int& type, double& weight) const {
    checkParticle(index);
    type = particles[index].type;
    weight = particles[index].weight;
}

void TripletForce::setParticleParameters(int index, int type, double weight) {
    checkParticle(index);
    checkType(type);
    particles[index] = {type, weight};
}

int TripletForce::addExclusion(int particle1, int particle2) {
    stringstream message;
    message << getName() << ": the pair (" << particle1 << ", " << particle2 << ") cannot be excluded, because"
            << " leaving out one pair would change the energies of all bonds and angles around it."
            << " Give particles that must not feel this force the type -1.";
    throw OpenMMException(message.str());
}

bool TripletForce::hasTripletParameters(int type1, int type2, int type3) const {
    return tripletIsSet[getTripletIndex(type1, type2, type3)];
}

void TripletForce::setUsesPeriodicBoundaryConditions(bool periodic) {
    this->periodic = periodic;
}

bool TripletForce::usesPeriodicBoundaryConditions() const {
    return periodic;
}

vector<double> TripletForce::getParticleEnergies(Context& context) const {
    return dynamic_cast<TripletForceImpl&>(getImplInContext(context)).getParticleEnergies(getContextImpl(context));
}

vector<double> TripletForce::getVirial(Context& context) const {
    return dynamic_cast<TripletForceImpl&>(getImplInContext(context)).getVirial(getContextImpl(context));
}

void TripletForce::updateParametersInContext(Context& context) {
    dynamic_cast<TripletForceImpl&>(getImplInContext(context)).updateParametersInContext(getContextImpl(context));
}

int TripletForce::getTripletIndex(int type1, int type2, int type3) const {
    for (int type : {type1, type2, type3})
        if (type < 0 || type >= numTypes)
            throw OpenMMException(describe(type1, type2, type3)+" has a type outside the range 0 to "+to_string(numTypes-1));
    return (type1*numTypes+type2)*numTypes+type3;
}

int TripletForce::getExistingTriplet(int type1, int type2, int type3) const {
    int index = getTripletIndex(type1, type2, type3);
    if (!tripletIsSet[index])
        throw OpenMMException(describe(type1, type2, type3)+" has no parameters. Every ordered triplet of the types in use needs them");
    return index;
}

string TripletForce::describe(int type1, int type2, int type3) const {
    stringstream text;
    text << getName() << ": the triplet of types (" << type1 << ", " << type2 << ", " << type3 << ")";
    return text.str();
}

void TripletForce::checkType(int type) const {
    if (type < -1 || type >= numTypes) {
        stringstream message;
        message << getName() << ": particle type " << type << " is outside the range 0 to " << numTypes-1
                << " (-1 leaves a particle out)";
        throw OpenMMException(message.str());
    }
}

void TripletForce::checkParticle(int index) const {
    if (index < 0 || index >= (int) particles.size()) {
        stringstream message;
        message << getName() << ": particle index " << index << " is out of range, the force has "
                << particles.size() << " particles";
        throw OpenMMException(message.str());
    }
}
