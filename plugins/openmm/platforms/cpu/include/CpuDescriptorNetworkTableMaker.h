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
    explicit CpuTableMaker(const DescriptorNetworkForce& force) : force(force) {
        force.checkComplete();
    }
    const DescriptorNetworkForce& getForce() const {
        return force;
    }
    double getCutoff() const {
        return force.getCutoffDistance();
    }
    double getNearCutoff() const {
        return force.getShape().angularCutoff;
    }
    /**
     * Make a table of zeros.
     */
    float* begin(size_t size) {
        tables.emplace_back(size+CPU_MAX_WIDTH);
        return tables.back().data();
    }
private:
    /** Read while the tables are made. */
    const DescriptorNetworkForce& force;
    std::vector<std::vector<float> > tables;
};

} // namespace CGBridge

#endif /*CGBRIDGE_CPUDESCRIPTORNETWORKTABLEMAKER_H_*/
