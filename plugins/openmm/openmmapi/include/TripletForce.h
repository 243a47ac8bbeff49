#ifndef CGBRIDGE_TRIPLETFORCE_H_
#define CGBRIDGE_TRIPLETFORCE_H_

#include "CenterForce.h"
#include <string>
#include <vector>

namespace CGBridge {

/**
 * The part that TersoffForce and StillingerWeberForce share: particle energies that depend on the
 * distances and angles between a particle and its neighbours, with parameters for ordered triplets of
 * particle types (centre, first neighbour, second neighbour), the way a LAMMPS potential file lists them.
 */
class CGBRIDGE_EXPORT TripletForce : public CenterForce {
public:
    /**
     * Get whether parameters were set for an ordered triplet of types, in a replica.
     */
    bool hasTripletParameters(int type1, int type2, int type3, int replica = 0) const;
protected:
    TripletForce(int numTypes, int numReplicas, const std::string& typeName);
    /**
     * Turn a triplet of types in a replica into an index of a flat table; throws for types or
     * replicas out of range.
     */
    int getTripletIndex(int type1, int type2, int type3, int replica) const;
    /**
     * As getTripletIndex(), but throws an exception that names the types if they have no parameters.
     */
    int getExistingTriplet(int type1, int type2, int type3, int replica) const;
    /**
     * Name a triplet of types in an error message.
     */
    std::string describe(int type1, int type2, int type3, int replica) const;
    /**
     * Copy all of a replica but its parameters to a new force with one replica.
     */
    void copyReplica(TripletForce& target, int replica) const;
    std::vector<char> tripletIsSet;
};

} // namespace CGBridge

#endif /*CGBRIDGE_TRIPLETFORCE_H_*/
