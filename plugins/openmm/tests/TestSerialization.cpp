/*
 * The forces survive the way through XML.
 */

#include "TestStillingerWeberForce.h"
#include "TestTersoffForce.h"
#include "openmm/serialization/XmlSerializer.h"

using namespace CGBridge;
using namespace CGBridgeTests;
using OpenMM::XmlSerializer;

template <class ForceType>
static std::unique_ptr<ForceType> roundTrip(const ForceType& force) {
    std::stringstream stream;
    XmlSerializer::serialize<ForceType>(&force, "Force", stream);
    return std::unique_ptr<ForceType>(XmlSerializer::deserialize<ForceType>(stream));
}

static void testCommon(TripletForce& force) {
    force.addParticle(0);
    force.addParticle(-1, 0.1);
    force.addParticle(force.getNumTypes()-1, 1.0/3);
    force.setForceGroup(7);
    force.setName("bonds");
    force.setUsesPeriodicBoundaryConditions(false);
}

static void compareCommon(const TripletForce& expected, const TripletForce& found) {
    ASSERT_EQUAL(expected.getNumTypes(), found.getNumTypes());
    ASSERT_EQUAL(expected.getNumParticles(), found.getNumParticles());
    for (int i = 0; i < expected.getNumParticles(); i++) {
        int type[2];
        double weight[2];
        expected.getParticleParameters(i, type[0], weight[0]);
        found.getParticleParameters(i, type[1], weight[1]);
        ASSERT_EQUAL(type[0], type[1]);
        ASSERT_EQUAL(weight[0], weight[1]);
    }
    ASSERT_EQUAL(7, found.getForceGroup());
    ASSERT_EQUAL(string("bonds"), found.getName());
    ASSERT(!found.usesPeriodicBoundaryConditions());
}

static void testTersoff(const PlatformUnderTest& test, int numTypes) {
    std::unique_ptr<TersoffForce> force(dynamic_cast<TersoffForce*>(TersoffTests(test).makeForce(numTypes)));
    testCommon(*force);
    std::unique_ptr<TersoffForce> copy = roundTrip(*force);
    compareCommon(*force, *copy);
    for (int i = 0; i < numTypes*numTypes*numTypes; i++) {
        const TersoffParameters& a = force->getTriplet(i/(numTypes*numTypes), i/numTypes%numTypes, i%numTypes);
        const TersoffParameters& b = copy->getTriplet(i/(numTypes*numTypes), i/numTypes%numTypes, i%numTypes);
        ASSERT_EQUAL(a.m, b.m);
        ASSERT_EQUAL(a.gamma, b.gamma);
        ASSERT_EQUAL(a.lambda3, b.lambda3);
        ASSERT_EQUAL(a.c, b.c);
        ASSERT_EQUAL(a.d, b.d);
        ASSERT_EQUAL(a.cosTheta0, b.cosTheta0);
        ASSERT_EQUAL(a.n, b.n);
        ASSERT_EQUAL(a.beta, b.beta);
        ASSERT_EQUAL(a.lambda2, b.lambda2);
        ASSERT_EQUAL(a.B, b.B);
        ASSERT_EQUAL(a.R, b.R);
        ASSERT_EQUAL(a.D, b.D);
        ASSERT_EQUAL(a.lambda1, b.lambda1);
        ASSERT_EQUAL(a.A, b.A);
    }
}

static void testStillingerWeber(const PlatformUnderTest& test, int numTypes) {
    std::unique_ptr<StillingerWeberForce> force(dynamic_cast<StillingerWeberForce*>(StillingerWeberTests(test).makeForce(numTypes)));
    testCommon(*force);
    std::unique_ptr<StillingerWeberForce> copy = roundTrip(*force);
    compareCommon(*force, *copy);
    for (int i = 0; i < numTypes*numTypes*numTypes; i++) {
        const StillingerWeberParameters& a = force->getTriplet(i/(numTypes*numTypes), i/numTypes%numTypes, i%numTypes);
        const StillingerWeberParameters& b = copy->getTriplet(i/(numTypes*numTypes), i/numTypes%numTypes, i%numTypes);
        ASSERT_EQUAL(a.epsilon, b.epsilon);
        ASSERT_EQUAL(a.sigma, b.sigma);
        ASSERT_EQUAL(a.a, b.a);
        ASSERT_EQUAL(a.lambda, b.lambda);
        ASSERT_EQUAL(a.gamma, b.gamma);
        ASSERT_EQUAL(a.cosTheta0, b.cosTheta0);
        ASSERT_EQUAL(a.A, b.A);
        ASSERT_EQUAL(a.B, b.B);
        ASSERT_EQUAL(a.p, b.p);
        ASSERT_EQUAL(a.q, b.q);
        ASSERT_EQUAL(a.tol, b.tol);
    }
}

int main() {
    return report([] {
        PlatformUnderTest test = {Platform::getPlatformByName("Reference"), {}, 1e-12, 1e-5, 1e-7};
        for (int numTypes : {1, 3}) {
            testTersoff(test, numTypes);
            testStillingerWeber(test, numTypes);
        }
    });
}
