#ifndef CGBRIDGE_STILLINGERWEBERCOMPUTATION_H_
#define CGBRIDGE_STILLINGERWEBERCOMPUTATION_H_

#include "StillingerWeberForce.h"
#include "TripletComputation.h"
#include <memory>
#include <vector>

namespace CGBridge {

/**
 * Computes a StillingerWeberForce on the host in double precision.
 */
class CGBRIDGE_EXPORT StillingerWeberComputation : public CenterComputation {
public:
    /**
     * Throws an OpenMMException if a triplet of types that occur among the particles has no
     * parameters or impossible ones, or if the angular terms of (i, j, k) and (i, k, j) differ.
     */
    explicit StillingerWeberComputation(const StillingerWeberForce& force);
    static std::unique_ptr<TripletComputation> create(const TripletForce& force);
protected:
    double computeCenter(int type, std::vector<TripletNeighbor>& neighbors) const override;
private:
    const StillingerWeberParameters& getTriplet(int type1, int type2, int type3) const {
        return triplets[(type1*numTypes+type2)*numTypes+type3];
    }
    int numTypes;
    std::vector<StillingerWeberParameters> triplets;
};

} // namespace CGBridge

#endif /*CGBRIDGE_STILLINGERWEBERCOMPUTATION_H_*/
