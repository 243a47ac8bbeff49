#include "CpuSlots.h"
#include <algorithm>
#include <cmath>
#include <cstdint>

using namespace CGBridge;
using namespace OpenMM;
using namespace std;

// Beyond a metre from the origin a double holds too few digits of a nanometre to be a position.
static const double MAX_COORDINATE = 1e9;

static int roundDown(double x) {
    int truncated = (int) x;
    return truncated-(x < truncated);
}

// Cells are a little wider than the range.
static const double CELL_WIDTH = 1.0001;

// Differences of slots in the list must fit into 31 bits; they stay below twice the range.
CpuSlots::CpuSlots(const vector<int>& types, double cutoff, double skin, const CpuThreads& threads) :
        types(types), threads(threads), cutoff(cutoff), range(cutoff+skin), lengthUnit(16*(cutoff+skin)/4294967296.0) {
    for (int particle = 0; particle < (int) types.size(); particle++)
        if (types[particle] >= 0)
            active.push_back(particle);
    for (vector<Vec3>* values : {&wraps, &offsets, &created, &stretched})
        values->resize(active.size());
    slotOfActive.resize(active.size());
    parts.resize((int) active.size() < threads.getMinParticles() ? 1 : threads.getNumThreads());
    for (size_t i = 0; i < parts.size(); i++)
        parts[i].own = IndexRange::share(active.size(), i, parts.size());
}

template <class Function>
bool CpuSlots::forEachPart(Function function) {
    for (Part& part : parts)
        part.isGood = true;
    if (parts.size() == 1)
        function(parts[0]);
    else
        threads.forEachThread([&] (int thread) { function(parts[thread]); });
    bool allGood = true;
    for (const Part& part : parts)
        allGood &= part.isGood;
    return allGood;
}

bool CpuSlots::create(const vector<Vec3>& positions, const PeriodicBox& newBox) {
    // In the order of the slots the particles of a part lie together, and so does what its thread writes.
    for (size_t i = 0; i < centers.size(); i++)
        active[i] = particles[centers[i]];
    box = createdBox = newBox;
    isBrick = (box[1][0] == 0 && box[2][0] == 0 && box[2][1] == 0);
    for (int axis = 0; axis < 3; axis++)
        isBrick &= (box[axis][axis] > range);
    if (!forEachPart([&] (Part& part) { createEntries(part, positions); }))
        return false;
    createCells();
    createSlots();
    return setBox(box) && convert(positions);
}

/**
 * Move every particle into the box and add its images that are in range of it.
 */
void CpuSlots::createEntries(Part& part, const vector<Vec3>& positions) {
    part.entries.clear();
    for (int index = part.own.first; index < part.own.last; index++) {
        Vec3 position = positions[active[index]];
        for (int axis = 0; axis < 3; axis++)
            if (!(abs(position[axis]) < MAX_COORDINATE)) {
                part.isGood = false;
                return;
            }
        wraps[index] = -box.countBoxes(position);
        created[index] = position+box.combine(wraps[index]);
        part.entries.push_back({created[index], index, 0, {0, 0, 0}});
        if (box.isPeriodic())
            addImages(part, index, created[index]);
    }
    if (part.entries.empty())
        return;
    part.lower = part.upper = part.entries[0].position;
    for (const Entry& entry : part.entries)
        for (int axis = 0; axis < 3; axis++) {
            part.lower[axis] = min(part.lower[axis], entry.position[axis]);
            part.upper[axis] = max(part.upper[axis], entry.position[axis]);
        }
}

/**
 * Add the images of a particle.  The box is taken as the brick with the diagonal of the box vectors
 * as its edges, into which PeriodicBox::wrap() moves particles, also if the vectors are not
 * orthogonal.
 */
void CpuSlots::addImages(Part& part, int index, const Vec3& position) const {
    bool isInside = true;
    for (int axis = 0; axis < 3; axis++)
        isInside &= (position[axis] > range && position[axis] < box[axis][axis]-range);
    if (isInside)
        return;
    if (isBrick) {
        addBrickImages(part, index, position);
        return;
    }
    const Vec3& inverse = box.getInverse();
    auto first = [&] (int axis, double x) { return -roundDown((range+x)*inverse[axis]); };
    auto last = [&] (int axis, double x) { return roundDown((box[axis][axis]+range-x)*inverse[axis]); };
    for (int c = first(2, position[2]), lastC = last(2, position[2]); c <= lastC; c++) {
        double y = position[1]+box[2][1]*c;
        for (int b = first(1, y), lastB = last(1, y); b <= lastB; b++) {
            double x = position[0]+box[2][0]*c+box[1][0]*b;
            for (int a = first(0, x), lastA = last(0, x); a <= lastA; a++)
                if (a != 0 || b != 0 || c != 0)
                    part.entries.push_back({position+box.combine(Vec3(a, b, c)), index, 0, {(signed char) a, (signed char) b, (signed char) c}});
        }
    }
}

/**
 * Add the images of a particle in a box with orthogonal vectors longer than the range.
 */
void CpuSlots::addBrickImages(Part& part, int index, const Vec3& position) const {
    signed char shifts[3][3];
    int numShifts[3];
    for (int axis = 0; axis < 3; axis++) {
        signed char* own = shifts[axis];
        *own++ = 0;
        if (position[axis] <= range)
            *own++ = 1;
        if (position[axis] >= box[axis][axis]-range)
            *own++ = -1;
        numShifts[axis] = (int) (own-shifts[axis]);
    }
    for (int c = 0; c < numShifts[2]; c++)
        for (int b = 0; b < numShifts[1]; b++)
            for (int a = (b == 0 && c == 0 ? 1 : 0); a < numShifts[0]; a++) {
                signed char x = shifts[0][a], y = shifts[1][b], z = shifts[2][c];
                Vec3 shift(box[0][0]*x, box[1][1]*y, box[2][2]*z);
                part.entries.push_back({position+shift, index, 0, {x, y, z}});
            }
}

/**
 * Sort the entries into cells a little wider than the range.
 */
void CpuSlots::createCells() {
    const double width = range*CELL_WIDTH;
    Vec3 upper;
    origin = Vec3();
    size_t numEntries = 0;
    for (const Part& part : parts) {
        if (part.entries.empty())
            continue;
        for (int axis = 0; axis < 3; axis++) {
            origin[axis] = (numEntries == 0 ? part.lower[axis] : min(origin[axis], part.lower[axis]));
            upper[axis] = (numEntries == 0 ? part.upper[axis] : max(upper[axis], part.upper[axis]));
        }
        numEntries += part.entries.size();
    }
    Vec3 extent = upper-origin;

    // A particle that has evaporated must not make the number of cells explode, so cells far from
    // each other may share a place.
    const int limit = 2*(int) cbrt((double) numEntries)+8;
    sparse = false;
    double largest = 0;
    for (int axis = 0; axis < 3; axis++) {
        double wanted = floor(extent[axis]/width)+1;
        sparse |= (wanted > limit);
        numCells[axis] = (int) min(wanted, (double) limit);
        largest = max(largest, extent[axis]);
    }

    // Each coordinate has an error of up to half a unit in the last place.
    searchDistance = (float) (range*1.000001+4e-7*largest);
    forEachPart([&] (Part& part) { findCells(part); });

    // Within a cell the parts follow one another.
    cellStart.resize(numCells[0]*numCells[1]*numCells[2]+1);
    int next = 0;
    for (size_t cell = 0; cell+1 < cellStart.size(); cell++) {
        cellStart[cell] = next;
        for (Part& part : parts) {
            int count = part.nextSlot[cell];
            part.nextSlot[cell] = next;
            next += count;
        }
    }
    cellStart.back() = next;
}

/**
 * Find the cell of each entry, and count the entries in each cell.
 */
void CpuSlots::findCells(Part& part) const {
    const double inverseWidth = 1/(range*CELL_WIDTH);
    part.nextSlot.assign(numCells[0]*numCells[1]*numCells[2], 0);
    for (Entry& entry : part.entries) {
        entry.cell = 0;
        for (int axis = 2; axis >= 0; axis--) {
            int64_t place = (int64_t) ((entry.position[axis]-origin[axis])*inverseWidth);
            if (place >= numCells[axis])
                place %= numCells[axis];
            entry.cell = entry.cell*numCells[axis]+(int) place;
        }
        part.nextSlot[entry.cell]++;
    }
}

void CpuSlots::createSlots() {
    const size_t numSlots = cellStart.back();
    for (vector<int>* values : {&particles, &slotTypes, &cellOfSlot})
        values->resize(numSlots);
    for (vector<float>& values : coordinates)
        values.resize(numSlots);
    createdPositions.resize(numSlots);
    integerPositions.resize(numSlots);
    isImage.resize(numSlots);
    forEachPart([&] (Part& part) { fillSlots(part); });
    centers.clear();
    for (int slot = 0; slot < (int) numSlots; slot++)
        if (!isImage[slot])
            centers.push_back(slot);
}

void CpuSlots::fillSlots(Part& part) {
    part.images.clear();
    for (const Entry& entry : part.entries) {
        int slot = part.nextSlot[entry.cell]++;
        particles[slot] = active[entry.particle];
        slotTypes[slot] = types[active[entry.particle]];
        cellOfSlot[slot] = entry.cell;
        createdPositions[slot] = entry.position;
        for (int axis = 0; axis < 3; axis++)
            coordinates[axis][slot] = (float) (entry.position[axis]-origin[axis]);

        // The entry of the particle itself comes before those of its images.
        const auto& shift = entry.shift;
        isImage[slot] = (shift[0] != 0 || shift[1] != 0 || shift[2] != 0);
        if (!isImage[slot])
            slotOfActive[entry.particle] = slot;
        else
            part.images.push_back({slot, slotOfActive[entry.particle], Vec3(shift[0], shift[1], shift[2]), {}});
    }
}

int CpuSlots::findRanges(int cell, array<int, 54>& ranges) const {
    int choices[3][3], numChoices[3];
    int place[3] = {cell%numCells[0], (cell/numCells[0])%numCells[1], cell/(numCells[0]*numCells[1])};
    for (int axis = 0; axis < 3; axis++) {
        numChoices[axis] = 0;
        for (int offset = -1; offset <= 1; offset++) {
            int neighbor = place[axis]+offset;
            if (sparse && numCells[axis] > 3)
                neighbor = (neighbor+numCells[axis])%numCells[axis];
            if (neighbor >= 0 && neighbor < numCells[axis])
                choices[axis][numChoices[axis]++] = neighbor;
        }
    }
    int numRanges = 0;
    for (int z = 0; z < numChoices[2]; z++)
        for (int y = 0; y < numChoices[1]; y++) {
            int row = (choices[2][z]*numCells[1]+choices[1][y])*numCells[0];
            for (int x = 0; x < numChoices[0]; x++) {
                int first = cellStart[row+choices[0][x]], last = cellStart[row+choices[0][x]+1];
                if (x > 0 && first == ranges[2*numRanges-1])
                    ranges[2*numRanges-1] = last;
                else {
                    ranges[2*numRanges] = first;
                    ranges[2*numRanges+1] = last;
                    numRanges++;
                }
            }
        }
    return numRanges;
}

bool CpuSlots::follow(const vector<Vec3>& positions, const PeriodicBox& newBox) {
    if (!(newBox == box) && !setBox(newBox))
        return false;
    return convert(positions) || (rewrap(positions) && convert(positions));
}

/**
 * Take over a box, and stretch everything with it.
 *
 * Let T be the linear map from the box at creation to this one, and u_i how far particle i has
 * moved from the stretched place where it was at creation.  A pair at the distance r now was then at
 * most at |T^-1| (r+|u_i|+|u_j|), and its images moved in the same way.
 *
 * @return false if the boxes differ so much that hardly anything is left of the skin
 */
bool CpuSlots::setBox(const PeriodicBox& newBox) {
    if (newBox.isPeriodic() != createdBox.isPeriodic())
        return false;
    box = newBox;
    double stretch = 1;
    if (box.isPeriodic()) {
        double difference2 = 0;
        for (int axis = 0; axis < 3; axis++) {
            Vec3 unit;
            unit[axis] = 1;
            Vec3 difference = createdBox.combine(box.getFraction(unit))-unit;
            difference2 += difference.dot(difference);
        }
        stretch += sqrt(difference2);
    }
    double maxDisplacement = 0.5*(range/stretch-cutoff), skin = range-cutoff;
    if (!(maxDisplacement > 0.2*skin))
        return false;
    maxDisplacement2 = maxDisplacement*maxDisplacement;
    const bool isCreated = (box == createdBox);
    forEachPart([&] (Part& part) {
        for (int i = part.own.first; i < part.own.last; i++) {
            offsets[i] = box.combine(wraps[i]);
            stretched[i] = (isCreated ? created[i] : box.combine(createdBox.getFraction(created[i])));
        }
        for (Image& image : part.images)
            image.integerShift = toInteger(box.combine(image.shift));
    });
    return true;
}

array<int, 4> CpuSlots::toInteger(const Vec3& position) const {
    array<int, 4> result = {};
    const double inverseUnit = 1/lengthUnit;
    for (int axis = 0; axis < 3; axis++)
        result[axis] = (int) (int64_t) (position[axis]*inverseUnit);
    return result;
}

/**
 * Convert the positions to the coordinates of the slots.
 *
 * @return whether all particles are still near the place where they were at creation
 */
bool CpuSlots::convert(const vector<Vec3>& positions) {
    return forEachPart([&] (Part& part) { convert(part, positions); });
}

void CpuSlots::convert(Part& part, const vector<Vec3>& positions) {
    bool isNear = true;
    for (int i = part.own.first; i < part.own.last; i++) {
        Vec3 position = positions[active[i]]+offsets[i];
        Vec3 displacement = position-stretched[i];
        // Written so that a position that is not a number counts as far.
        isNear &= (displacement.dot(displacement) <= maxDisplacement2);
        integerPositions[slotOfActive[i]] = toInteger(position);
    }
    part.isGood = isNear;
    if (!isNear)
        return;
    for (const Image& image : part.images) {
        const array<int, 4>& source = integerPositions[image.source];
        array<int, 4>& target = integerPositions[image.slot];
        for (int axis = 0; axis < 3; axis++)
            target[axis] = (int) ((unsigned int) source[axis]+(unsigned int) image.integerShift[axis]);
    }
}

/**
 * Account for particles that were moved by box vectors, as a barostat or a user may do.
 *
 * @return false if a particle has really moved too far
 */
bool CpuSlots::rewrap(const vector<Vec3>& positions) {
    for (size_t i = 0; i < active.size(); i++) {
        Vec3 displacement = positions[active[i]]+offsets[i]-stretched[i];
        double distance2 = displacement.dot(displacement);
        if (distance2 <= maxDisplacement2)
            continue;
        if (!(distance2 < MAX_COORDINATE*MAX_COORDINATE))
            return false;
        Vec3 count = box.countBoxes(displacement, 0.5);
        displacement -= box.combine(count);
        if (!(displacement.dot(displacement) <= maxDisplacement2))
            return false;
        wraps[i] -= count;
        offsets[i] = box.combine(wraps[i]);
    }
    return true;
}
