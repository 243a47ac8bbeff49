#ifndef CGBRIDGE_CPUKERNELS_H_
#define CGBRIDGE_CPUKERNELS_H_

#include "CGBridgeKernels.h"
#include "CpuShares.h"
#include "CpuTripletHost.h"
#include "CpuTripletNeighborList.h"
#include <memory>
#include <vector>

namespace CGBridge {

/**
 * What the two CPU kernels share: the neighbour list, the threads and the work space.
 */
class CpuTripletCalculation {
public:
    explicit CpuTripletCalculation(std::unique_ptr<CpuTripletHost> host);
    /**
     * Take over the particles of a force.  A cutoff of zero means that nothing interacts.
     */
    void setParticles(const TripletForce& force, double cutoff);
    /**
     * Compute forces and energy with one of the loops.
     *
     * @param compute   called as compute(first batch, last batch, work space, neighbours, forces)
     */
    template <class Compute>
    double execute(OpenMM::ContextImpl& context, bool includeForces, Compute compute);
    const CpuTripletFunctions& getFunctions() const {
        return functions;
    }
    const CpuTripletInput& getInput() const {
        return neighborList->getInput();
    }
private:
    std::unique_ptr<CpuTripletHost> host;
    const CpuTripletFunctions& functions;
    const CpuThreads threads;
    bool periodic = true;
    /** Null if nothing interacts. */
    std::unique_ptr<CpuTripletNeighborList> neighborList;
    CpuShares shares;
    std::vector<std::vector<float> > workspaces;
    std::vector<double> threadEnergy;
};

/**
 * This kernel is invoked by TersoffForce to calculate the forces and energy on the CPU platform.
 */
class CpuCalcTersoffForceKernel : public CalcTersoffForceKernel {
public:
    CpuCalcTersoffForceKernel(std::string name, const OpenMM::Platform& platform, std::unique_ptr<CpuTripletHost> host);
    void initialize(const OpenMM::System& system, const TripletForce& force) override;
    double execute(OpenMM::ContextImpl& context, bool includeForces, bool includeEnergy) override;
    void copyParametersToContext(OpenMM::ContextImpl& context, const TripletForce& force) override;
private:
    void setParameters(const TersoffForce& force);
    CpuTripletCalculation calculation;
    CpuTersoffTables tables;
    std::vector<std::vector<float> > storage;
};

/**
 * This kernel is invoked by StillingerWeberForce to calculate the forces and energy on the CPU platform.
 */
class CpuCalcStillingerWeberForceKernel : public CalcStillingerWeberForceKernel {
public:
    CpuCalcStillingerWeberForceKernel(std::string name, const OpenMM::Platform& platform, std::unique_ptr<CpuTripletHost> host);
    void initialize(const OpenMM::System& system, const TripletForce& force) override;
    double execute(OpenMM::ContextImpl& context, bool includeForces, bool includeEnergy) override;
    void copyParametersToContext(OpenMM::ContextImpl& context, const TripletForce& force) override;
private:
    void setParameters(const StillingerWeberForce& force);
    CpuTripletCalculation calculation;
    CpuStillingerWeberTables tables;
    std::vector<std::vector<float> > storage;
};

} // namespace CGBridge

#endif /*CGBRIDGE_CPUKERNELS_H_*/
