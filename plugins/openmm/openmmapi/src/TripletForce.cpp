#include "TripletForce.h"
#include "openmm/OpenMMException.h"
#include <sstream>

using namespace CGBridge;
using namespace OpenMM;
using namespace std;

TripletForce::TripletForce(int numTypes, int numReplicas, const string& typeName) : CenterForce(numTypes, numReplicas, typeName) {
    tripletIsSet.assign((size_t) numReplicas*numTypes*numTypes*numTypes, 0);
}

bool TripletForce::hasTripletParameters(int type1, int type2, int type3, int replica) const {
    return tripletIsSet[getTripletIndex(type1, type2, type3, replica)];
}

int TripletForce::getTripletIndex(int type1, int type2, int type3, int replica) const {
    for (int type : {type1, type2, type3})
        if (type < 0 || type >= getNumTypes())
            throw OpenMMException(describe(type1, type2, type3, replica)+" has a type outside the range 0 to "+to_string(getNumTypes()-1));
    checkReplica(replica);
    const int numTypes = getNumTypes();
    return ((replica*numTypes+type1)*numTypes+type2)*numTypes+type3;
}

int TripletForce::getExistingTriplet(int type1, int type2, int type3, int replica) const {
    int index = getTripletIndex(type1, type2, type3, replica);
    if (!tripletIsSet[index])
        throw OpenMMException(describe(type1, type2, type3, replica)+" has no parameters. Every ordered triplet of the types in use needs them");
    return index;
}

string TripletForce::describe(int type1, int type2, int type3, int replica) const {
    stringstream text;
    text << getName() << ": the triplet of types (" << type1 << ", " << type2 << ", " << type3 << ")";
    if (getNumReplicas() > 1)
        text << " in replica " << replica;
    return text.str();
}

void TripletForce::copyReplica(TripletForce& target, int replica) const {
    CenterForce::copyReplica(target, replica);
    size_t size = target.tripletIsSet.size();
    target.tripletIsSet.assign(tripletIsSet.begin()+replica*size, tripletIsSet.begin()+(replica+1)*size);
}
