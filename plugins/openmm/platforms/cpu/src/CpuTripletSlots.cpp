#include "CpuTripletSlots.h"
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

// Differences of slots in the list must fit into 31 bits; they stay below twice the range.
CpuTripletSlots::CpuTripletSlots(const vector<int>& types, double cutoff, double skin) :
        types(types), cutoff(cutoff), range(cutoff+skin), lengthUnit(16*(cutoff+skin)/4294967296.0) {
    for (int particle = 0; particle < (int) types.size(); particle++)
        if (types[particle] >= 0)
            active.push_back(particle);
    for (vector<Vec3>* values : {&wraps, &offsets, &created, &stretched})
        values->resize(active.size());
    slotOfActive.resize(active.size());
}

bool CpuTripletSlots::create(const vector<Vec3>& positions, const PeriodicBox& newBox) {
    box = createdBox = newBox;
    if (!createEntries(positions))
        return false;
    createCells();
    createSlots();
    return setBox(box) && convert(positions);
}

/**
 * Move every particle into the box and add its images that are in range of it.
 */
bool CpuTripletSlots::createEntries(const vector<Vec3>& positions) {
    entries.clear();
    isBrick = (box[1][0] == 0 && box[2][0] == 0 && box[2][1] == 0);
    for (int axis = 0; axis < 3; axis++)
        isBrick &= (box[axis][axis] > range);
    for (int index = 0; index < (int) active.size(); index++) {
        Vec3 position = positions[active[index]];
        for (int axis = 0; axis < 3; axis++)
            if (!(abs(position[axis]) < MAX_COORDINATE))
                return false;
        wraps[index] = -box.countBoxes(position);
        created[index] = position+box.combine(wraps[index]);
        entries.push_back({created[index], index, 0, {0, 0, 0}});
        if (box.isPeriodic())
            addImages(index, created[index]);
    }
    return true;
}

/**
 * Add the images of a particle.  The box is taken as the brick with the diagonal of the box vectors
 * as its edges, into which PeriodicBox::wrap() moves particles, also if the vectors are not
 * orthogonal.
 */
void CpuTripletSlots::addImages(int index, const Vec3& position) {
    bool isInside = true;
    for (int axis = 0; axis < 3; axis++)
        isInside &= (position[axis] > range && position[axis] < box[axis][axis]-range);
    if (isInside)
        return;
    if (isBrick) {
        addBrickImages(index, position);
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
                    entries.push_back({position+box.combine(Vec3(a, b, c)), index, 0, {(signed char) a, (signed char) b, (signed char) c}});
        }
    }
}

/**
 * Add the images of a particle in a box with orthogonal vectors longer than the range.
 */
void CpuTripletSlots::addBrickImages(int index, const Vec3& position) {
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
                entries.push_back({position+shift, index, 0, {x, y, z}});
            }
}

/**
 * Sort the entries into cells a little wider than the range.
 */
void CpuTripletSlots::createCells() {
    const double width = range*1.0001;
    Vec3 upper;
    origin = Vec3();
    if (!entries.empty())
        origin = upper = entries[0].position;
    for (const Entry& entry : entries)
        for (int axis = 0; axis < 3; axis++) {
            origin[axis] = min(origin[axis], entry.position[axis]);
            upper[axis] = max(upper[axis], entry.position[axis]);
        }
    Vec3 extent = upper-origin;

    // A particle that has evaporated must not make the number of cells explode, so cells far from
    // each other may share a place.
    const int limit = 2*(int) cbrt((double) entries.size())+8;
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
    cellStart.assign(numCells[0]*numCells[1]*numCells[2]+1, 0);
    const double inverseWidth = 1/width;
    for (Entry& entry : entries) {
        entry.cell = 0;
        for (int axis = 2; axis >= 0; axis--) {
            int64_t place = (int64_t) ((entry.position[axis]-origin[axis])*inverseWidth);
            if (place >= numCells[axis])
                place %= numCells[axis];
            entry.cell = entry.cell*numCells[axis]+(int) place;
        }
        cellStart[entry.cell+1]++;
    }
    for (size_t cell = 1; cell < cellStart.size(); cell++)
        cellStart[cell] += cellStart[cell-1];
}

void CpuTripletSlots::createSlots() {
    size_t numSlots = entries.size();
    for (vector<int>* values : {&particles, &slotTypes, &cellOfSlot})
        values->resize(numSlots);
    for (vector<float>& values : coordinates)
        values.resize(numSlots);
    createdPositions.resize(numSlots);
    integerPositions.resize(numSlots);
    images.clear();
    isImage.resize(numSlots);
    nextSlot.assign(cellStart.begin(), cellStart.end()-1);
    for (const Entry& entry : entries) {
        int slot = nextSlot[entry.cell]++;
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
            images.push_back({slot, slotOfActive[entry.particle], Vec3(shift[0], shift[1], shift[2]), {}});
    }
    centers.clear();
    for (int slot = 0; slot < (int) numSlots; slot++)
        if (!isImage[slot])
            centers.push_back(slot);
}

int CpuTripletSlots::findRanges(int cell, array<int, 54>& ranges) const {
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

bool CpuTripletSlots::follow(const vector<Vec3>& positions, const PeriodicBox& newBox) {
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
bool CpuTripletSlots::setBox(const PeriodicBox& newBox) {
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
    bool isCreated = (box == createdBox);
    for (size_t i = 0; i < active.size(); i++) {
        offsets[i] = box.combine(wraps[i]);
        stretched[i] = (isCreated ? created[i] : box.combine(createdBox.getFraction(created[i])));
    }
    for (Image& image : images)
        image.integerShift = toInteger(box.combine(image.shift));
    return true;
}

array<int, 4> CpuTripletSlots::toInteger(const Vec3& position) const {
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
bool CpuTripletSlots::convert(const vector<Vec3>& positions) {
    bool isNear = true;
    for (size_t i = 0; i < active.size(); i++) {
        Vec3 position = positions[active[i]]+offsets[i];
        Vec3 displacement = position-stretched[i];
        // Written so that a position that is not a number counts as far.
        isNear &= (displacement.dot(displacement) <= maxDisplacement2);
        integerPositions[slotOfActive[i]] = toInteger(position);
    }
    if (isNear)
        for (const Image& image : images) {
            const array<int, 4>& source = integerPositions[image.source];
            array<int, 4>& target = integerPositions[image.slot];
            for (int axis = 0; axis < 3; axis++)
                target[axis] = (int) ((unsigned int) source[axis]+(unsigned int) image.integerShift[axis]);
        }
    return isNear;
}

/**
 * Account for particles that were moved by box vectors, as a barostat or a user may do.
 *
 * @return false if a particle has really moved too far
 */
bool CpuTripletSlots::rewrap(const vector<Vec3>& positions) {
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
