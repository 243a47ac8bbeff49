#ifndef CGBRIDGE_COMMONNEIGHBORS_H_
#define CGBRIDGE_COMMONNEIGHBORS_H_

#include "KernelArguments.h"
#include "CenterForce.h"
#include "openmm/common/ComputeArray.h"
#include "openmm/common/ComputeContext.h"
#include <array>
#include <memory>
#include <vector>

namespace CGBridge {

/**
 * The neighbour lists of a CenterForce on a device, with the particles sorted into cells.
 *
 * The lists hold pairs up to a skin beyond the cutoff.  The device itself decides when they must be
 * made anew; the host does not wait for it.  A list that outgrows its room is marked as such, and
 * the kernel that uses it goes through the cells instead; now and then the host looks whether more
 * room is needed.
 */
class CommonNeighbors {
public:
    /**
     * Reserve room for all particles of a force.
     */
    CommonNeighbors(OpenMM::ComputeContext& cc, const CenterForce& force);
    /**
     * Take over the types and weights of the particles.  A cutoff of zero means that nothing interacts.
     */
    void setParticles(const CenterForce& force, double cutoff);
    /**
     * Tell the smallest factor by which the box of any replica is stretched, so that the lists reach far enough.
     */
    void setSmallestScale(double scale);
    /**
     * Get in which replicas the last update() found a position that is not a number.  This waits for the device.
     */
    std::vector<bool> findBrokenReplicas();
    /**
     * Get the number of particles that take part in the force and interact.
     */
    int getNumSlots() const {
        return numSlots;
    }
    /**
     * Get the number of cells along the edges of a tile.
     */
    int getTile() const;
    bool isPeriodic() const {
        return periodic;
    }
    /**
     * Bring the slots and lists up to date with the positions.  Nothing is waited for.
     */
    void update();
    /**
     * Add the arguments of a kernel that tell it about the slots and lists.
     */
    void addArrays(KernelArguments& arguments);
    void addSizes(KernelArguments& arguments);
    /**
     * Every now and then, wait for the device and make room for longer lists if there were any.
     *
     * @return the largest number of neighbours within the cutoff that any centre has had since the
     *         last time, or -1 if it is not yet time to look
     */
    int makeRoom();
private:
    void createKernels(int numTypes);
    /** The number of cells of all replicas, with those that fill up the tiles. */
    size_t getTotalCells() const;
    void createCells(const OpenMM::Vec3* box);
    void setScaleFloor(double floor);
    void setBox(const OpenMM::Vec3* box);
    void updateInOneBlock(int mustRebuild, double search2);
    void updateInKernels(int mustRebuild, double search2);
    OpenMM::ComputeContext& cc;
    const bool periodic;
    const int numReplicas;
    bool usesOneBlock;
    /** The largest distance of interaction, and the same and the range of the lists as distances of the unstretched box. */
    double cutoff = 0, listCutoff = 0, range = 0;
    /** No replica is stretched by less than this. */
    double scaleFloor = 1;
    int numSlots = 0, capacity, evaluation = 0;
    std::array<int, 3> numCells = {0, 0, 0};
    std::array<OpenMM::mm_double4, 3> box;
    /** Set by whatever makes the lists invalid; shared with the listener of the context, which may live longer. */
    std::shared_ptr<bool> mustRebuild;
    OpenMM::ComputeArray types, weights, status, brokenReplica;
    OpenMM::ComputeArray cellCount, chunkCount, cellStart, atomCell, unsorted;
    OpenMM::ComputeArray atomSlot, slotAtom, slotCell, slotWeight, slotPos, listPos, listBox, listCount, list;
    KernelArguments oneBlock, checkMotion, countCells, scanCells, fillCells, placeSlots, listNeighbors;
};

} // namespace CGBridge

#endif /*CGBRIDGE_COMMONNEIGHBORS_H_*/
