#ifndef CGBRIDGE_DESCRIPTORNETWORKCOMPUTATION_H_
#define CGBRIDGE_DESCRIPTORNETWORKCOMPUTATION_H_

#include "CenterComputation.h"
#include "DescriptorNetworkForce.h"
#include <vector>

namespace CGBridge {

/**
 * Computes a DescriptorNetworkForce on the host in double precision.  Angular descriptors are sums over pairs of
 * neighbours, as they are defined.
 */
class CGBRIDGE_EXPORT DescriptorNetworkComputation : public CenterComputation {
public:
    /**
     * Throws an OpenMMException if parameters of types that occur among the particles are missing.
     */
    explicit DescriptorNetworkComputation(const DescriptorNetworkForce& force);
protected:
    double computeCenter(int type, std::vector<CenterNeighbor>& neighbors) const override;
private:
    double computeNetwork(const std::vector<double>& network, const std::vector<double>& q, std::vector<double>& slopes) const;
    int getAngularIndex(int function, int term) const {
        return shape.radialFunctions+term*shape.angularFunctions+function;
    }
    const DescriptorNetworkShape shape;
    const int numTypes;
    std::vector<std::vector<double> > radial, angular, networks;
    std::vector<double> repulsion;
};

} // namespace CGBridge

#endif /*CGBRIDGE_DESCRIPTORNETWORKCOMPUTATION_H_*/
