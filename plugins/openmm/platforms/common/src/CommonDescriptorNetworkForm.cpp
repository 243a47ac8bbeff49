#include "CommonCGBridgeKernelSources.h"
#include "CommonForms.h"
#include <algorithm>
#include <cmath>

using namespace CGBridge;
using namespace OpenMM;
using namespace std;

CommonForm CGBridge::getForm(const DescriptorNetworkForce& force, ComputeContext& cc) {
    const DescriptorNetworkShape& shape = force.getShape();
    const int secondLayer = (shape.hiddenLayers.size() > 1 ? shape.hiddenLayers[1] : 0), numHarmonics = shape.angularOrder*(shape.angularOrder+2);
    CommonForm form;
    form.source = CommonCGBridgeKernelSources::descriptorNetwork;
    form.defines["RADIAL_FUNCTIONS"] = cc.intToString(shape.radialFunctions);
    form.defines["RADIAL_BASIS"] = cc.intToString(shape.radialBasis);
    form.defines["ANGULAR_FUNCTIONS"] = cc.intToString(shape.angularFunctions);
    form.defines["ANGULAR_BASIS"] = cc.intToString(shape.angularBasis);
    form.defines["ORDER"] = cc.intToString(shape.angularOrder);
    form.defines["NUM_DESCRIPTORS"] = cc.intToString(shape.getNumDescriptors());
    form.defines["FIRST_LAYER"] = cc.intToString(shape.hiddenLayers[0]);
    form.defines["SECOND_LAYER"] = cc.intToString(secondLayer);
    form.defines["RADIAL_CUTOFF"] = cc.doubleToString(shape.radialCutoff);
    form.defines["ANGULAR_CUTOFF"] = cc.doubleToString(shape.angularCutoff);
    if (shape.hasFourBody)
        form.defines["FOUR_BODY"] = cc.doubleToString(-4.5*sqrt(2.0/35.0)*pow(5/(4*M_PI), 1.5));
    if (shape.hasFiveBody)
        form.defines["FIVE_BODY"] = cc.doubleToString(7.0/15.0*pow(3/(4*M_PI), 2));
    form.intsPerNeighbor = 1;
    form.realsPerCenter = shape.getNumDescriptors()+shape.angularFunctions*numHarmonics+shape.hiddenLayers[0]+secondLayer+1;
    form.realsPerThread = shape.radialFunctions;
    form.neighborsPerLane = 8;
    form.groupsTogether = 2;
    form.hasManyNeighbors = true;
    return form;
}

CommonTables CGBridge::getTables(const DescriptorNetworkForce& force, int replica, bool useDoublePrecision) {
    const DescriptorNetworkShape& shape = force.getShape();
    CommonTables tables;
    tables.cutoff = shape.radialCutoff;
    // Those of types that no particle has may be missing.
    auto append = [] (vector<double>& table, const vector<double>& numbers, int size) {
        table.insert(table.end(), numbers.begin(), numbers.end());
        table.resize(table.size()+size-numbers.size(), 0.0);
    };
    for (int i = 0; i < force.getNumTypes(); i++) {
        append(tables.centers, force.getNetwork(i, replica), shape.getNumNetworkParameters());
        for (int j = 0; j < force.getNumTypes(); j++) {
            append(tables.pairs, force.getRadialCoefficients(i, j, replica), shape.radialFunctions*shape.radialBasis);
            append(tables.pairs, force.getAngularCoefficients(i, j, replica), shape.angularFunctions*shape.angularBasis);
            tables.pairs.push_back(0.5*force.getRepulsion(i, j, replica));
        }
    }
    return tables;
}
