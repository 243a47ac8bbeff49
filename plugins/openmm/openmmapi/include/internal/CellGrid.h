#ifndef CGBRIDGE_CELLGRID_H_
#define CGBRIDGE_CELLGRID_H_

#include "internal/windowsExportCGBridge.h"
#include "openmm/Vec3.h"
#include <array>
#include <cmath>
#include <vector>

namespace CGBridge {

/**
 * The periodic box in OpenMM's reduced form, or no box at all.
 */
class CGBRIDGE_EXPORT PeriodicBox {
public:
    PeriodicBox() = default;
    /**
     * @param vectors     the three box vectors
     * @param periodic    if false, the vectors are ignored
     */
    PeriodicBox(const OpenMM::Vec3* vectors, bool periodic);
    bool isPeriodic() const {
        return periodic;
    }
    const OpenMM::Vec3& operator[](int axis) const {
        return vectors[axis];
    }
    bool operator==(const PeriodicBox& other) const;
    /**
     * Find the image of a displacement that is in range.  Any displacement shorter than half the
     * smallest diagonal element of the box vectors has exactly one such image, and this is it;
     * for longer ones the result is some image.
     */
    OpenMM::Vec3 image(OpenMM::Vec3 delta) const {
        if (periodic)
            for (int axis = 2; axis >= 0; axis--)
                delta -= vectors[axis]*std::floor(delta[axis]*inverse[axis]+0.5);
        return delta;
    }
    /**
     * Count how many times each box vector must be subtracted from a finite position to move it into
     * the box, or to within half a box of the origin if the rounding is 0.5.
     */
    OpenMM::Vec3 countBoxes(OpenMM::Vec3 position, double rounding = 0) const {
        OpenMM::Vec3 count;
        if (periodic)
            for (int axis = 2; axis >= 0; axis--) {
                // Faster than floor() where that is a function call.
                double quotient = position[axis]*inverse[axis]+rounding, truncated = (double) (long long) quotient;
                count[axis] = truncated-(quotient < truncated);
                position -= vectors[axis]*count[axis];
            }
        return count;
    }
    /**
     * Get a sum of multiples of the box vectors; zero without a box.
     */
    OpenMM::Vec3 combine(const OpenMM::Vec3& count) const {
        return periodic ? vectors[0]*count[0]+vectors[1]*count[1]+vectors[2]*count[2] : OpenMM::Vec3();
    }
    /**
     * Get 1 over the diagonal elements of the box vectors.
     */
    const OpenMM::Vec3& getInverse() const {
        return inverse;
    }
    /**
     * Express a position in multiples of the box vectors.
     */
    OpenMM::Vec3 getFraction(OpenMM::Vec3 position) const {
        OpenMM::Vec3 fraction;
        for (int axis = 2; axis >= 0; axis--) {
            fraction[axis] = position[axis]*inverse[axis];
            position -= vectors[axis]*fraction[axis];
        }
        return fraction;
    }
    /**
     * Move a position into the box.
     */
    OpenMM::Vec3 wrap(OpenMM::Vec3 position) const {
        if (periodic)
            for (int axis = 2; axis >= 0; axis--)
                position -= vectors[axis]*std::floor(position[axis]*inverse[axis]);
        return position;
    }
private:
    bool periodic = false;
    OpenMM::Vec3 vectors[3], inverse;
};

/**
 * Sorts particles into cells at least as wide as a distance, so that all particles within that
 * distance of a particle are in its own and the adjacent cells.
 */
class CGBRIDGE_EXPORT CellGrid {
public:
    /**
     * Sort particles into cells.
     *
     * @param positions    the positions, of which those in a box may be any of the particle's images
     * @param box          the box
     * @param distance     the distance at which pairs are looked for
     */
    void build(const std::vector<OpenMM::Vec3>& positions, const PeriodicBox& box, double distance);
    int getNumCells() const {
        return (int) cellStart.size()-1;
    }
    /**
     * Get the particles in the order of the cells.
     */
    const std::vector<int>& getOrder() const {
        return order;
    }
    /**
     * Get the place in the order where the particles of a cell begin; those of the last cell end at
     * getCellStart(getNumCells()).
     */
    int getCellStart(int cell) const {
        return cellStart[cell];
    }
    /**
     * Get the cell and its adjacent cells, each once.
     *
     * @param cell             the cell
     * @param[out] adjacent    the cells
     * @return the number of cells
     */
    int getAdjacentCells(int cell, std::array<int, 27>& adjacent) const;
private:
    bool periodic = false;
    int count[3] = {1, 1, 1};
    std::vector<int> order, cellStart, cellOfParticle;
};

} // namespace CGBridge

#endif /*CGBRIDGE_CELLGRID_H_*/
