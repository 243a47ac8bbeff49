#ifndef CGBRIDGE_CPUDESCRIPTORNETWORKTABLEMAKER_H_
#define CGBRIDGE_CPUDESCRIPTORNETWORKTABLEMAKER_H_

#include "CpuFunctions.h"
#include "DescriptorNetworkForce.h"
#include <vector>

namespace CGBridge {

/**
 * Makes tables of the parameters of a DescriptorNetworkForce with one replica, and keeps them alive.
 */
template <>
class CpuTableMaker<DescriptorNetworkForce> {
public:
    explicit CpuTableMaker(const DescriptorNetworkForce& force) : force(force), shape(force.getShape()) {
        force.checkComplete();
    }
    const DescriptorNetworkForce& getForce() const {
        return force;
    }
    double getCutoff() const {
        return shape.radialCutoff;
    }
    double getNearCutoff() const {
        return shape.angularCutoff;
    }
    /**
     * Make a table of zeros.
     */
    float* begin(size_t size) {
        tables.emplace_back(size+CPU_MAX_WIDTH);
        return tables.back().data();
    }
private:
    /** That of a replica lives only while the tables are made. */
    const DescriptorNetworkForce& force;
    const DescriptorNetworkShape shape;
    std::vector<std::vector<float> > tables;
};

} // namespace CGBridge

#endif /*CGBRIDGE_CPUDESCRIPTORNETWORKTABLEMAKER_H_*/
