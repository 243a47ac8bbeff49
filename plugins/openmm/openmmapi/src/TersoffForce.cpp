#include "TersoffForce.h"
#include "internal/TersoffComputation.h"
#include "openmm/OpenMMException.h"
#include <algorithm>
#include <cmath>
#include <memory>

using namespace CGBridge;
using namespace OpenMM;
using namespace std;

const vector<TripletField<TersoffParameters> >& TersoffParameters::getFields() {
    using P = TersoffParameters;
    static const vector<TripletField<P> > fields = {
        {"m", &P::m}, {"gamma", &P::gamma}, {"lambda3", &P::lambda3}, {"c", &P::c}, {"d", &P::d}, {"cosTheta0", &P::cosTheta0},
        {"n", &P::n}, {"beta", &P::beta}, {"lambda2", &P::lambda2}, {"B", &P::B}, {"R", &P::R}, {"D", &P::D},
        {"lambda1", &P::lambda1}, {"A", &P::A}
    };
    return fields;
}

TersoffForce::TersoffForce(int numTypes, int numReplicas) : TripletFormForce(numTypes, numReplicas, TYPE_NAME) {
}

/**
 * Replace what is not used by values that do no harm.
 *
 * @param p        the parameters of a triplet (i, j, k)
 * @param bond     those of (i, j, j)
 * @param isBond   whether j = k
 */
static TersoffParameters keepUsed(TersoffParameters p, const TersoffParameters& bond, bool isBond) {
    const TersoffParameters harmless;
    if (p.R+p.D == 0 || bond.R+bond.D == 0)
        return harmless;
    if (!isBond)
        p.lambda1 = p.A = p.B = 0;
    if (p.B == 0)
        p.lambda2 = p.beta = 0;
    if (p.beta == 0)
        p.n = harmless.n;
    if (bond.B == 0 || bond.beta == 0) {
        p.n = harmless.n;
        p.m = harmless.m;
        p.d = harmless.d;
        p.gamma = p.lambda3 = p.c = p.cosTheta0 = 0;
    }
    if (p.c == 0)
        p.d = harmless.d;
    return p;
}

void TersoffForce::setTripletParameters(int type1, int type2, int type3, double m, double gamma, double lambda3,
                                        double c, double d, double cosTheta0, double n, double beta, double lambda2,
                                        double B, double R, double D, double lambda1, double A, int replica) {
    setTriplet(type1, type2, type3, {m, gamma, lambda3, c, d, cosTheta0, n, beta, lambda2, B, R, D, lambda1, A}, replica);
}

void TersoffForce::checkPair(const TersoffParameters& bond, int type1, int type2, int replica) const {
    checkTriplet(keepUsed(bond, bond, true), type1, type2, type2, replica);
}

void TersoffForce::checkTriplet(const TersoffParameters& used, int type1, int type2, int type3, int replica) const {
    const TersoffParameters& p = used;
    auto require = [&] (bool condition, const string& text) {
        if (!condition)
            throw OpenMMException(describe(type1, type2, type3, replica)+": "+text);
    };
    require(p.m == 1 || p.m == 3, "m must be 1 or 3, not "+to_string(p.m));
    require(p.gamma >= 0 && p.lambda3 >= 0 && p.c >= 0, "gamma, lambda3 and c must not be negative");
    require(p.d > 0, "d must be positive, not "+to_string(p.d));
    require(p.n > 0, "n must be positive, not "+to_string(p.n));
    require(p.beta >= 0 && p.lambda2 >= 0 && p.lambda1 >= 0, "beta, lambda2 and lambda1 must not be negative");
    require(p.A >= 0 && p.B >= 0, "A and B must not be negative");
    require(p.D >= 0 && p.R >= p.D, "the cutoff function needs 0 <= D <= R, not R = "+to_string(p.R)+" nm and D = "+to_string(p.D)+" nm");
}

TersoffParameters TersoffForce::getEffectiveTriplet(int type1, int type2, int type3, int replica) const {
    const TersoffParameters& bond = getTriplet(type1, type2, type2, replica);
    TersoffParameters used = keepUsed(getTriplet(type1, type2, type3, replica), bond, type2 == type3);
    checkTriplet(used, type1, type2, type3, replica);
    return used;
}

void TersoffForce::getTripletParameters(int type1, int type2, int type3, double& m, double& gamma, double& lambda3,
                                        double& c, double& d, double& cosTheta0, double& n, double& beta, double& lambda2,
                                        double& B, double& R, double& D, double& lambda1, double& A, int replica) const {
    copyTriplet(getTriplet(type1, type2, type3, replica),
                {&m, &gamma, &lambda3, &c, &d, &cosTheta0, &n, &beta, &lambda2, &B, &R, &D, &lambda1, &A});
}

TersoffForce* TersoffForce::extractReplica(int replica) const {
    return extract<TersoffForce>(replica);
}

double TersoffForce::getCutoffDistance() const {
    double cutoff = 0;
    for (int replica = 0; replica < getNumReplicas(); replica++)
        for (int i = 0; i < getNumTypes(); i++)
            for (int j = 0; j < getNumTypes(); j++)
                for (int k = 0; k < getNumTypes(); k++)
                    if (hasTripletParameters(i, j, k, replica) && hasTripletParameters(i, j, j, replica))
                        cutoff = max(cutoff, keepUsed(getTriplet(i, j, k, replica), getTriplet(i, j, j, replica), j == k).getCutoff());
    return cutoff;
}

unique_ptr<HostComputation> TersoffForce::createComputation() const {
    return make_unique<TersoffComputation>(*this);
}
