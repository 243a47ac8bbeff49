#include "CpuStillingerWeberTables.h"
#include "CpuTableMaker.h"
#include "StillingerWeberForce.h"

namespace CGBridge {

CpuTables<StillingerWeberForce> makeTables(CpuTableMaker<StillingerWeberForce>& make) {
    using P = StillingerWeberParameters;
    CpuTables<StillingerWeberForce> t;
    t.numTypes = make.getTriplets().getNumTypes();
    t.repulsion = make.ofPairs([] (const P& p) { return p.A*p.epsilon*p.B; });
    t.attraction = make.ofPairs([] (const P& p) { return p.A*p.epsilon; });
    t.p = make.ofPairs([] (const P& p) { return p.p; });
    t.q = make.ofPairs([] (const P& p) { return p.q; });
    t.sigma = make.ofPairs([] (const P& p) { return p.sigma; });
    t.gammaSigma = make.ofPairs([] (const P& p) { return p.gamma*p.sigma; });
    t.cut = make.ofPairs([] (const P& p) { return p.a*p.sigma; });
    t.range = make.ofPairs([] (const P& p) { return p.getCutoff(); });
    t.lambdaEpsilon = make.ofTriplets([] (const P& p) { return p.lambda*p.epsilon; });
    t.cosTheta0 = make.ofTriplets([] (const P& p) { return p.cosTheta0; });
    return t;
}

} // namespace CGBridge
