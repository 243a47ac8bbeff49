#include "DescriptorNetworkForce.h"
#include "internal/DescriptorNetworkComputation.h"
#include "openmm/OpenMMException.h"
#include <cmath>
#include <set>

using namespace CGBridge;
using namespace OpenMM;
using namespace std;

int DescriptorNetworkShape::getNumNetworkParameters() const {
    int total = 0, width = getNumDescriptors();
    for (int neurons : hiddenLayers) {
        total += neurons*(width+1);
        width = neurons;
    }
    return total+width+1;
}

DescriptorNetworkForce::DescriptorNetworkForce(int numTypes, int numReplicas) : CenterForce(numTypes, numReplicas, TYPE_NAME) {
    const size_t numPairs = (size_t) numReplicas*numTypes*numTypes;
    radial.resize(numPairs);
    angular.resize(numPairs);
    repulsion.resize(numPairs);
    networks.resize((size_t) numReplicas*numTypes);
}

void DescriptorNetworkForce::setRadialDescriptors(double cutoff, int numFunctions, int basisSize) {
    if (!(cutoff > 0) || !isfinite(cutoff))
        throw OpenMMException(getName()+": the radial cutoff must be positive, not "+to_string(cutoff)+" nm");
    if (numFunctions < 1 || basisSize < 1)
        throw OpenMMException(getName()+": radial descriptors need at least one function and one polynomial");
    shape.radialCutoff = cutoff;
    shape.radialFunctions = numFunctions;
    shape.radialBasis = basisSize;
    radial.assign(radial.size(), {});
    forgetNetworks();
}

void DescriptorNetworkForce::setAngularDescriptors(double cutoff, int numFunctions, int basisSize, int maxOrder, bool fourBody, bool fiveBody) {
    if (numFunctions < 0)
        throw OpenMMException(getName()+": the number of functions of the angular descriptors must not be negative");
    if (numFunctions > 0) {
        if (!(cutoff > 0) || !isfinite(cutoff))
            throw OpenMMException(getName()+": the angular cutoff must be positive, not "+to_string(cutoff)+" nm");
        if (basisSize < 1)
            throw OpenMMException(getName()+": angular descriptors need at least one polynomial");
        if (maxOrder < 1 || maxOrder > 4)
            throw OpenMMException(getName()+": the order of the angular descriptors must be 1 to 4, not "+to_string(maxOrder));
        if (fourBody && maxOrder < 2)
            throw OpenMMException(getName()+": the descriptors q_n222 need an order of at least 2");
        shape.angularCutoff = cutoff;
        shape.angularFunctions = numFunctions;
        shape.angularBasis = basisSize;
        shape.angularOrder = maxOrder;
        shape.hasFourBody = fourBody;
        shape.hasFiveBody = fiveBody;
    }
    else {
        shape.angularCutoff = 0;
        shape.angularFunctions = shape.angularBasis = shape.angularOrder = 0;
        shape.hasFourBody = shape.hasFiveBody = false;
    }
    angular.assign(angular.size(), {});
    forgetNetworks();
}

void DescriptorNetworkForce::setHiddenLayers(const vector<int>& numNeurons) {
    if (numNeurons.size() != 1 && numNeurons.size() != 2)
        throw OpenMMException(getName()+": a network has one or two hidden layers, not "+to_string(numNeurons.size()));
    for (int neurons : numNeurons)
        if (neurons < 1)
            throw OpenMMException(getName()+": a hidden layer needs at least one neuron");
    shape.hiddenLayers = numNeurons;
    forgetNetworks();
}

void DescriptorNetworkForce::setRadialCoefficients(int type1, int type2, const vector<double>& coefficients, int replica) {
    const int index = getPairIndex(type1, type2, replica);
    checkNumbers(coefficients, shape.radialFunctions*shape.radialBasis, "coefficients of radial functions");
    radial[index] = coefficients;
}

const vector<double>& DescriptorNetworkForce::getRadialCoefficients(int type1, int type2, int replica) const {
    return radial[getPairIndex(type1, type2, replica)];
}

void DescriptorNetworkForce::setAngularCoefficients(int type1, int type2, const vector<double>& coefficients, int replica) {
    const int index = getPairIndex(type1, type2, replica);
    checkNumbers(coefficients, shape.angularFunctions*shape.angularBasis, "coefficients of functions of angular descriptors");
    angular[index] = coefficients;
}

const vector<double>& DescriptorNetworkForce::getAngularCoefficients(int type1, int type2, int replica) const {
    return angular[getPairIndex(type1, type2, replica)];
}

void DescriptorNetworkForce::setNetwork(int type, const vector<double>& parameters, int replica) {
    const int index = getTypeIndex(type, replica);
    if (shape.hiddenLayers.empty() || shape.radialFunctions == 0)
        throw OpenMMException(getName()+": set the descriptors and the hidden layers before the networks");
    checkNumbers(parameters, getNumNetworkParameters(), "numbers of a network");
    networks[index] = parameters;
}

const vector<double>& DescriptorNetworkForce::getNetwork(int type, int replica) const {
    return networks[getTypeIndex(type, replica)];
}

void DescriptorNetworkForce::setRepulsion(int type1, int type2, double strength, int replica) {
    if (!(strength >= 0) || !isfinite(strength))
        throw OpenMMException(getName()+": the repulsion of types "+to_string(type1)+" and "+to_string(type2)+" must not be negative");
    repulsion[getPairIndex(type1, type2, replica)] = repulsion[getPairIndex(type2, type1, replica)] = strength;
}

double DescriptorNetworkForce::getRepulsion(int type1, int type2, int replica) const {
    return repulsion[getPairIndex(type1, type2, replica)];
}

void DescriptorNetworkForce::checkComplete(int replica) const {
    if (shape.radialFunctions == 0 || shape.hiddenLayers.empty())
        throw OpenMMException(getName()+": the radial descriptors and the hidden layers are not set");
    if (shape.angularCutoff > shape.radialCutoff)
        throw OpenMMException(getName()+": the angular cutoff is above the radial one");
    set<int> used;
    for (int particle = 0; particle < getNumParticles(); particle++) {
        int type;
        double weight;
        getParticleParameters(particle, type, weight);
        if (type >= 0 && getParticleReplica(particle) == replica)
            used.insert(type);
    }
    for (int i : used) {
        if (getNetwork(i, replica).empty())
            throw OpenMMException(getName()+": type "+to_string(i)+" has no network");
        for (int j : used)
            if (getRadialCoefficients(i, j, replica).empty() ||
                    (shape.angularFunctions > 0 && getAngularCoefficients(i, j, replica).empty()))
                throw OpenMMException(getName()+": the pair of types ("+to_string(i)+", "+to_string(j)+") has no coefficients."
                                      " Every ordered pair of the types in use needs them");
    }
}

DescriptorNetworkForce* DescriptorNetworkForce::extractReplica(int replica) const {
    auto target = make_unique<DescriptorNetworkForce>(getNumTypes());
    copyReplica(*target, replica);
    target->shape = shape;
    auto copy = [replica] (const auto& from, auto& to) {
        const size_t size = to.size();
        to.assign(from.begin()+replica*size, from.begin()+(replica+1)*size);
    };
    copy(radial, target->radial);
    copy(angular, target->angular);
    copy(networks, target->networks);
    copy(repulsion, target->repulsion);
    return target.release();
}

double DescriptorNetworkForce::getCutoffDistance() const {
    return shape.radialCutoff;
}

unique_ptr<HostComputation> DescriptorNetworkForce::createComputation() const {
    return make_unique<DescriptorNetworkComputation>(*this);
}

int DescriptorNetworkForce::getPairIndex(int type1, int type2, int replica) const {
    getTypeIndex(type2, replica);
    return getTypeIndex(type1, replica)*getNumTypes()+type2;
}

int DescriptorNetworkForce::getTypeIndex(int type, int replica) const {
    if (type < 0 || type >= getNumTypes())
        throw OpenMMException(getName()+": type "+to_string(type)+" is outside the range 0 to "+to_string(getNumTypes()-1));
    checkReplica(replica);
    return replica*getNumTypes()+type;
}

void DescriptorNetworkForce::checkNumbers(const vector<double>& numbers, int expected, const string& what) const {
    if ((int) numbers.size() != expected)
        throw OpenMMException(getName()+": there must be "+to_string(expected)+" "+what+", not "+to_string(numbers.size()));
    for (double number : numbers)
        if (!isfinite(number))
            throw OpenMMException(getName()+": all "+what+" must be finite");
}

void DescriptorNetworkForce::forgetNetworks() {
    networks.assign(networks.size(), {});
}
