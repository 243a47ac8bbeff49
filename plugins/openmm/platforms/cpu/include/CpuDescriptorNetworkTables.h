#ifndef CGBRIDGE_CPUDESCRIPTORNETWORKTABLES_H_
#define CGBRIDGE_CPUDESCRIPTORNETWORKTABLES_H_

#include "CpuTables.h"

namespace CGBridge {

class DescriptorNetworkForce;

/**
 * The coefficients of the pair (i, j) are radial[(i*numTypes+j)*radialFunctions*radialBasis+n*radialBasis+k], and
 * angular[((i*angularFunctions+n)*angularBasis+k)*numTypes+j], where a vector looks up those of several j.  The
 * network of type i begins at networks[i*networkSize], in the order of DescriptorNetworkForce::setNetwork().
 */
template <>
struct CpuTables<DescriptorNetworkForce> {
    int numTypes;
    int radialFunctions, radialBasis, angularFunctions, angularBasis, angularOrder, numDescriptors;
    bool hasFourBody, hasFiveBody;
    int numLayers, neurons[2], maxNeurons, networkSize;
    float angularCutoff, inverseRadialCutoff, inverseAngularCutoff;
    /** 1/rc^12 and 1/rc^13, of the repulsion 1/2 C (r^-12 - 13/rc^12 + 12 r/rc^13); halfRepulsion is C/2 of (i, j). */
    bool hasRepulsion;
    float repulsionEdge, repulsionSlope;
    const float *radial, *angular, *networks, *halfRepulsion;
};

CpuTables<DescriptorNetworkForce> makeTables(CpuTableMaker<DescriptorNetworkForce>& make);

} // namespace CGBridge

#endif /*CGBRIDGE_CPUDESCRIPTORNETWORKTABLES_H_*/
