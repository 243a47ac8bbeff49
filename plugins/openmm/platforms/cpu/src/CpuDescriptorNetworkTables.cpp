#include "CpuDescriptorNetworkTableMaker.h"
#include "CpuDescriptorNetworkTables.h"
#include <algorithm>
#include <cmath>

using namespace std;

namespace CGBridge {

CpuTables<DescriptorNetworkForce> makeTables(CpuTableMaker<DescriptorNetworkForce>& make) {
    const DescriptorNetworkForce& force = make.getForce();
    const DescriptorNetworkShape& shape = force.getShape();
    CpuTables<DescriptorNetworkForce> t = {};
    t.numTypes = force.getNumTypes();
    t.radialFunctions = shape.radialFunctions;
    t.radialBasis = shape.radialBasis;
    t.angularFunctions = shape.angularFunctions;
    t.angularBasis = shape.angularBasis;
    t.angularOrder = shape.angularOrder;
    t.numDescriptors = shape.getNumDescriptors();
    t.hasFourBody = shape.hasFourBody;
    t.hasFiveBody = shape.hasFiveBody;
    t.numLayers = (int) shape.hiddenLayers.size();
    copy(shape.hiddenLayers.begin(), shape.hiddenLayers.end(), t.neurons);
    t.maxNeurons = *max_element(shape.hiddenLayers.begin(), shape.hiddenLayers.end());
    t.networkSize = shape.getNumNetworkParameters();
    t.angularCutoff = (float) shape.angularCutoff;
    t.inverseRadialCutoff = (float) (1/shape.radialCutoff);
    t.inverseAngularCutoff = (shape.angularFunctions > 0 ? (float) (1/shape.angularCutoff) : 0.0f);
    const int n = t.numTypes, radialSize = t.radialFunctions*t.radialBasis, angularSize = t.angularFunctions*t.angularBasis;
    float *radial = make.begin((size_t) n*n*radialSize), *angular = make.begin((size_t) n*n*angularSize),
            *networks = make.begin((size_t) n*t.networkSize), *halfRepulsion = make.begin((size_t) n*n);
    // Those of types that no particle has may be missing.
    for (int i = 0; i < n; i++) {
        const vector<double>& network = force.getNetwork(i);
        copy(network.begin(), network.end(), networks+(size_t) i*t.networkSize);
        for (int j = 0; j < n; j++) {
            halfRepulsion[i*n+j] = (float) (0.5*force.getRepulsion(i, j));
            t.hasRepulsion |= (force.getRepulsion(i, j) > 0);
            const vector<double> &ofRadial = force.getRadialCoefficients(i, j), &ofAngular = force.getAngularCoefficients(i, j);
            copy(ofRadial.begin(), ofRadial.end(), radial+(size_t) (i*n+j)*radialSize);
            for (size_t index = 0; index < ofAngular.size(); index++)
                angular[((size_t) i*angularSize+index)*n+j] = (float) ofAngular[index];
        }
    }
    t.radial = radial;
    t.angular = angular;
    t.networks = networks;
    t.halfRepulsion = halfRepulsion;
    t.repulsionEdge = (float) pow(shape.radialCutoff, -12);
    t.repulsionSlope = (float) pow(shape.radialCutoff, -13);
    return t;
}

} // namespace CGBridge
