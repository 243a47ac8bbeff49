#ifndef CGBRIDGE_TRIPLETCOMPUTATION_H_
#define CGBRIDGE_TRIPLETCOMPUTATION_H_

#include "CenterComputation.h"
#include "EffectiveTriplets.h"

namespace CGBridge {

/**
 * Computes a CenterForce of one form on the host.  A subclass knows the energy of one centre.
 */
template <class ForceType>
class TripletComputation : public CenterComputation {
public:
    /**
     * Throws an OpenMMException if parameters of types that occur among the particles are missing or impossible.
     */
    explicit TripletComputation(const ForceType& force) : CenterComputation(force), triplets(force) {
        cutoff = triplets.getCutoff();
    }
protected:
    const typename ForceType::Parameters& getTriplet(int type1, int type2, int type3) const {
        return triplets.get(type1, type2, type3);
    }
private:
    const EffectiveTriplets<ForceType> triplets;
};

} // namespace CGBridge

#endif /*CGBRIDGE_TRIPLETCOMPUTATION_H_*/
