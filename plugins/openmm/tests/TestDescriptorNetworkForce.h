#ifndef CGBRIDGE_TESTDESCRIPTORNETWORKFORCE_H_
#define CGBRIDGE_TESTDESCRIPTORNETWORKFORCE_H_

#include "CenterForceTests.h"
#include "DescriptorNetworkForce.h"

namespace CGBridgeTests {

using CGBridge::DescriptorNetworkForce;

class DescriptorNetworkTests : public CenterForceTests {
public:
    using CenterForceTests::CenterForceTests;
    CenterForce* makeForce(int numTypes) const override {
        return makeForce(numTypes, 4, true, {12});
    }
    void scaleEnergy(CenterForce& force, double factor) const override {
        auto& network = dynamic_cast<DescriptorNetworkForce&>(force);
        for (int i = 0; i < force.getNumTypes(); i++) {
            vector<double> parameters = network.getNetwork(i);
            const size_t outputs = network.getShape().hiddenLayers.back()+1;
            for (size_t j = parameters.size()-outputs; j < parameters.size(); j++)
                parameters[j] *= factor;
            network.setNetwork(i, parameters);
            for (int j = i; j < force.getNumTypes(); j++)
                network.setRepulsion(i, j, factor*network.getRepulsion(i, j));
        }
    }
    void run() {
        testDimer();
        testAngle();
        testShapes();
        testSettings();
        runCommon();
    }
protected:
    double getLoneEnergy() const override {
        // Without neighbours all descriptors vanish: what is left are the biases.
        std::unique_ptr<CenterForce> force(makeForce(1));
        return evaluate(dynamic_cast<DescriptorNetworkForce&>(*force), {});
    }
private:
    /**
     * A force with random parameters, whose descriptors are of the order of one in a liquid.
     */
    static DescriptorNetworkForce* makeForce(int numTypes, int order, bool manyBody, const vector<int>& layers) {
        auto* force = new DescriptorNetworkForce(numTypes);
        std::mt19937 random(9);
        auto numbers = [&] (int count, double scale) {
            vector<double> result;
            for (int i = 0; i < count; i++)
                result.push_back(scale*(2*(random()/4294967296.0)-1));
            return result;
        };
        force->setRadialDescriptors(0.5, 5, 7);
        if (order > 0)
            force->setAngularDescriptors(0.42, 4, 6, order, manyBody && order > 1, manyBody);
        force->setHiddenLayers(layers);
        for (int i = 0; i < numTypes; i++) {
            vector<double> network = numbers(force->getNumNetworkParameters(), 0.7);
            // Energies and forces of the size of a liquid's: devices add up forces in steps of 2e-10, always towards zero.
            for (size_t j = network.size()-layers.back()-1; j < network.size(); j++)
                network[j] *= 150;
            force->setNetwork(i, network);
            for (int j = 0; j < numTypes; j++) {
                force->setRadialCoefficients(i, j, numbers(5*7, 0.4));
                force->setRepulsion(i, j, std::pow(0.22+0.01*(i+j), 12));
                if (order > 0)
                    force->setAngularCoefficients(i, j, numbers(4*6, 0.6));
            }
        }
        return force;
    }
    /**
     * A network with one hidden layer, of the first descriptors as they are given and zeros.
     */
    static double evaluate(const DescriptorNetworkForce& force, vector<double> descriptors) {
        const int neurons = force.getShape().hiddenLayers[0], size = force.getNumDescriptors();
        descriptors.resize(size);
        const vector<double>& p = force.getNetwork(0);
        double energy = p.back();
        for (int m = 0; m < neurons; m++) {
            double sum = p[neurons*size+m];
            for (int d = 0; d < size; d++)
                sum += p[m*size+d]*descriptors[d];
            energy += p[neurons*(size+1)+m]*std::tanh(sum);
        }
        return energy;
    }
    /**
     * The functions as they are defined, with T_k(x) = cos(k arccos x).
     */
    static double function(const vector<double>& coefficients, int n, int basis, double r, double cutoff) {
        if (r >= cutoff)
            return 0;
        const double s = r/cutoff, x = 2*(s-1)*(s-1)-1;
        double g = 0;
        for (int k = 0; k < basis; k++)
            g += coefficients[n*basis+k]*0.5*(std::cos(k*std::acos(x))+1)*0.5*(1+std::cos(M_PI*s));
        return g;
    }
    static double repulsion(const DescriptorNetworkForce& force, double r) {
        return r >= 0.5 ? 0 : force.getRepulsion(0, 0)*(std::pow(r, -12)-std::pow(0.5, -12)*(13-12*r/0.5));
    }
    /**
     * Two particles: sums of one neighbour, in whose own direction all Legendre polynomials are 1.
     */
    void testDimer() {
        Configuration dimer = makeConfiguration(1, false);
        dimer.types = {0, 0};
        for (double r : {0.1, 0.27, 0.41, 0.43, 0.499, 0.51}) {
            Vec3 direction = Vec3(1, 2, -2)/3;
            dimer.positions = {Vec3(0.2, 0.3, 1.0), Vec3(0.2, 0.3, 1.0)+direction*r};
            Sample sample(test, makeForce(1), dimer);
            auto& force = dynamic_cast<DescriptorNetworkForce&>(sample.force);
            vector<double> q;
            for (int n = 0; n < 5; n++)
                q.push_back(function(force.getRadialCoefficients(0, 0), n, 7, r, 0.5));
            vector<double> g;
            for (int n = 0; n < 4; n++)
                g.push_back(function(force.getAngularCoefficients(0, 0), n, 6, r, 0.42));
            for (int l = 1; l <= 4; l++)
                for (int n = 0; n < 4; n++)
                    q.push_back((2*l+1)/(4*M_PI)*g[n]*g[n]);
            // Of u u - 1/3 the eigenvalues are 2/3 and twice -1/3: the trace of its cube is 2/9.
            for (int n = 0; n < 4; n++)
                q.push_back(-std::sqrt(2.0/35)*std::pow(5/(4*M_PI), 1.5)*std::pow(g[n], 3));
            for (int n = 0; n < 4; n++)
                q.push_back(7.0/15*std::pow(3/(4*M_PI)*g[n]*g[n], 2));
            assertClose(2*evaluate(force, q)+repulsion(force, r), sample.getEnergy(), test.tolerance*sample.getScale());
        }
    }
    /**
     * A particle between two others that do not see each other: by the angle, which the energies of the ends
     * do not know.
     */
    void testAngle() {
        Configuration bent = makeConfiguration(1, false);
        bent.types = {0, 0, 0};
        const double r = 0.3, cosine = -0.5;
        bent.positions = {Vec3(0.5, 0.5, 0.5), Vec3(0.5+r, 0.5, 0.5), Vec3(0.5+r*cosine, 0.5+r*std::sqrt(0.75), 0.5)};
        Sample sample(test, makeForce(1), bent);
        auto& force = dynamic_cast<DescriptorNetworkForce&>(sample.force);
        vector<double> q, p = {cosine, (3*cosine*cosine-1)/2, (5*std::pow(cosine, 3)-3*cosine)/2,
                (35*std::pow(cosine, 4)-30*cosine*cosine+3)/8};
        for (int n = 0; n < 5; n++)
            q.push_back(2*function(force.getRadialCoefficients(0, 0), n, 7, r, 0.5));
        vector<double> g;
        for (int n = 0; n < 4; n++)
            g.push_back(function(force.getAngularCoefficients(0, 0), n, 6, r, 0.42));
        for (int l = 1; l <= 4; l++)
            for (int n = 0; n < 4; n++)
                q.push_back((2*l+1)/(4*M_PI)*g[n]*g[n]*2*(1+p[l-1]));
        // Two directions at 120 degrees: u u + v v has the eigenvalues 1+cos, 1-cos and 0.
        const double eigen[3] = {1+cosine-2.0/3, 1-cosine-2.0/3, -2.0/3};
        for (int n = 0; n < 4; n++)
            q.push_back(-4.5*std::sqrt(2.0/35)*std::pow(5/(4*M_PI), 1.5)*std::pow(g[n], 3)*
                        (std::pow(eigen[0], 3)+std::pow(eigen[1], 3)+std::pow(eigen[2], 3)));
        for (int n = 0; n < 4; n++)
            q.push_back(7.0/15*std::pow(3/(4*M_PI)*g[n]*g[n]*2*(1+cosine), 2));
        assertClose(evaluate(force, q)+repulsion(force, r), sample.force.getParticleEnergies(*sample.context)[0], test.hostTolerance*sample.getScale());
    }
    /**
     * Every order of the angular descriptors, none, and two hidden layers.
     */
    void testShapes() {
        Configuration configuration = makeConfiguration(3, true);
        PlatformUnderTest reference = {Platform::getPlatformByName("Reference"), {}, 0, 0, 0};
        for (int order = 0; order <= 4; order++) {
            const vector<int> layers = (order%4 == 0 ? vector<int>{9, 5} : vector<int>{8});
            Sample found(test, makeForce(3, order, order%2 == 0, layers), configuration);
            Sample expected(reference, makeForce(3, order, order%2 == 0, layers), configuration);
            assertClose(expected.getEnergy(), found.getEnergy(), test.tolerance*expected.getScale());
            vector<Vec3> forces = found.getForces();
            assertClose(expected.getForces(), forces, test.tolerance*getSize(forces));
            double size = getSize(forces)*std::sqrt((double) forces.size()), energy[2];
            for (int side = 0; side < 2; side++) {
                vector<Vec3> moved = configuration.positions;
                for (size_t i = 0; i < moved.size(); i++)
                    moved[i] += forces[i]/size*((side-0.5)*test.step);
                found.context->setPositions(moved);
                energy[side] = found.getEnergy();
            }
            assertClose(-size, (energy[1]-energy[0])/test.step, test.differenceTolerance*size);
        }
    }
    void testSettings() {
        std::unique_ptr<DescriptorNetworkForce> force(makeForce(1, 4, true, {12}));
        ASSERT_EQUAL(5+4*6, force->getNumDescriptors());
        ASSERT_EQUAL(12*(29+1)+12+1, force->getNumNetworkParameters());
        assertRefuses([&] { force->setNetwork(0, {1, 2, 3}); }, "must be 373 numbers of a network, not 3");
        assertRefuses([&] { force->setNetwork(1, {}); }, "type 1 is outside the range 0 to 0");
        assertRefuses([&] { force->setRadialCoefficients(0, 0, vector<double>(35, NAN)); }, "must be finite");
        assertRefuses([&] { force->setRadialDescriptors(-1, 5, 7); }, "radial cutoff must be positive");
        assertRefuses([&] { force->setAngularDescriptors(0.4, 4, 6, 5); }, "order of the angular descriptors must be 1 to 4");
        assertRefuses([&] { force->setAngularDescriptors(0.4, 4, 6, 1, true); }, "need an order of at least 2");
        assertRefuses([&] { force->setRepulsion(0, 0, -1); }, "must not be negative");
        assertRefuses([&] { force->setHiddenLayers({3, 3, 3}); }, "one or two hidden layers");
        Configuration configuration = makeConfiguration(1, false);
        assertRefuses([&] { Sample(test, new DescriptorNetworkForce(1), configuration); }, "are not set");
        DescriptorNetworkForce* wide = makeForce(1, 0, false, {4});
        wide->setAngularDescriptors(0.51, 1, 1, 1);
        assertRefuses([&] { Sample(test, wide, configuration); }, "angular cutoff is above the radial one");
        DescriptorNetworkForce* lacking = makeForce(1, 4, true, {12});
        lacking->setHiddenLayers({4});
        assertRefuses([&] { Sample(test, lacking, configuration); }, "type 0 has no network");
        DescriptorNetworkForce* blind = makeForce(1, 4, true, {12});
        blind->setAngularDescriptors(0.4, 2, 3, 4);
        blind->setNetwork(0, vector<double>(blind->getNumNetworkParameters(), 0.1));
        assertRefuses([&] { Sample(test, blind, configuration); }, "pair of types (0, 0) has no coefficients");
    }
};

} // namespace CGBridgeTests

#endif /*CGBRIDGE_TESTDESCRIPTORNETWORKFORCE_H_*/
