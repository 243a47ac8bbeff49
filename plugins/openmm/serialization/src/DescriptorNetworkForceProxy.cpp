#include "DescriptorNetworkForceProxy.h"
#include "DescriptorNetworkForce.h"
#include <memory>
#include <vector>

using namespace CGBridge;
using namespace OpenMM;
using namespace std;

namespace {

void writeNumbers(SerializationNode& node, const vector<double>& numbers) {
    for (double number : numbers)
        node.createChildNode("p").setDoubleProperty("v", number);
}

vector<double> readNumbers(const SerializationNode& node) {
    vector<double> numbers;
    for (const SerializationNode& child : node.getChildren())
        numbers.push_back(child.getDoubleProperty("v"));
    return numbers;
}

} // namespace

DescriptorNetworkForceProxy::DescriptorNetworkForceProxy() : CenterForceProxyBase(DescriptorNetworkForce::TYPE_NAME) {
}

void DescriptorNetworkForceProxy::serialize(const void* object, SerializationNode& node) const {
    const auto& force = *reinterpret_cast<const DescriptorNetworkForce*>(object);
    write(force, node);
    const DescriptorNetworkShape& shape = force.getShape();
    node.createChildNode("Radial").setDoubleProperty("cutoff", shape.radialCutoff).setIntProperty("functions", shape.radialFunctions)
            .setIntProperty("basis", shape.radialBasis);
    node.createChildNode("Angular").setDoubleProperty("cutoff", shape.angularCutoff).setIntProperty("functions", shape.angularFunctions)
            .setIntProperty("basis", shape.angularBasis).setIntProperty("order", shape.angularOrder)
            .setBoolProperty("fourBody", shape.hasFourBody).setBoolProperty("fiveBody", shape.hasFiveBody);
    SerializationNode& layers = node.createChildNode("HiddenLayers");
    for (int neurons : shape.hiddenLayers)
        layers.createChildNode("Layer").setIntProperty("neurons", neurons);
    SerializationNode &pairs = node.createChildNode("Pairs"), &networks = node.createChildNode("Networks");
    for (int replica = 0; replica < force.getNumReplicas(); replica++)
        for (int i = 0; i < force.getNumTypes(); i++) {
            if (!force.getNetwork(i, replica).empty())
                writeNumbers(networks.createChildNode("Network").setIntProperty("type", i).setIntProperty("replica", replica),
                             force.getNetwork(i, replica));
            for (int j = 0; j < force.getNumTypes(); j++) {
                SerializationNode& pair = pairs.createChildNode("Pair");
                pair.setIntProperty("type1", i).setIntProperty("type2", j).setIntProperty("replica", replica)
                        .setDoubleProperty("repulsion", force.getRepulsion(i, j, replica));
                writeNumbers(pair.createChildNode("Radial"), force.getRadialCoefficients(i, j, replica));
                writeNumbers(pair.createChildNode("Angular"), force.getAngularCoefficients(i, j, replica));
            }
        }
}

void* DescriptorNetworkForceProxy::deserialize(const SerializationNode& node) const {
    checkVersion(node);
    auto force = make_unique<DescriptorNetworkForce>(node.getIntProperty("numTypes"), node.getIntProperty("numReplicas", 1));
    read(*force, node);
    const SerializationNode &radial = node.getChildNode("Radial"), &angular = node.getChildNode("Angular");
    if (radial.getIntProperty("functions") > 0)
        force->setRadialDescriptors(radial.getDoubleProperty("cutoff"), radial.getIntProperty("functions"), radial.getIntProperty("basis"));
    force->setAngularDescriptors(angular.getDoubleProperty("cutoff"), angular.getIntProperty("functions"), angular.getIntProperty("basis"),
                                 angular.getIntProperty("order"), angular.getBoolProperty("fourBody"), angular.getBoolProperty("fiveBody"));
    vector<int> layers;
    for (const SerializationNode& layer : node.getChildNode("HiddenLayers").getChildren())
        layers.push_back(layer.getIntProperty("neurons"));
    if (!layers.empty())
        force->setHiddenLayers(layers);
    for (const SerializationNode& pair : node.getChildNode("Pairs").getChildren()) {
        const int type1 = pair.getIntProperty("type1"), type2 = pair.getIntProperty("type2"), replica = pair.getIntProperty("replica");
        const vector<double> ofRadial = readNumbers(pair.getChildNode("Radial")), ofAngular = readNumbers(pair.getChildNode("Angular"));
        force->setRepulsion(type1, type2, pair.getDoubleProperty("repulsion"), replica);
        if (!ofRadial.empty())
            force->setRadialCoefficients(type1, type2, ofRadial, replica);
        if (!ofAngular.empty())
            force->setAngularCoefficients(type1, type2, ofAngular, replica);
    }
    for (const SerializationNode& network : node.getChildNode("Networks").getChildren())
        force->setNetwork(network.getIntProperty("type"), readNumbers(network), network.getIntProperty("replica"));
    return force.release();
}
