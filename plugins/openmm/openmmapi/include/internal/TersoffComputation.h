#ifndef CGBRIDGE_TERSOFFCOMPUTATION_H_
#define CGBRIDGE_TERSOFFCOMPUTATION_H_

#include "TersoffForce.h"
#include "TripletComputation.h"
#include <vector>

namespace CGBridge {

/**
 * Computes a TersoffForce on the host in double precision.
 */
class CGBRIDGE_EXPORT TersoffComputation : public TripletComputation<TersoffForce> {
public:
    using TripletComputation::TripletComputation;
protected:
    double computeCenter(int type, std::vector<CenterNeighbor>& neighbors) const override;
};

} // namespace CGBridge

#endif /*CGBRIDGE_TERSOFFCOMPUTATION_H_*/
