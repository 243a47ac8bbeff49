#include "TersoffForce.h"
#include "CGBridgeKernels.h"
#include "internal/TersoffComputation.h"
#include "internal/TripletForceImpl.h"
#include "openmm/OpenMMException.h"
#include <algorithm>
#include <cmath>
#include <memory>

using namespace CGBridge;
using namespace OpenMM;
using namespace std;

TersoffForce::TersoffForce(int numTypes, int numReplicas) :
        TripletForce(numTypes, numReplicas, "TersoffForce"), triplets(tripletIsSet.size()) {
}

void TersoffForce::setTripletParameters(int type1, int type2, int type3, double m, double gamma, double lambda3,
                                        double c, double d, double cosTheta0, double n, double beta, double lambda2,
                                        double B, double R, double D, double lambda1, double A, int replica) {
    int index = getTripletIndex(type1, type2, type3, replica);
    auto require = [&] (bool condition, const string& text) {
        if (!condition)
            throw OpenMMException(describe(type1, type2, type3, replica)+": "+text);
    };
    for (double value : {m, gamma, lambda3, c, d, cosTheta0, n, beta, lambda2, B, R, D, lambda1, A})
        require(isfinite(value), "all parameters must be finite numbers");
    require(m == 1 || m == 3, "m must be 1 or 3, not "+to_string(m));
    require(gamma >= 0 && lambda3 >= 0 && c >= 0, "gamma, lambda3 and c must not be negative");
    require(d > 0, "d must be positive, not "+to_string(d));
    require(n > 0, "n must be positive, not "+to_string(n));
    require(beta >= 0 && lambda2 >= 0 && lambda1 >= 0, "beta, lambda2 and lambda1 must not be negative");
    require(A >= 0 && B >= 0, "A and B must not be negative");
    require(D >= 0 && R >= D, "the cutoff function needs 0 <= D <= R, not R = "+to_string(R)+" nm and D = "+to_string(D)+" nm");
    triplets[index] = {m, gamma, lambda3, c, d, cosTheta0, n, beta, lambda2, B, R, D, lambda1, A};
    tripletIsSet[index] = 1;
}

void TersoffForce::getTripletParameters(int type1, int type2, int type3, double& m, double& gamma, double& lambda3,
                                        double& c, double& d, double& cosTheta0, double& n, double& beta, double& lambda2,
                                        double& B, double& R, double& D, double& lambda1, double& A, int replica) const {
    const TersoffParameters& p = getTriplet(type1, type2, type3, replica);
    m = p.m;
    gamma = p.gamma;
    lambda3 = p.lambda3;
    c = p.c;
    d = p.d;
    cosTheta0 = p.cosTheta0;
    n = p.n;
    beta = p.beta;
    lambda2 = p.lambda2;
    B = p.B;
    R = p.R;
    D = p.D;
    lambda1 = p.lambda1;
    A = p.A;
}

const TersoffParameters& TersoffForce::getTriplet(int type1, int type2, int type3, int replica) const {
    return triplets[getExistingTriplet(type1, type2, type3, replica)];
}

TersoffForce* TersoffForce::extractReplica(int replica) const {
    auto target = make_unique<TersoffForce>(getNumTypes());
    copyReplica(*target, replica, triplets, target->triplets);
    return target.release();
}

double TersoffForce::getCutoffDistance() const {
    double cutoff = 0;
    for (size_t i = 0; i < triplets.size(); i++)
        if (tripletIsSet[i])
            cutoff = max(cutoff, triplets[i].R+triplets[i].D);
    return cutoff;
}

ForceImpl* TersoffForce::createImpl() const {
    return new TripletForceImpl(*this, CalcTersoffForceKernel::Name(), TersoffComputation::create);
}
