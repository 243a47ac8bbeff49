#include "StillingerWeberForce.h"
#include "internal/StillingerWeberComputation.h"
#include "openmm/OpenMMException.h"
#include <algorithm>
#include <cmath>
#include <memory>
#include <sstream>

using namespace CGBridge;
using namespace OpenMM;
using namespace std;

const vector<TripletField<StillingerWeberParameters> >& StillingerWeberParameters::getFields() {
    using P = StillingerWeberParameters;
    static const vector<TripletField<P> > fields = {
        {"epsilon", &P::epsilon}, {"sigma", &P::sigma}, {"a", &P::a}, {"lambda", &P::lambda}, {"gamma", &P::gamma},
        {"cosTheta0", &P::cosTheta0}, {"A", &P::A}, {"B", &P::B}, {"p", &P::p}, {"q", &P::q}, {"tol", &P::tol}
    };
    return fields;
}

double StillingerWeberParameters::getCutoff() const {
    if (tol <= 0)
        return a*sigma;
    return a*sigma + min(gamma, 1.0)*sigma/log(min(tol, 0.01));
}

/**
 * The relative difference that the rounding of the numbers in a potential file may leave between the
 * triplets (i, j, k) and (i, k, j): five digits are the fewest that such files give, and two of them
 * are multiplied in each of the two.
 */
static const double ROUNDING = 1e-4;

static bool agree(double x, double y, double scale) {
    return abs(x-y) <= ROUNDING*scale;
}

/**
 * Replace what is not used of a triplet (i, j, j) by values that do no harm.
 */
static StillingerWeberParameters keepUsed(StillingerWeberParameters pair) {
    if (pair.a*pair.sigma == 0) {
        // Logarithms of sigma/r are taken before the cutoff is looked at.
        pair = StillingerWeberParameters();
        pair.sigma = 1;
        return pair;
    }
    if (pair.A*pair.epsilon == 0)
        pair.A = pair.B = pair.p = pair.q = 0;
    if (pair.lambda*pair.epsilon == 0)
        pair.cosTheta0 = 0;
    return pair;
}

StillingerWeberForce::StillingerWeberForce(int numTypes, int numReplicas) : TripletFormForce(numTypes, numReplicas, TYPE_NAME) {
}

void StillingerWeberForce::setTripletParameters(int type1, int type2, int type3, double epsilon, double sigma, double a,
                                                double lambda, double gamma, double cosTheta0, double A, double B,
                                                double p, double q, double tol, int replica) {
    setTriplet(type1, type2, type3, {epsilon, sigma, a, lambda, gamma, cosTheta0, A, B, p, q, tol}, replica);
}

void StillingerWeberForce::checkPair(const StillingerWeberParameters& pair, int type1, int type2, int replica) const {
    const StillingerWeberParameters p = keepUsed(pair);
    auto require = [&] (bool condition, const string& text) {
        if (!condition)
            throw OpenMMException(describe(type1, type2, type2, replica)+": "+text);
    };
    require(p.sigma >= 0 && p.a >= 0, "sigma and a must not be negative, but are "+to_string(p.sigma)+" nm and "+to_string(p.a));
    require(p.epsilon >= 0 && p.lambda >= 0 && p.gamma >= 0, "epsilon, lambda and gamma must not be negative");
    require(p.A >= 0 && p.B >= 0 && p.p >= 0 && p.q >= 0, "A, B, p and q must not be negative");
    require(p.tol >= 0, "tol must not be negative, but is "+to_string(p.tol));
    require(p.a == 0 || p.getCutoff() > 0, "tol = "+to_string(p.tol)+" leaves no distance at which particles interact");
}

StillingerWeberParameters StillingerWeberForce::getEffectiveTriplet(int type1, int type2, int type3, int replica) const {
    const StillingerWeberParameters &own = getTriplet(type1, type2, type3, replica), &swapped = getTriplet(type1, type3, type2, replica);
    if (type2 == type3) {
        checkPair(own, type1, type2, replica);
        return keepUsed(own);
    }
    const StillingerWeberParameters &first = getTriplet(type1, type2, type2, replica), &second = getTriplet(type1, type3, type3, replica);
    StillingerWeberParameters angle;
    if (first.a*first.sigma == 0 || second.a*second.sigma == 0)
        return angle;
    const double strength = own.lambda*own.epsilon, other = swapped.lambda*swapped.epsilon;
    if (!(strength >= 0))
        throw OpenMMException(describe(type1, type2, type3, replica)+": epsilon and lambda must not be negative");
    if (!agree(strength, other, max(strength, other)) || (strength > 0 && !agree(own.cosTheta0, swapped.cosTheta0, 1))) {
        stringstream message;
        message << getName() << ": the triplets of types (" << type1 << ", " << type2 << ", " << type3 << ") and ("
                << type1 << ", " << type3 << ", " << type2 << ") differ in lambda*epsilon or cosTheta0, so the energy"
                << " would depend on the order of the particles";
        throw OpenMMException(message.str());
    }
    angle.epsilon = 1;
    angle.lambda = 0.5*(strength+other);
    angle.cosTheta0 = (strength > 0 ? 0.5*(own.cosTheta0+swapped.cosTheta0) : 0);
    return angle;
}

void StillingerWeberForce::getTripletParameters(int type1, int type2, int type3, double& epsilon, double& sigma,
                                                double& a, double& lambda, double& gamma, double& cosTheta0, double& A,
                                                double& B, double& p, double& q, double& tol, int replica) const {
    copyTriplet(getTriplet(type1, type2, type3, replica), {&epsilon, &sigma, &a, &lambda, &gamma, &cosTheta0, &A, &B, &p, &q, &tol});
}

StillingerWeberForce* StillingerWeberForce::extractReplica(int replica) const {
    return extract<StillingerWeberForce>(replica);
}

double StillingerWeberForce::getCutoffDistance() const {
    double cutoff = 0;
    for (int replica = 0; replica < getNumReplicas(); replica++)
        for (int i = 0; i < getNumTypes(); i++)
            for (int j = 0; j < getNumTypes(); j++)
                if (hasTripletParameters(i, j, j, replica))
                    cutoff = max(cutoff, keepUsed(getTriplet(i, j, j, replica)).getCutoff());
    return cutoff;
}

unique_ptr<HostComputation> StillingerWeberForce::createComputation() const {
    return make_unique<StillingerWeberComputation>(*this);
}
