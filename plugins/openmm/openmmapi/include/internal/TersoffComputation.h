#ifndef CGBRIDGE_TERSOFFCOMPUTATION_H_
#define CGBRIDGE_TERSOFFCOMPUTATION_H_

#include "TersoffForce.h"
#include "TripletComputation.h"
#include <memory>
#include <vector>

namespace CGBridge {

/**
 * Computes a TersoffForce on the host in double precision.
 */
class CGBRIDGE_EXPORT TersoffComputation : public CenterComputation {
public:
    /**
     * Throws an OpenMMException if a triplet of types that occur among the particles has no
     * parameters or impossible ones.
     */
    explicit TersoffComputation(const TersoffForce& force);
    static std::unique_ptr<TripletComputation> create(const TripletForce& force);
protected:
    double computeCenter(int type, std::vector<TripletNeighbor>& neighbors) const override;
private:
    const TersoffParameters& getTriplet(int type1, int type2, int type3) const {
        return triplets[(type1*numTypes+type2)*numTypes+type3];
    }
    int numTypes;
    std::vector<TersoffParameters> triplets;
};

} // namespace CGBridge

#endif /*CGBRIDGE_TERSOFFCOMPUTATION_H_*/
