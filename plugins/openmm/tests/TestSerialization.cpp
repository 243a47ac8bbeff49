/*
 * The forces survive the way through XML.
 */

#include "TestDescriptorNetworkForce.h"
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

static void testCommon(CenterForce& force) {
    force.addParticle(0);
    force.addParticle(-1, 0.1);
    force.addParticle(force.getNumTypes()-1, 1.0/3);
    force.setForceGroup(7);
    force.setName("bonds");
    force.setUsesPeriodicBoundaryConditions(false);
}

static void compareCommon(const CenterForce& expected, const CenterForce& found) {
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

template <class ForceType, class Tests>
static void testForm(const PlatformUnderTest& test, int numTypes) {
    std::unique_ptr<ForceType> force(dynamic_cast<ForceType*>(Tests(test).makeForce(numTypes)));
    testCommon(*force);
    std::unique_ptr<ForceType> copy = roundTrip(*force);
    compareCommon(*force, *copy);
    for (int i = 0; i < numTypes*numTypes*numTypes; i++) {
        const auto& expected = force->getTriplet(i/(numTypes*numTypes), i/numTypes%numTypes, i%numTypes);
        const auto& found = copy->getTriplet(i/(numTypes*numTypes), i/numTypes%numTypes, i%numTypes);
        // A record is nothing but its fields.
        ASSERT_EQUAL(sizeof(expected)/sizeof(double), ForceType::Parameters::getFields().size());
        for (const auto& field : ForceType::Parameters::getFields())
            ASSERT_EQUAL(expected.*field.value, found.*field.value);
    }
}

static void testNetwork(const PlatformUnderTest& test, int numTypes) {
    std::unique_ptr<DescriptorNetworkForce> force(dynamic_cast<DescriptorNetworkForce*>(DescriptorNetworkTests(test).makeForce(numTypes)));
    testCommon(*force);
    std::unique_ptr<DescriptorNetworkForce> copy = roundTrip(*force);
    compareCommon(*force, *copy);
    ASSERT_EQUAL(force->getCutoffDistance(), copy->getCutoffDistance());
    ASSERT_EQUAL(force->getShape().angularCutoff, copy->getShape().angularCutoff);
    ASSERT_EQUAL(force->getNumDescriptors(), copy->getNumDescriptors());
    for (int i = 0; i < numTypes; i++) {
        ASSERT(force->getNetwork(i) == copy->getNetwork(i));
        for (int j = 0; j < numTypes; j++) {
            ASSERT_EQUAL(force->getRepulsion(i, j), copy->getRepulsion(i, j));
            ASSERT(force->getRadialCoefficients(i, j) == copy->getRadialCoefficients(i, j));
            ASSERT(force->getAngularCoefficients(i, j) == copy->getAngularCoefficients(i, j));
        }
    }
    // One that is not complete goes the same way.
    DescriptorNetworkForce bare(2, 3);
    testCommon(bare);
    compareCommon(bare, *roundTrip(bare));
}

int main() {
    return report([] {
        PlatformUnderTest test = {Platform::getPlatformByName("Reference"), {}, 1e-12, 1e-5, 1e-7};
        for (int numTypes : {1, 3}) {
            testForm<TersoffForce, TersoffTests>(test, numTypes);
            testForm<StillingerWeberForce, StillingerWeberTests>(test, numTypes);
            testNetwork(test, numTypes);
        }
    });
}
