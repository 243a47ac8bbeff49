#ifndef CGBRIDGE_TESTTERSOFFFORCE_H_
#define CGBRIDGE_TESTTERSOFFFORCE_H_

#include "TersoffForce.h"
#include "CenterForceTests.h"

namespace CGBridgeTests {

using CGBridge::TersoffForce;
using CGBridge::TersoffParameters;

class TersoffTests : public CenterForceTests {
public:
    using CenterForceTests::CenterForceTests;
    /**
     * The water model ML-BOP (doi:10.1038/s41467-018-08222-6).
     */
    static TersoffParameters getWater() {
        const double eV = 96.48533212331;
        TersoffParameters p;
        p.m = 1;
        p.gamma = 1;
        p.lambda3 = 0;
        p.c = 77638.534354;
        p.d = 16.148387;
        p.cosTheta0 = -0.471029;
        p.n = 0.770018;
        p.beta = 1e-6;
        p.lambda2 = 21.99640;
        p.B = 473.621419*eV;
        p.R = 0.3282761;
        p.D = 0.0270511;
        p.lambda1 = 27.50522;
        p.A = 1684.301476*eV;
        return p;
    }
    static void set(TersoffForce& force, int i, int j, int k, const TersoffParameters& p) {
        force.setTripletParameters(i, j, k, p.m, p.gamma, p.lambda3, p.c, p.d, p.cosTheta0, p.n, p.beta, p.lambda2, p.B, p.R, p.D,
                p.lambda1, p.A);
    }
    CenterForce* makeForce(int numTypes) const override {
        auto* force = new TersoffForce(numTypes);
        if (numTypes == 1) {
            set(*force, 0, 0, 0, getWater());
            return force;
        }
        std::mt19937 random(5);
        auto vary = [&] (double value) { return value*(0.9+0.2*(random()/4294967296.0)); };
        for (int i = 0; i < numTypes; i++)
            for (int j = 0; j < numTypes; j++)
                for (int k = 0; k < numTypes; k++) {
                    TersoffParameters p;
                    p.m = ((i+j+k)%2 == 0 ? 1 : 3);
                    p.gamma = vary(0.8);
                    p.lambda3 = vary(10);
                    p.c = vary(20);
                    p.d = vary(3);
                    p.cosTheta0 = vary(-0.4);
                    p.n = vary(0.8);
                    p.beta = vary(0.1);
                    p.lambda2 = vary(20);
                    p.B = vary(3e4);
                    p.R = vary(0.33);
                    p.D = vary(0.03);
                    p.lambda1 = vary(28);
                    p.A = vary(1.5e5);
                    set(*force, i, j, k, p);
                }
        return force;
    }
    void scaleEnergy(CenterForce& force, double factor) const override {
        auto& tersoff = dynamic_cast<TersoffForce&>(force);
        int n = force.getNumTypes();
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++)
                for (int k = 0; k < n; k++) {
                    TersoffParameters p = tersoff.getTriplet(i, j, k);
                    p.A *= factor;
                    p.B *= factor;
                    set(tersoff, i, j, k, p);
                }
    }
    void run() {
        testDimer();
        testTrimer();
        testSharpCutoff();
        testParameters();
        testUnused();
        runCommon();
    }
private:
    static double cutoffFunction(const TersoffParameters& p, double r) {
        if (r < p.R-p.D)
            return 1;
        return r > p.R+p.D ? 0 : 0.5-0.5*std::sin(0.5*M_PI*(r-p.R)/p.D);
    }
    /**
     * Inside, within and beyond the cutoff function.
     */
    void testDimer() {
        TersoffParameters p = getWater();
        Configuration dimer = makeConfiguration(1, false);
        dimer.types = {0, 0};
        for (double r : {0.2, 0.27, 0.32, 0.34, 0.36}) {
            Vec3 direction = Vec3(1, 2, -2)/3;
            dimer.positions = {Vec3(0.2, 0.3, 1.0), Vec3(0.2, 0.3, 1.0)+direction*r};
            Sample sample(test, makeForce(1), dimer);
            double repulsion = p.A*std::exp(-p.lambda1*r), attraction = p.B*std::exp(-p.lambda2*r), cut = cutoffFunction(p, r);
            double slope = (r > p.R-p.D && r < p.R+p.D ? -0.25*M_PI/p.D*std::cos(0.5*M_PI*(r-p.R)/p.D) : 0.0);
            double force = cut*(p.lambda1*repulsion-p.lambda2*attraction)-slope*(repulsion-attraction);
            assertClose(cut*(repulsion-attraction), sample.getEnergy(), test.tolerance*(repulsion+attraction));
            double size = p.lambda1*(repulsion+attraction);
            assertClose({direction*-force, direction*force}, sample.getForces(), test.tolerance*size);
        }
    }
    /**
     * A bent trimer: two bonds at the centre, each weakened by the other, and no bond between the ends.
     */
    void testTrimer() {
        TersoffParameters p = getWater();
        Configuration trimer = makeConfiguration(1, false);
        trimer.types = {0, 0, 0};
        for (double angle : {1.5, 1.9, 2.6}) {
            double r[2] = {0.27, 0.31};
            Vec3 center(1.0, 0.5, 0.5);
            trimer.positions = {center, center+Vec3(r[0], 0, 0), center+Vec3(r[1]*std::cos(angle), r[1]*std::sin(angle), 0)};
            double x = std::cos(angle)-p.cosTheta0, energy = 0, scale = 0;
            double g = p.gamma*(1+p.c*p.c/(p.d*p.d)-p.c*p.c/(p.d*p.d+x*x));
            for (int bond = 0; bond < 2; bond++) {
                double repulsion = p.A*std::exp(-p.lambda1*r[bond]), attraction = p.B*std::exp(-p.lambda2*r[bond]);
                double order = std::pow(1+std::pow(p.beta*cutoffFunction(p, r[1-bond])*g, p.n), -0.5/p.n);
                energy += cutoffFunction(p, r[bond])*(repulsion-0.5*(1+order)*attraction);
                scale += repulsion+attraction;
            }
            Sample sample(test, makeForce(1), trimer);
            assertClose(energy, sample.getEnergy(), test.tolerance*scale);
            vector<double> energies = sample.force.getParticleEnergies(*sample.context);
            assertClose(energy, energies[0]+energies[1]+energies[2], test.hostTolerance*scale);
        }
    }
    void testParameters() {
        TersoffForce force(2);
        TersoffParameters good = getWater();
        auto refuses = [&] (double TersoffParameters::*member, double value, const string& reason) {
            TersoffParameters bad = good;
            bad.*member = value;
            assertRefuses([&] { set(force, 0, 1, 1, bad); }, reason);
        };
        refuses(&TersoffParameters::m, 2, "m must be 1 or 3");
        refuses(&TersoffParameters::d, 0, "d must be positive");
        refuses(&TersoffParameters::n, -1, "n must be positive");
        refuses(&TersoffParameters::A, NAN, "finite");
        refuses(&TersoffParameters::D, 1, "D");
        refuses(&TersoffParameters::beta, -1, "beta");
        assertRefuses([&] { set(force, 0, 2, 0, good); }, "type");
        ASSERT(!force.hasTripletParameters(0, 1, 1));
        set(force, 0, 1, 1, good);
        ASSERT(force.hasTripletParameters(0, 1, 1));
        assertRefuses([&] { force.getTriplet(1, 0, 0); }, "(1, 0, 0)");
        assertClose(good.R+good.D, force.getCutoffDistance(), 1e-15);

        Configuration configuration = makeConfiguration(2, false);
        auto* incomplete = new TersoffForce(2);
        set(*incomplete, 0, 0, 0, good);
        assertRefuses([&] { Sample(test, incomplete, configuration); }, "(0, 0, 1)");

        // What a triplet (i, j, k) needs is known when the bond is.
        TersoffParameters flat = good;
        flat.d = 0;
        auto* impossible = new TersoffForce(2);
        for (int i = 0; i < 8; i++)
            set(*impossible, i/4, i/2%2, i%2, i == 2 ? flat : good);
        assertRefuses([&] { Sample(test, impossible, configuration); }, "(0, 1, 0): d must be positive");
    }
    /**
     * With D = 0 the function ends at R.
     */
    void testSharpCutoff() {
        TersoffParameters p = getWater();
        p.R = 0.3;
        p.D = 0;
        Configuration dimer = makeConfiguration(1, false);
        dimer.types = {0, 0};
        for (double r : {0.29999, 0.30001}) {
            dimer.positions = {Vec3(0.2, 0.3, 1.0), Vec3(0.2+r, 0.3, 1.0)};
            auto* force = new TersoffForce(1);
            set(*force, 0, 0, 0, p);
            Sample sample(test, force, dimer);
            double repulsion = p.A*std::exp(-p.lambda1*r), attraction = p.B*std::exp(-p.lambda2*r);
            assertClose(r < p.R ? repulsion-attraction : 0, sample.getEnergy(), test.tolerance*(repulsion+attraction));
            double slope = (r < p.R ? p.lambda1*repulsion-p.lambda2*attraction : 0);
            assertClose({Vec3(-slope, 0, 0), Vec3(slope, 0, 0)}, sample.getForces(), test.tolerance*p.lambda1*(repulsion+attraction));
        }
    }
    /**
     * Values that the energy does not depend on change nothing, whatever they are.
     */
    void testUnused() {
        Configuration configuration = makeConfiguration(3, false);
        CenterForce *clean = makeForce(3), *littered = makeForce(3);
        for (int index = 0; index < 27; index++) {
            int i = index/9, j = index/3%3, k = index%3;
            TersoffParameters p = dynamic_cast<TersoffForce*>(clean)->getTriplet(i, j, k), q = p;
            if (j != k)
                q.n = q.beta = q.lambda2 = q.B = q.lambda1 = q.A = -k;
            if (i == 2 && j == 2) {
                // No cutoff.
                p.R = p.D = 0;
                q = p;
                q.m = q.gamma = q.lambda3 = q.c = q.d = q.n = q.beta = q.lambda2 = q.B = q.lambda1 = q.A = -k;
                if (k != 2)
                    q.R = -1;
            }
            if (i == 1 && j == 2) {
                // No attraction.
                p.B = 0;
                q.B = (k == 2 ? 0 : -1);
                q.m = q.gamma = q.lambda3 = q.c = q.d = q.n = q.beta = q.lambda2 = -1;
            }
            if (i == 0 && j == 1) {
                // No angles.
                p.beta = 0;
                q.beta = (k == 1 ? 0 : -1);
                q.m = q.gamma = q.lambda3 = q.c = q.d = q.n = -1;
            }
            set(dynamic_cast<TersoffForce&>(*clean), i, j, k, p);
            set(dynamic_cast<TersoffForce&>(*littered), i, j, k, q);
        }
        assertClose(clean->getCutoffDistance(), littered->getCutoffDistance(), 0);
        Sample expected(test, clean, configuration), found(test, littered, configuration);
        assertClose(expected.getEnergy(), found.getEnergy(), test.tolerance*expected.getScale());
        vector<Vec3> forces = expected.getForces();
        assertClose(forces, found.getForces(), test.tolerance*getSize(forces));
    }
};

} // namespace CGBridgeTests

#endif /*CGBRIDGE_TESTTERSOFFFORCE_H_*/
