#ifndef CGBRIDGE_STILLINGERWEBERCOMPUTATION_H_
#define CGBRIDGE_STILLINGERWEBERCOMPUTATION_H_

#include "StillingerWeberForce.h"
#include "TripletComputation.h"
#include <vector>

namespace CGBridge {

/**
 * Computes a StillingerWeberForce on the host in double precision.
 */
class CGBRIDGE_EXPORT StillingerWeberComputation : public TripletComputation<StillingerWeberForce> {
public:
    using TripletComputation::TripletComputation;
protected:
    double computeCenter(int type, std::vector<CenterNeighbor>& neighbors) const override;
};

} // namespace CGBridge

#endif /*CGBRIDGE_STILLINGERWEBERCOMPUTATION_H_*/
