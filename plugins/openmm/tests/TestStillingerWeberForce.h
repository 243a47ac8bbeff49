#ifndef CGBRIDGE_TESTSTILLINGERWEBERFORCE_H_
#define CGBRIDGE_TESTSTILLINGERWEBERFORCE_H_

#include "StillingerWeberForce.h"
#include "CenterForceTests.h"

namespace CGBridgeTests {

using CGBridge::StillingerWeberForce;
using CGBridge::StillingerWeberParameters;

class StillingerWeberTests : public CenterForceTests {
public:
    using CenterForceTests::CenterForceTests;
    /**
     * The water model mW (doi:10.1021/jp805227c).
     */
    static StillingerWeberParameters getWater() {
        return {6.189*4.184, 0.23925, 1.80, 23.15, 1.20, -1.0/3, 7.049556277, 0.6022245584, 4, 0, 0};
    }
    static void set(StillingerWeberForce& force, int i, int j, int k, const StillingerWeberParameters& p) {
        force.setTripletParameters(i, j, k, p.epsilon, p.sigma, p.a, p.lambda, p.gamma, p.cosTheta0, p.A, p.B, p.p, p.q, p.tol);
    }
    CenterForce* makeForce(int numTypes) const override {
        auto* force = new StillingerWeberForce(numTypes);
        if (numTypes == 1) {
            set(*force, 0, 0, 0, getWater());
            return force;
        }
        std::mt19937 random(5);
        auto vary = [&] (double value) { return value*(0.9+0.2*(random()/4294967296.0)); };
        for (int i = 0; i < numTypes; i++)
            for (int j = 0; j < numTypes; j++)
                for (int k = 0; k <= j; k++) {
                    StillingerWeberParameters p = {vary(25), vary(0.23), vary(1.8), vary(23), vary(1.1), vary(-0.33), vary(7), vary(0.7),
                            vary(4), vary(0.5), i == 1 ? 0.003 : 0.0};
                    set(*force, i, j, k, p);
                    set(*force, i, k, j, p);
                }
        return force;
    }
    void scaleEnergy(CenterForce& force, double factor) const override {
        auto& stillingerWeber = dynamic_cast<StillingerWeberForce&>(force);
        int n = force.getNumTypes();
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++)
                for (int k = 0; k < n; k++) {
                    StillingerWeberParameters p = stillingerWeber.getTriplet(i, j, k);
                    p.epsilon *= factor;
                    set(stillingerWeber, i, j, k, p);
                }
    }
    void run() {
        testDimer();
        testTrimer();
        testParameters();
        testUnused();
        testRounding();
        runCommon();
    }
private:
    static double pairEnergy(const StillingerWeberParameters& p, double r) {
        double ratio = p.sigma/r;
        return p.A*p.epsilon*(p.B*std::pow(ratio, p.p)-std::pow(ratio, p.q))*std::exp(p.sigma/(r-p.a*p.sigma));
    }
    /**
     * At contact, at the minimum, near the end and beyond it.
     */
    void testDimer() {
        StillingerWeberParameters p = getWater();
        Configuration dimer = makeConfiguration(1, false);
        dimer.types = {0, 0};
        for (double r : {0.2, 0.27, 0.4, 0.43, 0.45}) {
            Vec3 direction = Vec3(1, 2, -2)/3;
            dimer.positions = {Vec3(0.2, 0.3, 1.0), Vec3(0.2, 0.3, 1.0)+direction*r};
            Sample sample(test, makeForce(1), dimer);
            double energy = 0, force = 0, inside = p.a*p.sigma-r;
            if (inside > 0) {
                double decay = std::exp(-p.sigma/inside), repulsion = p.A*p.epsilon*p.B*std::pow(p.sigma/r, p.p);
                energy = pairEnergy(p, r);
                force = decay*p.p*repulsion/r+energy*p.sigma/(inside*inside);
            }
            assertClose(energy, sample.getEnergy(), test.tolerance*p.A*p.epsilon);
            assertClose({direction*-force, direction*force}, sample.getForces(), test.tolerance*p.A*p.epsilon/p.sigma*4);
        }
    }
    /**
     * A bent trimer whose ends are out of each other's range.
     */
    void testTrimer() {
        StillingerWeberParameters p = getWater();
        Configuration trimer = makeConfiguration(1, false);
        trimer.types = {0, 0, 0};
        for (double angle : {1.8, 2.0, 2.6}) {
            double r[2] = {0.28, 0.31};
            Vec3 center(1.0, 0.5, 0.5);
            trimer.positions = {center, center+Vec3(r[0], 0, 0), center+Vec3(r[1]*std::cos(angle), r[1]*std::sin(angle), 0)};
            double x = std::cos(angle)-p.cosTheta0, end = p.a*p.sigma;
            double energy = pairEnergy(p, r[0])+pairEnergy(p, r[1])+
                    p.lambda*p.epsilon*x*x*std::exp(p.gamma*p.sigma*(1/(r[0]-end)+1/(r[1]-end)));
            Sample sample(test, makeForce(1), trimer);
            assertClose(energy, sample.getEnergy(), test.tolerance*p.A*p.epsilon);
            vector<double> energies = sample.force.getParticleEnergies(*sample.context);
            assertClose(0.5*pairEnergy(p, r[0]), energies[1], test.hostTolerance*p.epsilon);
            assertClose(energy, energies[0]+energies[1]+energies[2], test.hostTolerance*p.A*p.epsilon);
        }
    }
    void testParameters() {
        StillingerWeberForce force(2);
        StillingerWeberParameters good = getWater();
        auto refuses = [&] (double StillingerWeberParameters::*member, double value, const string& reason) {
            StillingerWeberParameters bad = good;
            bad.*member = value;
            assertRefuses([&] { set(force, 0, 1, 1, bad); }, reason);
        };
        refuses(&StillingerWeberParameters::sigma, -1, "sigma");
        refuses(&StillingerWeberParameters::a, -1, "a must not be negative");
        refuses(&StillingerWeberParameters::epsilon, -1, "epsilon");
        refuses(&StillingerWeberParameters::A, NAN, "finite");
        refuses(&StillingerWeberParameters::p, -4, "p");
        refuses(&StillingerWeberParameters::tol, -1, "tol");
        assertRefuses([&] { set(force, 0, 2, 0, good); }, "type");
        set(force, 0, 1, 1, good);
        assertRefuses([&] { force.getTriplet(1, 0, 0); }, "(1, 0, 0)");
        assertClose(good.a*good.sigma, force.getCutoffDistance(), 1e-15);

        Configuration configuration = makeConfiguration(2, false);
        auto* incomplete = new StillingerWeberForce(2);
        set(*incomplete, 0, 0, 0, good);
        assertRefuses([&] { Sample(test, incomplete, configuration); }, "(0, 0, 1)");

        // An angle has no first and second neighbour.
        auto* lopsided = new StillingerWeberForce(2);
        for (int i = 0; i < 8; i++) {
            StillingerWeberParameters p = good;
            p.lambda += (i == 1);
            set(*lopsided, i/4, i/2%2, i%2, p);
        }
        assertRefuses([&] { Sample(test, lopsided, configuration); }, "differ in lambda*epsilon or cosTheta0");
    }
    /**
     * Values that the energy does not depend on change nothing, whatever they are.
     */
    void testUnused() {
        Configuration configuration = makeConfiguration(3, false);
        CenterForce *clean = makeForce(3), *littered = makeForce(3);
        for (int index = 0; index < 27; index++) {
            int i = index/9, j = index/3%3, k = index%3;
            StillingerWeberParameters p = dynamic_cast<StillingerWeberForce*>(clean)->getTriplet(i, j, k), q = p;
            if (j != k) {
                q.sigma = q.a = q.gamma = q.A = q.B = q.p = q.q = q.tol = -k;
                // The product is what counts.
                q.epsilon *= 4;
                q.lambda /= 4;
            }
            if (i == 2 && (j == 2 || k == 2)) {
                // No cutoff.
                p.sigma = 0;
                q = p;
                q.epsilon = q.lambda = q.gamma = q.cosTheta0 = q.A = q.B = q.p = q.q = q.tol = -1-k;
                if (j == k) {
                    // What tol adds to a cutoff must not make one.
                    q.sigma = 1;
                    q.a = 0;
                    q.tol = 0.005;
                }
            }
            else if (i == 1 && j == 0 && k == 0) {
                // Angles without a pair energy.
                p.A = 0;
                q = p;
                q.B = q.p = q.q = -1;
            }
            set(dynamic_cast<StillingerWeberForce&>(*clean), i, j, k, p);
            set(dynamic_cast<StillingerWeberForce&>(*littered), i, j, k, q);
        }
        assertClose(clean->getCutoffDistance(), littered->getCutoffDistance(), 0);
        Sample expected(test, clean, configuration), found(test, littered, configuration);
        assertClose(expected.getEnergy(), found.getEnergy(), test.tolerance*expected.getScale());
        vector<Vec3> forces = expected.getForces();
        assertClose(forces, found.getForces(), test.tolerance*getSize(forces));
    }
    /**
     * Triplets (i, j, k) and (i, k, j) that differ in the last digits act as their mean.
     */
    void testRounding() {
        Configuration configuration = makeConfiguration(2, false);
        CenterForce *even = makeForce(2), *uneven = makeForce(2);
        StillingerWeberParameters p = dynamic_cast<StillingerWeberForce*>(even)->getTriplet(0, 0, 1);
        p.lambda *= 1-2e-5;
        p.cosTheta0 += 1e-5;
        set(dynamic_cast<StillingerWeberForce&>(*uneven), 0, 0, 1, p);
        p.lambda *= (1+2e-5)/(1-2e-5);
        p.cosTheta0 -= 2e-5;
        set(dynamic_cast<StillingerWeberForce&>(*uneven), 0, 1, 0, p);
        Sample expected(test, even, configuration), found(test, uneven, configuration);
        assertClose(expected.getEnergy(), found.getEnergy(), test.tolerance*expected.getScale());
        vector<Vec3> forces = expected.getForces();
        assertClose(forces, found.getForces(), test.tolerance*getSize(forces));
    }
};

} // namespace CGBridgeTests

#endif /*CGBRIDGE_TESTSTILLINGERWEBERFORCE_H_*/
