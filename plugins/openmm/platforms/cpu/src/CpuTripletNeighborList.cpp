#include "CpuTripletNeighborList.h"
#include <algorithm>
#include <atomic>
#include <cmath>

using namespace CGBridge;
using namespace OpenMM;
using namespace std;

// Chosen by measurement at 300 K and 10 fs steps: a wider skin makes rebuilding rarer and every
// step dearer.
static const double DEFAULT_SKIN = 0.1;

CpuTripletNeighborList::CpuTripletNeighborList(const vector<int>& types, const vector<double>& weights, double cutoff,
                                               const CpuTripletFunctions& functions, ThreadPool& threads) :
        types(types), weights(weights), cutoff(cutoff), skin(DEFAULT_SKIN), functions(functions), threads(threads), input() {
    threadNeighbors.resize(threads.getNumThreads());
}

void CpuTripletNeighborList::update(const vector<Vec3>& positions, const PeriodicBox& newBox) {
    bool needsBuild = !isBuilt || !(box == newBox);
    box = newBox;
    if (needsBuild || convertPositions(positions)) {
        build(positions);
        convertPositions(positions);
    }
}

void CpuTripletNeighborList::build(const vector<Vec3>& positions) {
    createSlots(positions);
    sortSlots();
    findNeighbors();
    createBatches();
    isBuilt = true;
}

/**
 * Move every particle into the box and add its images that are in range of it.
 *
 * The box is taken as the brick with the diagonal of the box vectors as its edges, into which
 * PeriodicBox::wrap() moves particles, also if the vectors are not orthogonal.
 */
void CpuTripletNeighborList::createSlots(const vector<Vec3>& positions) {
    double range = cutoff+skin;
    unsortedSlots.clear();
    for (int particle = 0; particle < (int) positions.size(); particle++) {
        if (types[particle] < 0)
            continue;
        Vec3 position = box.wrap(positions[particle]);
        Vec3 offset = position-positions[particle];
        unsortedSlots.push_back({particle, 0, false, offset, position});
        if (!box.isPeriodic())
            continue;
        auto first = [&] (int axis, double x) { return (int) ceil((-range-x)/box[axis][axis]); };
        auto last = [&] (int axis, double x) { return (int) floor((box[axis][axis]+range-x)/box[axis][axis]); };
        for (int c = first(2, position[2]); c <= last(2, position[2]); c++) {
            Vec3 shiftC = box[2]*c;
            double y = position[1]+shiftC[1];
            for (int b = first(1, y); b <= last(1, y); b++) {
                Vec3 shiftB = shiftC+box[1]*b;
                double x = position[0]+shiftB[0];
                for (int a = first(0, x); a <= last(0, x); a++)
                    if (a != 0 || b != 0 || c != 0) {
                        Vec3 shift = shiftB+box[0]*a;
                        unsortedSlots.push_back({particle, 0, true, offset+shift, position+shift});
                    }
            }
        }
    }
}

/**
 * Sort the slots into cells as wide as the range of the list, so that neighbours are close in memory
 * and lie in a few contiguous ranges.
 */
void CpuTripletNeighborList::sortSlots() {
    double range = cutoff+skin;
    Vec3 upper;
    origin = Vec3();
    if (!unsortedSlots.empty())
        origin = upper = unsortedSlots[0].position;
    for (const Slot& slot : unsortedSlots)
        for (int axis = 0; axis < 3; axis++) {
            origin[axis] = min(origin[axis], slot.position[axis]);
            upper[axis] = max(upper[axis], slot.position[axis]);
        }
    Vec3 extent = upper-origin;

    // Differences of integer coordinates must fit into 32 bits, also after particles have moved.
    double largest = max(max(extent[0], extent[1]), max(extent[2], cutoff))+4*range;
    lengthUnit = largest/1073741824.0;
    int limit = max(1, (int) cbrt((double) unsortedSlots.size())+1);
    for (int axis = 0; axis < 3; axis++)
        numCells[axis] = (int) max(1.0, min((double) limit, floor(extent[axis]/range)));
    cellStart.assign(numCells[0]*numCells[1]*numCells[2]+1, 0);
    for (Slot& slot : unsortedSlots) {
        slot.cell = 0;
        for (int axis = 2; axis >= 0; axis--) {
            double fraction = (extent[axis] > 0 ? (slot.position[axis]-origin[axis])/extent[axis] : 0.0);
            slot.cell = slot.cell*numCells[axis] + max(0, min(numCells[axis]-1, (int) (fraction*numCells[axis])));
        }
        cellStart[slot.cell+1]++;
    }
    for (size_t cell = 1; cell < cellStart.size(); cell++)
        cellStart[cell] += cellStart[cell-1];
    slots.resize(unsortedSlots.size());
    vector<int> next(cellStart.begin(), cellStart.end()-1);
    for (const Slot& slot : unsortedSlots)
        slots[next[slot.cell]++] = slot;
    size_t numSlots = slots.size();
    for (vector<float>* coordinate : {&x, &y, &z})
        coordinate->resize(numSlots);
    integerPositions.resize(numSlots);
    particles.resize(numSlots);
    slotTypes.resize(numSlots);
    for (size_t i = 0; i < numSlots; i++) {
        Vec3 relative = slots[i].position-origin;
        x[i] = (float) relative[0];
        y[i] = (float) relative[1];
        z[i] = (float) relative[2];
        particles[i] = slots[i].particle;
        slotTypes[i] = types[slots[i].particle];
    }
}

/**
 * Find the neighbours of every particle.  The centres are in the order of the slots here.
 */
void CpuTripletNeighborList::findNeighbors() {
    centers.clear();
    for (int slot = 0; slot < (int) slots.size(); slot++)
        if (!slots[slot].isImage)
            centers.push_back(slot);

    // Centres of the same type go together, so that a batch has one type.
    stable_sort(centers.begin(), centers.end(), [&] (int a, int b) { return slotTypes[a] < slotTypes[b]; });
    int numCenters = (int) centers.size(), numThreads = threads.getNumThreads();
    start.assign(numCenters+1, 0);

    // A margin for the rounding of single precision coordinates.
    float distance = (float) ((cutoff+skin)*1.00001);
    forEachThread([&] (int thread) {
        vector<int>& found = threadNeighbors[thread];
        int first = (int) ((long long) numCenters*thread/numThreads), last = (int) ((long long) numCenters*(thread+1)/numThreads);
        size_t total = 0;
        for (int index = first; index < last; index++) {
            int center = centers[index], cell = slots[center].cell;
            int place[3] = {cell%numCells[0], (cell/numCells[0])%numCells[1], cell/(numCells[0]*numCells[1])};
            int ranges[18], numRanges = 0, candidates = 0;
            int left = max(place[0]-1, 0), right = min(place[0]+1, numCells[0]-1);
            for (int cz = max(place[2]-1, 0); cz <= min(place[2]+1, numCells[2]-1); cz++)
                for (int cy = max(place[1]-1, 0); cy <= min(place[1]+1, numCells[1]-1); cy++) {
                    int row = (cz*numCells[1]+cy)*numCells[0];
                    ranges[2*numRanges] = cellStart[row+left];
                    ranges[2*numRanges+1] = cellStart[row+right+1];
                    candidates += ranges[2*numRanges+1]-ranges[2*numRanges];
                    numRanges++;
                }
            if (found.size() < total+candidates+functions.width)
                found.resize(2*(total+candidates+functions.width));
            int count = functions.findSlots(x.data(), y.data(), z.data(), center, ranges, numRanges, distance*distance, &found[total]);
            start[index+1] = count;
            total += count;
        }
    });
    maxNeighbors = 1;
    for (int index = 0; index < numCenters; index++) {
        maxNeighbors = max(maxNeighbors, start[index+1]);
        start[index+1] += start[index];
    }
    neighbors.resize(start[numCenters]);
    forEachThread([&] (int thread) {
        int first = (int) ((long long) numCenters*thread/numThreads), last = (int) ((long long) numCenters*(thread+1)/numThreads);
        copy_n(threadNeighbors[thread].begin(), start[last]-start[first], neighbors.begin()+start[first]);
    });
}

void CpuTripletNeighborList::createBatches() {
    batches.clear();
    int numCenters = (int) centers.size();
    for (int first = 0; first < numCenters; ) {
        int type = slotTypes[centers[first]], count = 1;
        while (count < functions.width && first+count < numCenters && slotTypes[centers[first+count]] == type)
            count++;
        batches.push_back({first, count, type});
        first += count;
    }
    centerWeights.resize(numCenters);
    for (int index = 0; index < numCenters; index++)
        centerWeights[index] = (float) weights[slots[centers[index]].particle];
    input.particles = particles.data();
    input.types = slotTypes.data();
    input.batches = batches.data();
    input.centers = centers.data();
    input.weights = centerWeights.data();
    input.start = start.data();
    input.neighbors = neighbors.data();
    input.positions = (const int*) integerPositions.data();
    input.lengthUnit = (float) lengthUnit;
    input.cutoff = (float) cutoff;
}

/**
 * Convert the positions to integer coordinates.
 *
 * @return whether a particle has moved so far since the list was built that it must be built again
 */
bool CpuTripletNeighborList::convertPositions(const vector<Vec3>& positions) {
    int numSlots = (int) slots.size(), numThreads = threads.getNumThreads();
    double inverseUnit = 1/lengthUnit, limit2 = 0.25*skin*skin;
    atomic<bool> hasMoved(false);
    forEachThread([&] (int thread) {
        int first = (int) ((long long) numSlots*thread/numThreads), last = (int) ((long long) numSlots*(thread+1)/numThreads);
        bool moved = false;
        for (int i = first; i < last; i++) {
            const Slot& slot = slots[i];
            Vec3 position = positions[slot.particle]+slot.offset;
            Vec3 displacement = position-slot.position;
            // Written so that a position that is not a number counts as moved.
            if (!(displacement.dot(displacement) <= limit2)) {
                moved = true;
                continue;
            }
            Vec3 scaled = (position-origin)*inverseUnit;
            integerPositions[i] = {(int) scaled[0], (int) scaled[1], (int) scaled[2], 0};
        }
        if (moved)
            hasMoved = true;
    });
    return hasMoved;
}
