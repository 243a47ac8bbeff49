#ifndef CGBRIDGE_TESTSTILLINGERWEBERFORCE_H_
#define CGBRIDGE_TESTSTILLINGERWEBERFORCE_H_

#include "StillingerWeberForce.h"
#include "TripletForceTests.h"

namespace CGBridgeTests {

using CGBridge::StillingerWeberForce;
using CGBridge::StillingerWeberParameters;

class StillingerWeberTests : public TripletForceTests {
public:
    using TripletForceTests::TripletForceTests;
    /**
     * The water model mW (doi:10.1021/jp805227c).
     */
    static StillingerWeberParameters getWater() {
        return {6.189*4.184, 0.23925, 1.80, 23.15, 1.20, -1.0/3, 7.049556277, 0.6022245584, 4, 0, 0};
    }
    static void set(StillingerWeberForce& force, int i, int j, int k, const StillingerWeberParameters& p) {
        force.setTripletParameters(i, j, k, p.epsilon, p.sigma, p.a, p.lambda, p.gamma, p.cosTheta0, p.A, p.B, p.p, p.q, p.tol);
    }
    TripletForce* makeForce(int numTypes) const override {
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
    void scaleEnergy(TripletForce& force, double factor) const override {
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
            assertRefuses([&] { set(force, 0, 1, 0, bad); }, reason);
        };
        refuses(&StillingerWeberParameters::sigma, 0, "sigma");
        refuses(&StillingerWeberParameters::a, -1, "a must be positive");
        refuses(&StillingerWeberParameters::epsilon, -1, "epsilon");
        refuses(&StillingerWeberParameters::A, NAN, "finite");
        refuses(&StillingerWeberParameters::p, -4, "p");
        refuses(&StillingerWeberParameters::tol, -1, "tol");
        assertRefuses([&] { set(force, 0, 2, 0, good); }, "type");
        set(force, 0, 1, 0, good);
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
};

} // namespace CGBridgeTests

#endif /*CGBRIDGE_TESTSTILLINGERWEBERFORCE_H_*/
