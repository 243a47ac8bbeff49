#include "internal/TersoffComputation.h"
#include <cmath>

using namespace CGBridge;
using namespace OpenMM;
using namespace std;

namespace {

/**
 * A value and its derivative by the one variable it depends on.
 */
struct Value {
    double f, df;
};

/**
 * 1/2 - 1/2 sin[pi/2 (r-R)/D], written as the square of a sine that is small near the outer end: a bond
 * order with a small n depends on every digit of a small zeta.
 */
Value cutoffFunction(const TersoffParameters& p, double r) {
    if (r <= p.R-p.D)
        return {1, 0};
    if (r >= p.R+p.D)
        return {0, 0};
    double phase = 0.25*M_PI*(p.R+p.D-r)/p.D;
    double sine = sin(phase);
    return {sine*sine, -0.5*M_PI/p.D*sine*cos(phase)};
}

/**
 * 1 + c^2/d^2 - c^2/(d^2+x^2) is written as one positive fraction, because c/d is several thousand
 * in common parameter sets and the difference would lose half of the digits.
 */
Value angularFunction(const TersoffParameters& p, double cosTheta) {
    double x = cosTheta-p.cosTheta0;
    double denominator = p.d*p.d+x*x;
    return {p.gamma*(1+p.c*p.c*x*x/(p.d*p.d*denominator)), 2*p.gamma*p.c*p.c*x/(denominator*denominator)};
}

/**
 * The exponent is limited as LAMMPS limits it, which matters only for m = 3 and distances that
 * differ by many decay lengths.
 */
Value distanceFunction(const TersoffParameters& p, double difference) {
    double x = p.lambda3*difference;
    double exponent = (p.m == 3 ? x*x*x : x);
    double slope = (p.m == 3 ? 3*p.lambda3*x*x : p.lambda3);
    if (exponent > 69.0776)
        return {1e30, 0};
    if (exponent < -69.0776)
        return {0, 0};
    double f = exp(exponent);
    return {f, slope*f};
}

Value bondOrder(const TersoffParameters& p, double zeta) {
    double x = p.beta*zeta;
    if (x <= 0)
        return {1, 0};
    // The power may overflow for a large n; beyond 1e16 adding 1 makes no difference.
    double power = pow(x, p.n);
    if (power > 1e16) {
        double b = 1/sqrt(x);
        return {b, -0.5*b/zeta};
    }
    double b = pow(1+power, -0.5/p.n);
    return {b, -0.5*b*power/((1+power)*zeta)};
}

} // namespace

double TersoffComputation::computeCenter(int type, vector<CenterNeighbor>& neighbors) const {
    double energy = 0;
    for (CenterNeighbor& j : neighbors) {
        const TersoffParameters& bond = getTriplet(type, j.type, j.type);
        Value cut = cutoffFunction(bond, j.r);
        if (j.r >= bond.R+bond.D)
            continue;
        double zeta = 0;
        for (const CenterNeighbor& k : neighbors) {
            const TersoffParameters& p = getTriplet(type, j.type, k.type);
            if (&k == &j || k.r >= p.R+p.D)
                continue;
            zeta += cutoffFunction(p, k.r).f*angularFunction(p, j.direction.dot(k.direction)).f*
                    distanceFunction(p, j.r-k.r).f;
        }
        Value b = bondOrder(bond, zeta);
        double repulsion = bond.A*exp(-bond.lambda1*j.r);
        double attraction = -bond.B*exp(-bond.lambda2*j.r);
        energy += 0.5*cut.f*(repulsion+b.f*attraction);
        j.gradient += j.direction*(0.5*(cut.df*(repulsion+b.f*attraction) -
                      cut.f*(bond.lambda1*repulsion+b.f*bond.lambda2*attraction)));
        double dEdZeta = 0.5*cut.f*attraction*b.df;
        if (dEdZeta == 0)
            continue;
        for (CenterNeighbor& k : neighbors) {
            const TersoffParameters& p = getTriplet(type, j.type, k.type);
            if (&k == &j || k.r >= p.R+p.D)
                continue;
            double cosTheta = j.direction.dot(k.direction);
            Value cutK = cutoffFunction(p, k.r);
            Value g = angularFunction(p, cosTheta);
            Value e = distanceFunction(p, j.r-k.r);
            double dCos = dEdZeta*cutK.f*g.df*e.f;
            double dDifference = dEdZeta*cutK.f*g.f*e.df;
            double dCut = dEdZeta*cutK.df*g.f*e.f;
            j.gradient += (k.direction-j.direction*cosTheta)*(dCos/j.r) + j.direction*dDifference;
            k.gradient += (j.direction-k.direction*cosTheta)*(dCos/k.r) + k.direction*(dCut-dDifference);
        }
    }
    return energy;
}
