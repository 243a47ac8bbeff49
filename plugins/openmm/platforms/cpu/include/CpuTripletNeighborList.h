#ifndef CGBRIDGE_CPUTRIPLETNEIGHBORLIST_H_
#define CGBRIDGE_CPUTRIPLETNEIGHBORLIST_H_

#include "CpuTripletBatch.h"
#include "internal/CellGrid.h"
#include "openmm/Vec3.h"
#include "openmm/internal/ThreadPool.h"
#include <array>
#include <vector>

namespace CGBridge {

/**
 * Keeps a list of the neighbours of every particle, out to a little more than the cutoff, and
 * rebuilds it when a particle has moved so far that a pair could have come into range unseen, or
 * when the box has changed.
 *
 * Periodic images in range of the box are stored as particles of their own, so that nothing that
 * uses the list needs to know about the box.
 */
class CpuTripletNeighborList {
public:
    /**
     * @param types       the type of each particle; particles of type -1 are left out
     * @param weights     the weight of each particle
     * @param cutoff      the largest distance of interaction
     * @param functions   the loops the list is made for
     * @param threads     the threads to use
     */
    CpuTripletNeighborList(const std::vector<int>& types, const std::vector<double>& weights, double cutoff,
                           const CpuTripletFunctions& functions, OpenMM::ThreadPool& threads);
    /**
     * Bring the list up to date with new positions.
     */
    void update(const std::vector<OpenMM::Vec3>& positions, const PeriodicBox& box);
    const CpuTripletInput& getInput() const {
        return input;
    }
    int getNumBatches() const {
        return (int) batches.size();
    }
    /**
     * Get an upper limit for the number of neighbours of any particle in range.
     */
    int getMaxNeighbors() const {
        return maxNeighbors;
    }
    /**
     * Run a function for every thread, in parallel if there is more than one.
     */
    template <class Function>
    void forEachThread(Function function) {
        if (threads.getNumThreads() == 1)
            function(0);
        else {
            threads.execute([&] (OpenMM::ThreadPool&, int thread) { function(thread); });
            threads.waitForThreads();
        }
    }
private:
    void build(const std::vector<OpenMM::Vec3>& positions);
    void createSlots(const std::vector<OpenMM::Vec3>& positions);
    void sortSlots();
    void createBatches();
    void findNeighbors();
    bool convertPositions(const std::vector<OpenMM::Vec3>& positions);
    const std::vector<int> types;
    const std::vector<double> weights;
    const double cutoff, skin;
    const CpuTripletFunctions& functions;
    OpenMM::ThreadPool& threads;
    PeriodicBox box;
    bool isBuilt = false;
    int maxNeighbors = 1;
    double lengthUnit = 1;
    // What each slot holds: the particle, and what must be added to its position.
    struct Slot {
        int particle, cell;
        bool isImage;
        OpenMM::Vec3 offset, position;
    };
    std::vector<Slot> slots, unsortedSlots;
    OpenMM::Vec3 origin;
    int numCells[3];
    std::vector<int> cellStart;
    // The arrays the loops work on.
    CpuTripletInput input;
    std::vector<CpuTripletBatch> batches;
    std::vector<std::array<int, 4> > integerPositions;
    std::vector<float> x, y, z, centerWeights;
    std::vector<int> particles, slotTypes, centers, start, neighbors;
    std::vector<std::vector<int> > threadNeighbors;
};

} // namespace CGBridge

#endif /*CGBRIDGE_CPUTRIPLETNEIGHBORLIST_H_*/
