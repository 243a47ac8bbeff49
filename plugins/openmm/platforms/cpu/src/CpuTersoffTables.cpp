#include "CpuTersoffTables.h"
#include "CpuTableMaker.h"
#include "TersoffForce.h"
#include <algorithm>

using namespace std;

namespace CGBridge {

/**
 * Find out whether what a triplet says of its angle depends on the centre alone, and its cutoff function only on
 * the centre and the third particle.
 */
static bool isCenterOnly(const EffectiveTriplets<TersoffForce>& triplets) {
    const set<int>& types = triplets.getUsedTypes();
    for (int i : types) {
        const TersoffParameters& first = triplets.get(i, *types.begin(), *types.begin());
        for (int j : types)
            for (int k : types) {
                const TersoffParameters &p = triplets.get(i, j, k), &bond = triplets.get(i, k, k);
                if (p.gamma != first.gamma || p.c != first.c || p.d != first.d || p.cosTheta0 != first.cosTheta0 ||
                        p.lambda3 != first.lambda3 || p.m != first.m || p.R != bond.R || p.D != bond.D)
                    return false;
            }
    }
    return true;
}

static bool hasLambda3(const EffectiveTriplets<TersoffForce>& triplets) {
    for (int i : triplets.getUsedTypes())
        for (int j : triplets.getUsedTypes())
            for (int k : triplets.getUsedTypes())
                if (triplets.get(i, j, k).lambda3 != 0)
                    return true;
    return false;
}

/**
 * 1/(2D) of the cutoff function.  A cutoff without width becomes one of negligible width.
 */
static double inverseWidth(const TersoffParameters& p) {
    return 0.5/max(p.D, 1e-9);
}

CpuTables<TersoffForce> makeTables(CpuTableMaker<TersoffForce>& make) {
    using P = TersoffParameters;
    CpuTables<TersoffForce> t;
    t.numTypes = make.getTriplets().getNumTypes();
    t.centerOnly = isCenterOnly(make.getTriplets());
    t.hasLambda3 = hasLambda3(make.getTriplets());
    const set<int>& types = make.getTriplets().getUsedTypes();
    t.someType = (types.empty() ? 0 : *types.begin());
    t.A = make.ofPairs([] (const P& p) { return p.A; });
    t.lambda1 = make.ofPairs([] (const P& p) { return p.lambda1; });
    t.lambda1Low = make.ofPairs([] (const P& p) { return p.lambda1-(float) p.lambda1; });
    t.B = make.ofPairs([] (const P& p) { return p.B; });
    t.lambda2 = make.ofPairs([] (const P& p) { return p.lambda2; });
    t.lambda2Low = make.ofPairs([] (const P& p) { return p.lambda2-(float) p.lambda2; });
    t.n = make.ofPairs([] (const P& p) { return p.n; });
    t.minusHalfOverN = make.ofPairs([] (const P& p) { return -0.5/p.n; });
    t.beta = make.ofPairs([] (const P& p) { return p.beta; });
    t.bondEnd = make.ofPairs([] (const P& p) { return p.R+p.D; });
    t.bondInverseWidth = make.ofPairs(inverseWidth);
    t.gamma = make.ofTriplets([] (const P& p) { return p.gamma; });
    t.c2 = make.ofTriplets([] (const P& p) { return p.c*p.c; });
    t.d2 = make.ofTriplets([] (const P& p) { return p.d*p.d; });
    t.cosTheta0 = make.ofTriplets([] (const P& p) { return p.cosTheta0; });
    t.lambda3 = make.ofTriplets([] (const P& p) { return p.lambda3; });
    t.cubic = make.ofTriplets([] (const P& p) { return p.m == 3; });
    t.end = make.ofTriplets([] (const P& p) { return p.R+p.D; });
    t.inverseWidth = make.ofTriplets(inverseWidth);
    return t;
}

} // namespace CGBridge
