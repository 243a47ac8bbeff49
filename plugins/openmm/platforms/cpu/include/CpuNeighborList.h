#ifndef CGBRIDGE_CPUNEIGHBORLIST_H_
#define CGBRIDGE_CPUNEIGHBORLIST_H_

#include "CpuThreads.h"
#include "CpuFunctions.h"
#include "CpuSlots.h"
#include "openmm/Vec3.h"
#include <vector>

namespace CGBridge {

/**
 * Keeps a list of the neighbours of every particle, out to a little more than the cutoff, and
 * rebuilds it when a pair could have come into range unseen.
 */
class CpuNeighborList {
public:
    /**
     * @param types        the type of each particle; particles of type -1 are left out
     * @param weights      the weight of each particle
     * @param cutoff       the largest distance of interaction, not zero
     * @param nearCutoff   the distance within which neighbours cost most, or 0: centres with similar numbers of them
     *                     share a batch
     * @param threads      the threads to use
     */
    CpuNeighborList(const std::vector<int>& types, const std::vector<double>& weights, double cutoff, double nearCutoff,
                    const CpuThreads& threads);
    /**
     * Bring the list up to date with new positions.
     *
     * @return false if a position is not a number, or beyond all bounds
     */
    bool update(const std::vector<OpenMM::Vec3>& positions, const PeriodicBox& box);
    const CpuCenterInput& getInput() const {
        return input;
    }
    int getNumBatches() const {
        return (int) batches.size();
    }
    /**
     * Get an upper limit for the number of neighbours of any particle, at least one vector.
     */
    int getMaxNeighbors() const {
        return maxNeighbors;
    }
private:
    // The neighbours that one thread has found, and how many of them are within the cutoff now.
    struct Found {
        std::vector<int> neighbors;
        size_t total;
    };
    struct Center {
        int slot, thread, count, numInRange;
        size_t first;
    };
    void findNeighbors();
    void findNeighbors(int thread);
    void sortCenters();
    void createBatches();
    void copyNeighbors();
    const std::vector<double> weights;
    const double cutoff, sortCutoff;
    const CpuFunctions& functions;
    const CpuThreads threads;
    CpuSlots slots;
    bool isBuilt = false;
    int maxNeighbors = 0;
    std::vector<Found> found;
    std::vector<Center> centers, sortedCenters;
    // The arrays the loops work on.
    CpuCenterInput input;
    std::vector<CpuCenterBatch> batches;
    std::vector<float> centerWeights;
    std::vector<int> centerSlots, start, neighbors;
};

} // namespace CGBridge

#endif /*CGBRIDGE_CPUNEIGHBORLIST_H_*/
