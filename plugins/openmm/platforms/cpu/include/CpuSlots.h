#ifndef CGBRIDGE_CPUSLOTS_H_
#define CGBRIDGE_CPUSLOTS_H_

#include "CpuThreads.h"
#include "internal/CellGrid.h"
#include "openmm/Vec3.h"
#include <array>
#include <vector>

namespace CGBridge {

/**
 * Slots for the particles of a force and for those periodic images that are in range of the box,
 * sorted into cells.  Whatever works with slots needs to know nothing about the box.
 *
 * create() decides what the slots hold; follow() brings their coordinates up to date with moved
 * particles and a changed box, as long as every pair of slots that has come within the cutoff was
 * within cutoff+skin at creation.
 */
class CpuSlots {
public:
    /**
     * @param types     the type of each particle; particles of type -1 get no slots
     * @param cutoff    the largest distance of interaction
     * @param skin      the extra distance of pairs that are kept in view
     * @param threads   the threads to use
     */
    CpuSlots(const std::vector<int>& types, double cutoff, double skin, const CpuThreads& threads);
    /**
     * Sort the particles into slots.
     *
     * @return false if a position is not a number, or so large that it has no digits left
     */
    bool create(const std::vector<OpenMM::Vec3>& positions, const PeriodicBox& box);
    /**
     * Bring the coordinates up to date.
     *
     * @return false if particles or box have changed so much that create() must be called
     */
    bool follow(const std::vector<OpenMM::Vec3>& positions, const PeriodicBox& box);
    int getNumSlots() const {
        return (int) particles.size();
    }
    /**
     * Get the slots that hold a particle itself and not an image, in ascending order.
     */
    const std::vector<int>& getCenters() const {
        return centers;
    }
    const std::vector<int>& getParticles() const {
        return particles;
    }
    const std::vector<int>& getTypes() const {
        return slotTypes;
    }
    /**
     * Get the coordinates of each slot in multiples of getLengthUnit(), modulo 2^32.  Differences
     * of near slots are exact in 32-bit arithmetic, however large the system is.
     */
    const int* getIntegerPositions() const {
        return (const int*) integerPositions.data();
    }
    double getLengthUnit() const {
        return lengthUnit;
    }
    /**
     * Get the coordinates of all slots at creation along one axis.
     */
    const float* getCoordinates(int axis) const {
        return coordinates[axis].data();
    }
    /**
     * Get a distance which two slots within cutoff+skin are certainly within when it is computed
     * in single precision.
     */
    float getSearchDistance() const {
        return searchDistance;
    }
    /**
     * Get whether the slots lie so far apart that cells far from each other share a place.  Then
     * getCoordinates() is too coarse, and isInRange() must be used.
     */
    bool isSparse() const {
        return sparse;
    }
    bool isInRange(int slot1, int slot2) const {
        OpenMM::Vec3 delta = createdPositions[slot1]-createdPositions[slot2];
        return delta.dot(delta) < range*range;
    }
    int getCell(int slot) const {
        return cellOfSlot[slot];
    }
    /**
     * Find where the slots in a cell and in the adjacent cells are.
     *
     * @param cell           the cell
     * @param[out] ranges    the first and last+1 slot of each range
     * @return the number of ranges
     */
    int findRanges(int cell, std::array<int, 54>& ranges) const;
private:
    struct Entry {
        OpenMM::Vec3 position;
        int particle, cell;
        std::array<signed char, 3> shift;
    };
    struct Image {
        int slot, source;
        OpenMM::Vec3 shift;
        std::array<int, 4> integerShift;
    };
    /**
     * What a share of the particles, and their images, contribute.  A thread works on one part.
     */
    struct Part {
        /** The particles of the share, as places in the arrays below. */
        IndexRange own;
        std::vector<Entry> entries;
        std::vector<Image> images;
        OpenMM::Vec3 lower, upper;
        /** For each cell, the slot of the next entry. */
        std::vector<int> nextSlot;
        bool isGood;
    };
    /**
     * Run a function on every part.
     *
     * @return whether it left all of them good
     */
    template <class Function>
    bool forEachPart(Function function);
    void createEntries(Part& part, const std::vector<OpenMM::Vec3>& positions);
    void addImages(Part& part, int index, const OpenMM::Vec3& position) const;
    void addBrickImages(Part& part, int index, const OpenMM::Vec3& position) const;
    void createCells();
    void findCells(Part& part) const;
    void createSlots();
    void fillSlots(Part& part);
    bool setBox(const PeriodicBox& newBox);
    bool convert(const std::vector<OpenMM::Vec3>& positions);
    void convert(Part& part, const std::vector<OpenMM::Vec3>& positions);
    bool rewrap(const std::vector<OpenMM::Vec3>& positions);
    std::array<int, 4> toInteger(const OpenMM::Vec3& position) const;
    const std::vector<int> types;
    const CpuThreads threads;
    const double cutoff, range, lengthUnit;
    PeriodicBox box, createdBox;
    double maxDisplacement2 = 0;
    // For each particle of the force: its index, how many box vectors it is away from its slot, the
    // same as a length, its place at creation, and the latter stretched with the box since then.
    std::vector<int> active;
    std::vector<OpenMM::Vec3> wraps, offsets, created, stretched;
    std::vector<int> slotOfActive;
    std::vector<Part> parts;
    // The cells.
    OpenMM::Vec3 origin;
    std::array<int, 3> numCells;
    bool sparse = false, isBrick = false;
    float searchDistance = 0;
    std::vector<int> cellStart;
    // For each slot.
    std::vector<int> particles, slotTypes, cellOfSlot, centers;
    std::vector<char> isImage;
    std::vector<OpenMM::Vec3> createdPositions;
    std::vector<float> coordinates[3];
    std::vector<std::array<int, 4> > integerPositions;
};

} // namespace CGBridge

#endif /*CGBRIDGE_CPUSLOTS_H_*/
