#include "CpuCenterCalculation.h"
#include "openmm/reference/ReferencePlatform.h"
#include <algorithm>
#include <cstdint>
#include <limits>
#include <numeric>

using namespace CGBridge;
using namespace OpenMM;
using namespace std;

CpuCenterCalculation::CpuCenterCalculation(unique_ptr<CpuKernelHost> host) :
        host(move(host)), threads(this->host->getThreads()), shares(threads.getNumThreads()),
        workspaces(threads.getNumThreads()), threadEnergy(threads.getNumThreads()) {
}

void CpuCenterCalculation::setParticles(const CenterForce& force, double cutoff, double nearCutoff) {
    vector<int> types(force.getNumParticles());
    vector<double> weights(force.getNumParticles());
    for (int i = 0; i < force.getNumParticles(); i++)
        force.getParticleParameters(i, types[i], weights[i]);
    periodic = force.usesPeriodicBoundaryConditions();
    if (periodic)
        host->setPeriodic();
    neighborList.reset();
    if (cutoff > 0)
        neighborList = make_unique<CpuNeighborList>(types, weights, cutoff, nearCutoff, threads);
}

double CpuCenterCalculation::execute(ContextImpl& context, bool includeForces, const GetWorkspaceSize& getWorkspaceSize, const Compute& compute) {
    if (neighborList == nullptr)
        return 0;
    auto& referenceData = *reinterpret_cast<ReferencePlatform::PlatformData*>(context.getPlatformData());
    if (!neighborList->update(*referenceData.positions, PeriodicBox(referenceData.periodicBoxVectors, periodic))) {
        // Nothing that follows from such positions may pass for a result.
        if (includeForces)
            fill_n(referenceData.forces->begin(), referenceData.numParticles, Vec3(1, 1, 1)*numeric_limits<double>::quiet_NaN());
        return numeric_limits<double>::quiet_NaN();
    }
    const size_t workspaceSize = getWorkspaceSize(neighborList->getMaxNeighbors());
    shares.begin(neighborList->getNumBatches(), host->isDeterministic());
    threads.forEachThread([&] (int thread) {
        float* workspace = getWorkspace(thread, workspaceSize);
        float* forces = (includeForces ? host->beginForces(thread) : nullptr);
        double energy = 0;
        shares.take(thread, [&] (int first, int last) {
            energy += compute(neighborList->getInput(), first, last, workspace, neighborList->getMaxNeighbors(), forces);
        });
        threadEnergy[thread] = energy;
    });
    if (includeForces)
        host->finishForces();
    return accumulate(threadEnergy.begin(), threadEnergy.end(), 0.0);
}

/**
 * Get work space for the longest list there is, on a border that suits all vectors.
 */
float* CpuCenterCalculation::getWorkspace(int thread, size_t size) {
    vector<float>& workspace = workspaces[thread];
    const size_t alignment = CPU_MAX_WIDTH;
    if (workspace.size() < size+alignment)
        workspace.resize(size+alignment);
    const size_t misalignment = (reinterpret_cast<uintptr_t>(workspace.data())/sizeof(float))%alignment;
    return workspace.data()+(alignment-misalignment)%alignment;
}
