#ifndef CGBRIDGE_CENTERFORCETESTS_H_
#define CGBRIDGE_CENTERFORCETESTS_H_

/*
 * The tests that TersoffForce and StillingerWeberForce share, for any platform.
 *
 * A test of a platform is compiled for every force.  It includes CGBRIDGE_TESTS_HEADER, which is TestTersoffForce.h or
 * another, and calls runTests<CGBRIDGE_TESTS>(), which is TersoffTests or another, with a PlatformUnderTest.
 */

#include "CenterForce.h"
#include "openmm/Context.h"
#include "openmm/OpenMMException.h"
#include "openmm/Platform.h"
#include "openmm/System.h"
#include "openmm/VerletIntegrator.h"
#include "openmm/internal/AssertionUtilities.h"
#include <cmath>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace CGBridgeTests {

using CGBridge::CenterForce;
using OpenMM::Context;
using OpenMM::OpenMMException;
using OpenMM::Platform;
using OpenMM::State;
using OpenMM::System;
using OpenMM::throwException;
using OpenMM::Vec3;
using std::string;
using std::vector;

/**
 * A platform with the accuracy that is asked of it.
 */
struct PlatformUnderTest {
    Platform& platform;
    std::map<string, string> properties;
    /** The error of an energy relative to the sum of its terms, and of a force relative to a typical one. */
    double tolerance;
    /** The length over which energies are differentiated, in nm, and the error of the result relative to the gradient. */
    double step, differenceTolerance;
    /** The error of what the host computes in double precision, from the positions that the platform holds. */
    double hostTolerance = 1e-11;
    int smallestSystem = 1;
};

/**
 * Load the platform library that the build has made, and find its platform.  ctest passes the path of
 * the library as the first argument.
 */
inline Platform& loadPlatform(int argc, char* argv[], const string& name) {
    Platform::loadPluginsFromDirectory(CGBRIDGE_OPENMM_PLUGINS);
    if (argc > 1)
        Platform::loadPluginLibrary(argv[1]);
    return Platform::getPlatformByName(name);
}

inline int report(const std::function<void()>& tests) {
    try {
        tests();
    }
    catch (const std::exception& error) {
        std::cout << "exception: " << error.what() << std::endl;
        return 1;
    }
    std::cout << "Done" << std::endl;
    return 0;
}

/**
 * Positions, types and a box.
 */
struct Configuration {
    vector<Vec3> positions;
    vector<int> types;
    Vec3 box[3];
    bool periodic = true;
};

/**
 * A disturbed lattice with the density of a liquid.
 */
inline Configuration makeConfiguration(int numTypes, bool triclinic, bool periodic = true) {
    const int edge = 4;
    const double length = edge*0.27;
    Configuration result;
    result.periodic = periodic;
    result.box[0] = Vec3(length, 0, 0);
    result.box[1] = Vec3(triclinic ? 0.4*length : 0, length, 0);
    result.box[2] = Vec3(triclinic ? -0.3*length : 0, triclinic ? 0.35*length : 0, length);
    std::mt19937 random(17);
    auto uniform = [&] () { return random()/4294967296.0-0.5; };
    for (int i = 0; i < edge; i++)
        for (int j = 0; j < edge; j++)
            for (int k = 0; k < edge; k++) {
                Vec3 position = (result.box[0]*i+result.box[1]*j+result.box[2]*k)/edge;
                result.positions.push_back(position+Vec3(uniform(), uniform(), uniform())*0.08);
                result.types.push_back((int) (random()%numTypes));
            }
    return result;
}

/**
 * A force in a Context.
 */
class Sample {
public:
    /**
     * @param force    a force without particles; the sample owns it
     */
    Sample(const PlatformUnderTest& test, CenterForce* force, const Configuration& configuration, const vector<double>& weights = {}) :
            force(*force), integrator(0.001) {
        for (size_t i = 0; i < configuration.types.size(); i++) {
            system.addParticle(18.015);
            force->addParticle(configuration.types[i], weights.empty() ? 1.0 : weights[i]);
        }
        force->setUsesPeriodicBoundaryConditions(configuration.periodic);
        system.addForce(force);
        system.setDefaultPeriodicBoxVectors(configuration.box[0], configuration.box[1], configuration.box[2]);
        context = std::make_unique<Context>(system, integrator, test.platform, test.properties);
        context->setPositions(configuration.positions);
    }
    double getEnergy() {
        return context->getState(State::Energy).getPotentialEnergy();
    }
    vector<Vec3> getForces() {
        return context->getState(State::Forces).getForces();
    }
    /**
     * Get what errors of the energy are measured by.
     */
    double getScale() {
        double scale = 0;
        for (double energy : force.getParticleEnergies(*context))
            scale += std::abs(energy);
        return scale;
    }
    System system;
    CenterForce& force;
    OpenMM::VerletIntegrator integrator;
    std::unique_ptr<Context> context;
};

inline double getSize(const vector<Vec3>& vectors) {
    double sum = 0;
    for (const Vec3& v : vectors)
        sum += v.dot(v);
    return std::sqrt(sum/vectors.size());
}

inline void assertClose(double expected, double found, double error) {
    if (!(std::abs(expected-found) <= error)) {
        std::stringstream message;
        message.precision(15);
        message << "Expected " << expected << ", found " << found << ", allowed error " << error;
        throw OpenMMException(message.str());
    }
}

inline void assertClose(const vector<Vec3>& expected, const vector<Vec3>& found, double error) {
    ASSERT_EQUAL(expected.size(), found.size());
    for (size_t i = 0; i < expected.size(); i++)
        for (int axis = 0; axis < 3; axis++)
            assertClose(expected[i][axis], found[i][axis], error);
}

inline void assertRefuses(const std::function<void()>& action, const string& reason) {
    try {
        action();
    }
    catch (const OpenMMException& error) {
        if (string(error.what()).find(reason) != string::npos)
            return;
        throw OpenMMException("Expected an error about \""+reason+"\", found: "+error.what());
    }
    throw OpenMMException("Expected an error about \""+reason+"\"");
}

/**
 * The tests.  A subclass makes forces of its kind.
 */
class CenterForceTests {
public:
    explicit CenterForceTests(const PlatformUnderTest& test) : test(test) {
    }
    virtual ~CenterForceTests() = default;
    /**
     * Make a force without particles, with 1 type or with 3 whose triplets all differ.
     */
    virtual CenterForce* makeForce(int numTypes) const = 0;
    /**
     * Multiply the energy of every triplet by a factor.
     */
    virtual void scaleEnergy(CenterForce& force, double factor) const = 0;
    /**
     * Get the energy of a particle without neighbours, in a force with one type.
     */
    virtual double getLoneEnergy() const {
        return 0;
    }
    void runCommon() {
        for (int numTypes : {1, 3}) {
            for (bool triclinic : {false, true}) {
                testDerivatives(numTypes, makeConfiguration(numTypes, triclinic));
                testAgainstReference(numTypes, makeConfiguration(numTypes, triclinic));
                testImages(numTypes, makeConfiguration(numTypes, triclinic));
                testVirial(numTypes, makeConfiguration(numTypes, triclinic));
            }
            testDerivatives(numTypes, makeConfiguration(numTypes, false, false));
            testAgainstReference(numTypes, makeConfiguration(numTypes, false, false));
            testLeftOut(numTypes);
            testWeights(numTypes);
            testUpdate(numTypes);
            testWeightParameter(numTypes);
        }
        testLastType();
        testLoneParticles();
        testRefusals();
    }
protected:
    /**
     * The energy along the gradient, and along a few single coordinates.
     */
    void testDerivatives(int numTypes, const Configuration& configuration) const {
        Sample sample(test, makeForce(numTypes), configuration, makeWeights(configuration.types.size()));
        const vector<Vec3>& positions = configuration.positions;
        vector<Vec3> forces = sample.getForces();
        double size = getSize(forces)*std::sqrt((double) forces.size());
        auto slope = [&] (const std::function<Vec3(int)>& direction) {
            double energy[2];
            for (int side = 0; side < 2; side++) {
                vector<Vec3> moved = positions;
                for (size_t i = 0; i < moved.size(); i++)
                    moved[i] += direction((int) i)*((side-0.5)*test.step);
                sample.context->setPositions(moved);
                energy[side] = sample.getEnergy();
            }
            return (energy[1]-energy[0])/test.step;
        };
        assertClose(-size, slope([&] (int i) { return forces[i]/size; }), test.differenceTolerance*size);
        for (int particle : {0, 5, 33}) {
            Vec3 unit(particle%3 == 0, particle%3 == 1, particle%3 == 2);
            double found = slope([&] (int i) { return i == particle ? unit : Vec3(); });
            assertClose(-forces[particle].dot(unit), found, test.differenceTolerance*size);
        }
    }

    void testAgainstReference(int numTypes, const Configuration& configuration) const {
        PlatformUnderTest reference = {Platform::getPlatformByName("Reference"), {}, 0, 0, 0};
        Sample found(test, makeForce(numTypes), configuration), expected(reference, makeForce(numTypes), configuration);
        assertClose(expected.getEnergy(), found.getEnergy(), test.tolerance*expected.getScale());
        vector<Vec3> forces = expected.getForces();
        assertClose(forces, found.getForces(), test.tolerance*getSize(forces));
    }

    /**
     * The parameters of types that no particle has are not looked at, those of the first type neither.
     */
    void testLastType() const {
        Configuration configuration = makeConfiguration(3, false);
        configuration.types.assign(configuration.types.size(), 2);
        testAgainstReference(3, configuration);
    }

    /**
     * Particles in other images of the box feel the same forces.
     */
    void testImages(int numTypes, Configuration configuration) const {
        Sample sample(test, makeForce(numTypes), configuration);
        vector<Vec3> expected = sample.getForces();
        double energy = sample.getEnergy();
        for (size_t i = 0; i < configuration.positions.size(); i++)
            for (int axis = 0; axis < 3; axis++)
                configuration.positions[i] += configuration.box[axis]*((int) ((i*7+axis*3)%5)-2);
        sample.context->setPositions(configuration.positions);
        assertClose(energy, sample.getEnergy(), 2*test.tolerance*sample.getScale());
        assertClose(expected, sample.getForces(), 2*test.tolerance*getSize(expected));
    }

    /**
     * The trace of the virial is -3 V dE/dV, and its off-diagonal elements are those of a rotation that
     * changes nothing.
     */
    void testVirial(int numTypes, const Configuration& configuration) const {
        Sample sample(test, makeForce(numTypes), configuration, makeWeights(configuration.types.size()));
        vector<double> virial = sample.force.getVirial(*sample.context);
        double energy[2], scale = sample.getScale();
        for (int side = 0; side < 2; side++) {
            double factor = 1+(side-0.5)*test.step;
            vector<Vec3> positions;
            for (const Vec3& position : configuration.positions)
                positions.push_back(position*factor);
            sample.context->setPeriodicBoxVectors(configuration.box[0]*factor, configuration.box[1]*factor, configuration.box[2]*factor);
            sample.context->setPositions(positions);
            energy[side] = sample.getEnergy();
        }
        double trace = virial[0]+virial[4]+virial[8], slope = -(energy[1]-energy[0])/test.step;
        assertClose(trace, slope, std::max(test.differenceTolerance*std::abs(trace), 2*test.tolerance*scale/test.step));
        for (int a = 0; a < 3; a++)
            for (int b = 0; b < a; b++)
                assertClose(virial[3*a+b], virial[3*b+a], 1e-10*scale);
    }

    /**
     * Particles of type -1 might as well not be there.
     */
    void testLeftOut(int numTypes) const {
        Configuration all = makeConfiguration(numTypes, true), some = all;
        some.positions.clear();
        some.types.clear();
        vector<int> kept;
        for (size_t i = 0; i < all.types.size(); i++) {
            if (i%4 == 0) {
                all.types[i] = -1;
                continue;
            }
            kept.push_back((int) i);
            some.positions.push_back(all.positions[i]);
            some.types.push_back(all.types[i]);
        }
        Sample withAll(test, makeForce(numTypes), all), withSome(test, makeForce(numTypes), some);
        assertClose(withSome.getEnergy(), withAll.getEnergy(), test.tolerance*withSome.getScale());
        vector<Vec3> forces = withAll.getForces(), rest;
        for (int i : kept)
            rest.push_back(forces[i]);
        vector<Vec3> expected = withSome.getForces();
        assertClose(expected, rest, test.tolerance*getSize(expected));
        vector<double> energies = withAll.force.getParticleEnergies(*withAll.context);
        for (size_t i = 0; i < forces.size(); i += 4) {
            ASSERT_EQUAL_VEC(Vec3(), forces[i], 0);
            ASSERT_EQUAL(0.0, energies[i]);
        }
    }

    /**
     * The energy is the weighted sum of the particle energies, which are its derivatives by the weights;
     * forces are linear in the weights too.
     */
    void testWeights(int numTypes) const {
        Configuration configuration = makeConfiguration(numTypes, true);
        size_t numParticles = configuration.types.size();
        Sample sample(test, makeForce(numTypes), configuration);
        vector<double> energies = sample.force.getParticleEnergies(*sample.context), weights = makeWeights(numParticles);
        double scale = sample.getScale(), sum = 0, weighted = 0;
        for (size_t i = 0; i < numParticles; i++) {
            sum += energies[i];
            weighted += weights[i]*energies[i];
        }
        assertClose(sum, sample.getEnergy(), test.tolerance*scale);
        vector<Vec3> total(numParticles);
        for (const vector<double>& part : {weights, [&] { vector<double> rest; for (double w : weights) rest.push_back(1-w); return rest; } ()}) {
            Sample other(test, makeForce(numTypes), configuration, part);
            vector<Vec3> forces = other.getForces();
            for (size_t i = 0; i < numParticles; i++)
                total[i] += forces[i];
        }
        vector<Vec3> expected = sample.getForces();
        assertClose(expected, total, 3*test.tolerance*getSize(expected));
        Sample other(test, makeForce(numTypes), configuration, weights);
        assertClose(weighted, other.getEnergy(), 2*test.tolerance*scale);
        assertClose(scale, other.getScale(), 1e-12*scale);

        // One weight at a time: the energy changes by that particle's energy.
        int particle = 11, type;
        double weight;
        other.force.getParticleParameters(particle, type, weight);
        ASSERT_EQUAL(weights[particle], weight);
        other.force.setParticleParameters(particle, type, weight+1);
        other.force.updateParametersInContext(*other.context);
        assertClose(weighted+energies[particle], other.getEnergy(), 2*test.tolerance*scale);
    }

    void testUpdate(int numTypes) const {
        Configuration configuration = makeConfiguration(numTypes, true);
        Sample sample(test, makeForce(numTypes), configuration);
        vector<Vec3> forces = sample.getForces();
        double energy = sample.getEnergy(), scale = sample.getScale();
        scaleEnergy(sample.force, 1.5);
        assertClose(energy, sample.getEnergy(), test.tolerance*scale);
        sample.force.updateParametersInContext(*sample.context);
        assertClose(1.5*energy, sample.getEnergy(), 2*test.tolerance*scale);
        for (Vec3& force : forces)
            force *= 1.5;
        assertClose(forces, sample.getForces(), 2*test.tolerance*getSize(forces));
        for (int i = 0; i < sample.force.getNumParticles(); i++)
            sample.force.setParticleParameters(i, -1, 1);
        sample.force.updateParametersInContext(*sample.context);
        ASSERT_EQUAL(0.0, sample.getEnergy());
        sample.force.addParticle(0);
        assertRefuses([&] { sample.force.updateParametersInContext(*sample.context); }, "number of particles has changed");
    }

    /**
     * Weights that follow a parameter of the Context, from -1 to 1 times their own.
     */
    void testWeightParameter(int numTypes) const {
        Configuration configuration = makeConfiguration(numTypes, false);
        Sample plain(test, makeForce(numTypes), configuration);
        CenterForce* force = makeForce(numTypes);
        assertRefuses([&] { force->setWeightParameter("p", 2, 2, 0); }, "low must be below high");
        force->setWeightParameter("p", 280, 320, 310);
        Sample sample(test, force, configuration);
        const double energy = plain.getEnergy(), scale = plain.getScale();
        const vector<Vec3> forces = plain.getForces();
        ASSERT_EQUAL(310, sample.context->getParameter("p"));
        assertClose(0.5*energy, sample.getEnergy(), test.tolerance*scale);
        const vector<double> virial = plain.force.getVirial(*plain.context);
        for (auto [value, factor] : vector<std::pair<double, double> >{{320, 1}, {285, -0.75}, {1000, 1}, {0, -1}, {310, 0.5}}) {
            sample.context->setParameter("p", value);
            assertClose(factor*energy, sample.getEnergy(), test.tolerance*scale);
            vector<Vec3> expected;
            for (const Vec3& f : forces)
                expected.push_back(f*factor);
            assertClose(expected, sample.getForces(), 2*test.tolerance*getSize(forces));
            assertClose(factor*energy, sample.force.getReplicaEnergies(*sample.context)[0], test.tolerance*scale);
            assertClose(factor*virial[4], sample.force.getVirial(*sample.context)[4], test.hostTolerance*scale);
        }
        // Energies without weights know nothing of it, and a change of parameters in the Context does not forget it.
        ASSERT_EQUAL_TOL(plain.force.getParticleEnergies(*plain.context)[3], sample.force.getParticleEnergies(*sample.context)[3], 1e-9);
        scaleEnergy(sample.force, 2);
        sample.force.updateParametersInContext(*sample.context);
        assertClose(energy, sample.getEnergy(), 2*test.tolerance*scale);
    }
    void testLoneParticles() const {
        Configuration configuration = makeConfiguration(1, false);
        for (int numParticles = test.smallestSystem; numParticles <= 2; numParticles++) {
            configuration.positions = {Vec3(0.1, 0.1, 0.1), Vec3(0.6, 0.6, 0.6)};
            configuration.types = {0, 0};
            configuration.positions.resize(numParticles);
            configuration.types.resize(numParticles);
            Sample sample(test, makeForce(1), configuration);
            const double expected = numParticles*getLoneEnergy();
            assertClose(expected, sample.getEnergy(), test.tolerance*std::abs(expected));
            for (const Vec3& force : sample.getForces())
                ASSERT_EQUAL_VEC(Vec3(), force, 0);
        }
    }

    void testRefusals() const {
        Configuration configuration = makeConfiguration(1, false);
        std::unique_ptr<CenterForce> force(makeForce(1));
        assertRefuses([&] { force->addExclusion(0, 1); }, "cannot be excluded");
        assertRefuses([&] { force->addParticle(1); }, "type");
        assertRefuses([&] { force->addParticle(-2); }, "type");
        assertRefuses([&] { force->setParticleParameters(0, 0, 1); }, "particle");

        double width = 2*force->getCutoffDistance();
        Configuration small = configuration;
        small.box[0] = Vec3(width*1.01, 0, 0);
        small.box[1] = Vec3(0, width*0.99, 0);
        small.box[2] = Vec3(0, 0, width*1.01);
        assertRefuses([&] { Sample(test, makeForce(1), small); }, "smaller than twice the cutoff");
        small.periodic = false;
        Sample(test, makeForce(1), small).getEnergy();

        Sample shrinks(test, makeForce(1), configuration);
        shrinks.context->setPeriodicBoxVectors(small.box[0], small.box[1], small.box[2]);
        assertRefuses([&] { shrinks.getEnergy(); }, "smaller than twice the cutoff");

        System system;
        for (int i = 0; i < 3; i++)
            system.addParticle(1);
        CenterForce* tooFew = makeForce(1);
        tooFew->addParticle(0);
        system.addForce(tooFew);
        OpenMM::VerletIntegrator integrator(0.001);
        assertRefuses([&] { Context(system, integrator, test.platform, test.properties); }, "the force has 1 particles");
    }

    vector<double> makeWeights(size_t count) const {
        vector<double> weights;
        for (size_t i = 0; i < count; i++)
            weights.push_back(0.25*(i%6));
        return weights;
    }
    const PlatformUnderTest& test;
};

template <class Tests>
int runTests(const PlatformUnderTest& test) {
    return report([&] { Tests(test).run(); });
}

} // namespace CGBridgeTests

#endif /*CGBRIDGE_CENTERFORCETESTS_H_*/
