#include "internal/CellGrid.h"
#include <algorithm>
#include <cmath>

using namespace CGBridge;
using namespace OpenMM;
using namespace std;

// Cells are a little wider than the distance, so that rounding cannot put two particles that are just
// within it into cells that do not touch.
static const double CELL_WIDTH = 1.000001;

PeriodicBox::PeriodicBox(const Vec3* vectors, bool periodic) : periodic(periodic) {
    if (!periodic)
        return;
    for (int axis = 0; axis < 3; axis++) {
        this->vectors[axis] = vectors[axis];
        inverse[axis] = 1/vectors[axis][axis];
    }
}

bool PeriodicBox::operator==(const PeriodicBox& other) const {
    if (periodic != other.periodic)
        return false;
    return !periodic || equal(begin(vectors), end(vectors), begin(other.vectors));
}

void CellGrid::build(const vector<Vec3>& positions, const PeriodicBox& box, double distance) {
    periodic = box.isPeriodic();
    int numParticles = (int) positions.size();

    // The cells are parallelepipeds along the box vectors, so their widths are measured between
    // opposite faces.  Without a box the grid covers the particles.
    Vec3 origin, extent;
    if (periodic) {
        double volume = box[0][0]*box[1][1]*box[2][2];
        for (int axis = 0; axis < 3; axis++) {
            Vec3 face = box[(axis+1)%3].cross(box[(axis+2)%3]);
            extent[axis] = volume/sqrt(face.dot(face));
        }
    }
    else if (numParticles > 0) {
        Vec3 upper = origin = positions[0];
        for (const Vec3& position : positions)
            for (int axis = 0; axis < 3; axis++) {
                origin[axis] = min(origin[axis], position[axis]);
                upper[axis] = max(upper[axis], position[axis]);
            }
        extent = upper-origin;
    }

    // More cells than particles would only cost time, as for a few particles far apart.
    int limit = max(1, (int) cbrt((double) numParticles)+1);
    for (int axis = 0; axis < 3; axis++)
        count[axis] = (int) max(1.0, min((double) limit, floor(extent[axis]/(distance*CELL_WIDTH))));
    cellStart.assign(count[0]*count[1]*count[2]+1, 0);
    cellOfParticle.resize(numParticles);
    order.resize(numParticles);
    for (int i = 0; i < numParticles; i++) {
        Vec3 fraction;
        if (periodic) {
            // Wherever the particle is, its image in the parallelepiped decides.
            fraction = box.getFraction(positions[i]);
            for (int axis = 0; axis < 3; axis++)
                fraction[axis] -= floor(fraction[axis]);
        }
        else
            for (int axis = 0; axis < 3; axis++)
                fraction[axis] = (extent[axis] > 0 ? (positions[i][axis]-origin[axis])/extent[axis] : 0.0);

        // The last cell takes fractions rounded to 1, and those that are not a number.
        int cell = 0;
        for (int axis = 2; axis >= 0; axis--)
            cell = cell*count[axis] + (int) max(0.0, min(count[axis]-1.0, fraction[axis]*count[axis]));
        cellOfParticle[i] = cell;
        cellStart[cell+1]++;
    }
    for (int cell = 0; cell < getNumCells(); cell++)
        cellStart[cell+1] += cellStart[cell];
    vector<int> next(cellStart.begin(), cellStart.end()-1);
    for (int i = 0; i < numParticles; i++)
        order[next[cellOfParticle[i]]++] = i;
}

int CellGrid::getAdjacentCells(int cell, array<int, 27>& adjacent) const {
    int place[3] = {cell%count[0], (cell/count[0])%count[1], cell/(count[0]*count[1])};
    int choices[3][3], numChoices[3];
    for (int axis = 0; axis < 3; axis++) {
        numChoices[axis] = 0;
        for (int offset = -1; offset <= 1; offset++) {
            int neighbor = place[axis]+offset;
            if (periodic)
                neighbor = (neighbor+count[axis])%count[axis];
            else if (neighbor < 0 || neighbor >= count[axis])
                continue;

            // With one or two cells along an axis both sides lead to the same cell.
            if (find(choices[axis], choices[axis]+numChoices[axis], neighbor) == choices[axis]+numChoices[axis])
                choices[axis][numChoices[axis]++] = neighbor;
        }
    }
    int numAdjacent = 0;
    for (int z = 0; z < numChoices[2]; z++)
        for (int y = 0; y < numChoices[1]; y++)
            for (int x = 0; x < numChoices[0]; x++)
                adjacent[numAdjacent++] = (choices[2][z]*count[1]+choices[1][y])*count[0]+choices[0][x];
    return numAdjacent;
}
