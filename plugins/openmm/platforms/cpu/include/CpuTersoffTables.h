#ifndef CGBRIDGE_CPUTERSOFFTABLES_H_
#define CGBRIDGE_CPUTERSOFFTABLES_H_

#include "CpuTables.h"

namespace CGBridge {

class TersoffForce;

/**
 * lambda1Low and lambda2Low are what single precision leaves of lambda1 and lambda2.  The cutoff
 * functions go from R-D to R+D; end is R+D and the width is 2D.
 */
template <>
struct CpuTables<TersoffForce> {
    int numTypes;
    /** True if gamma, c, d, cosTheta0, lambda3 and m depend on the centre alone and R and D only on (i, k). */
    bool centerOnly;
    bool hasLambda3;
    /** A type that at least one particle has, if there are any. */
    int someType;
    const float *A, *lambda1, *lambda1Low, *B, *lambda2, *lambda2Low, *n, *minusHalfOverN, *beta, *bondEnd, *bondInverseWidth;
    const float *gamma, *c2, *d2, *cosTheta0, *lambda3, *cubic, *end, *inverseWidth;
};

CpuTables<TersoffForce> makeTables(CpuTableMaker<TersoffForce>& make);

} // namespace CGBridge

#endif /*CGBRIDGE_CPUTERSOFFTABLES_H_*/
