#include "StillingerWeberForce.h"
#include "CGBridgeKernels.h"
#include "internal/StillingerWeberComputation.h"
#include "internal/TripletForceImpl.h"
#include "openmm/OpenMMException.h"
#include <algorithm>
#include <cmath>
#include <memory>

using namespace CGBridge;
using namespace OpenMM;
using namespace std;

double StillingerWeberParameters::getCutoff() const {
    if (tol <= 0)
        return a*sigma;
    return a*sigma + min(gamma, 1.0)*sigma/log(min(tol, 0.01));
}

StillingerWeberForce::StillingerWeberForce(int numTypes, int numReplicas) :
        TripletForce(numTypes, numReplicas, "StillingerWeberForce"), triplets(tripletIsSet.size()) {
}

void StillingerWeberForce::setTripletParameters(int type1, int type2, int type3, double epsilon, double sigma, double a,
                                                double lambda, double gamma, double cosTheta0, double A, double B,
                                                double p, double q, double tol, int replica) {
    int index = getTripletIndex(type1, type2, type3, replica);
    auto require = [&] (bool condition, const string& text) {
        if (!condition)
            throw OpenMMException(describe(type1, type2, type3, replica)+": "+text);
    };
    for (double value : {epsilon, sigma, a, lambda, gamma, cosTheta0, A, B, p, q, tol})
        require(isfinite(value), "all parameters must be finite numbers");
    require(sigma > 0 && a > 0, "sigma and a must be positive, not "+to_string(sigma)+" nm and "+to_string(a));
    require(epsilon >= 0 && lambda >= 0 && gamma >= 0, "epsilon, lambda and gamma must not be negative");
    require(A >= 0 && B >= 0 && p >= 0 && q >= 0, "A, B, p and q must not be negative");
    require(tol >= 0, "tol must not be negative, but is "+to_string(tol));
    StillingerWeberParameters triplet {epsilon, sigma, a, lambda, gamma, cosTheta0, A, B, p, q, tol};
    require(triplet.getCutoff() > 0, "tol = "+to_string(tol)+" leaves no distance at which particles interact");
    triplets[index] = triplet;
    tripletIsSet[index] = 1;
}

void StillingerWeberForce::getTripletParameters(int type1, int type2, int type3, double& epsilon, double& sigma,
                                                double& a, double& lambda, double& gamma, double& cosTheta0, double& A,
                                                double& B, double& p, double& q, double& tol, int replica) const {
    const StillingerWeberParameters& t = getTriplet(type1, type2, type3, replica);
    epsilon = t.epsilon;
    sigma = t.sigma;
    a = t.a;
    lambda = t.lambda;
    gamma = t.gamma;
    cosTheta0 = t.cosTheta0;
    A = t.A;
    B = t.B;
    p = t.p;
    q = t.q;
    tol = t.tol;
}

const StillingerWeberParameters& StillingerWeberForce::getTriplet(int type1, int type2, int type3, int replica) const {
    return triplets[getExistingTriplet(type1, type2, type3, replica)];
}

StillingerWeberForce* StillingerWeberForce::extractReplica(int replica) const {
    auto target = make_unique<StillingerWeberForce>(getNumTypes());
    copyReplica(*target, replica, triplets, target->triplets);
    return target.release();
}

double StillingerWeberForce::getCutoffDistance() const {
    double cutoff = 0;
    for (size_t i = 0; i < triplets.size(); i++)
        if (tripletIsSet[i])
            cutoff = max(cutoff, triplets[i].getCutoff());
    return cutoff;
}

ForceImpl* StillingerWeberForce::createImpl() const {
    return new TripletForceImpl(*this, CalcStillingerWeberForceKernel::Name(), StillingerWeberComputation::create);
}
