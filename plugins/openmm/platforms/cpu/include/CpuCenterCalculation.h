#ifndef CGBRIDGE_CPUCENTERCALCULATION_H_
#define CGBRIDGE_CPUCENTERCALCULATION_H_

#include "CpuFunctions.h"
#include "CpuKernelHost.h"
#include "CpuNeighborList.h"
#include "CpuShares.h"
#include "CenterForce.h"
#include "openmm/internal/ContextImpl.h"
#include <functional>
#include <memory>
#include <vector>

namespace CGBridge {

/**
 * Sums up the energies of centres and their forces, whatever the form: it keeps the neighbour list, shares out the
 * batches among the threads, and gives them work space and a place for the forces.
 */
class CpuCenterCalculation {
public:
    /**
     * The loops of a form with their parameters: computes the batches from first to last-1.
     */
    using Compute = std::function<double(const CpuCenterInput& input, int first, int last, float* workspace, int maxNeighbors, float* forces)>;
    using GetWorkspaceSize = std::function<size_t(int maxNeighbors)>;
    explicit CpuCenterCalculation(std::unique_ptr<CpuKernelHost> host);
    /**
     * Take over the particles of a force.  A cutoff of zero means that nothing interacts.
     *
     * @param nearCutoff    see CpuNeighborList
     */
    void setParticles(const CenterForce& force, double cutoff, double nearCutoff);
    /**
     * Add the forces and return the energy.
     *
     * @param getWorkspaceSize   see CpuLoops
     */
    double execute(OpenMM::ContextImpl& context, bool includeForces, const GetWorkspaceSize& getWorkspaceSize, const Compute& compute);
private:
    float* getWorkspace(int thread, size_t size);
    std::unique_ptr<CpuKernelHost> host;
    const CpuThreads threads;
    bool periodic = true;
    /** Null if nothing interacts. */
    std::unique_ptr<CpuNeighborList> neighborList;
    CpuShares shares;
    std::vector<std::vector<float> > workspaces;
    std::vector<double> threadEnergy;
};

} // namespace CGBridge

#endif /*CGBRIDGE_CPUCENTERCALCULATION_H_*/
