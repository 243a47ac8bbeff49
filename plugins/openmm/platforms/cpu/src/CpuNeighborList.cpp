#include "CpuNeighborList.h"
#include "openmm/OpenMMException.h"
#include <algorithm>
#include <array>
#include <limits>

using namespace CGBridge;
using namespace OpenMM;
using namespace std;

// Chosen by measurement at 300 K and 10 fs steps: a wider skin makes rebuilding rarer and every
// step dearer.
static const double DEFAULT_SKIN = 0.1;

// Centres with similar numbers of neighbours share a batch, but only centres that are close to each
// other in memory.
static const int SORT_BLOCK = 256;

// From this number on it makes no difference how many neighbours there are.
static const int MAX_SORTED = 32;

CpuNeighborList::CpuNeighborList(const vector<int>& types, const vector<double>& weights, double cutoff, double nearCutoff,
                                 const CpuThreads& threads) :
        weights(weights), cutoff(cutoff), sortCutoff(nearCutoff > 0 ? nearCutoff : cutoff), functions(getCpuFunctions()), threads(threads),
        slots(types, cutoff, min(DEFAULT_SKIN, 0.5*cutoff), threads), found(threads.getNumThreads()), input() {
}

bool CpuNeighborList::update(const vector<Vec3>& positions, const PeriodicBox& box) {
    if (isBuilt && slots.follow(positions, box))
        return true;
    isBuilt = slots.create(positions, box);
    if (!isBuilt)
        return false;
    findNeighbors();
    sortCenters();
    createBatches();
    copyNeighbors();
    return true;
}

void CpuNeighborList::findNeighbors() {
    const vector<int>& slotsOfCenters = slots.getCenters();
    centers.resize(slotsOfCenters.size());
    for (size_t i = 0; i < centers.size(); i++)
        centers[i].slot = slotsOfCenters[i];
    threads.forEachThread([&] (int thread) { findNeighbors(thread); });
    size_t total = 0;
    for (const Found& part : found)
        total += part.total;
    if (total > (size_t) numeric_limits<int>::max())
        throw OpenMMException("The particles have collapsed: they have "+to_string(total/centers.size())+
                              " neighbours each. Check the parameters of the force");
}

/**
 * Find the neighbours of one thread's share of the centres.
 */
void CpuNeighborList::findNeighbors(int thread) {
    vector<int>& list = found[thread].neighbors;
    size_t& total = found[thread].total;
    const IndexRange own = threads.getShare(centers.size(), thread);
    const float *x = slots.getCoordinates(0), *y = slots.getCoordinates(1), *z = slots.getCoordinates(2);
    const float distance2 = slots.getSearchDistance()*slots.getSearchDistance(), cutoff2 = (float) (sortCutoff*sortCutoff);
    array<int, 54> ranges;
    int numRanges = 0, cell = -1;
    size_t numCandidates = 0;
    total = 0;
    for (int index = own.first; index < own.last; index++) {
        Center& center = centers[index];
        if (slots.getCell(center.slot) != cell) {
            cell = slots.getCell(center.slot);
            numRanges = slots.findRanges(cell, ranges);
            numCandidates = 0;
            for (int i = 0; i < numRanges; i++)
                numCandidates += ranges[2*i+1]-ranges[2*i];
        }
        if (list.size() < total+numCandidates+functions.width)
            list.resize(2*(total+numCandidates+functions.width));
        center.thread = thread;
        center.first = total;
        if (slots.isSparse()) {
            center.count = center.numInRange = 0;
            for (int i = 0; i < numRanges; i++)
                for (int slot = ranges[2*i]; slot < ranges[2*i+1]; slot++)
                    if (slot != center.slot && slots.isInRange(center.slot, slot))
                        list[total+center.count++] = slot;
        }
        else
            center.count = functions.findSlots(x, y, z, center.slot, ranges.data(), numRanges, distance2, cutoff2,
                                               &list[total], center.numInRange);
        total += center.count;
    }
}

/**
 * Sort the centres by type and, within blocks, by the number of neighbours: the loops take as long
 * as the centre with the most neighbours in a batch.
 */
void CpuNeighborList::sortCenters() {
    const vector<int>& types = slots.getTypes();
    auto byType = [&] (const Center& a, const Center& b) { return types[a.slot] < types[b.slot]; };
    if (!is_sorted(centers.begin(), centers.end(), byType))
        stable_sort(centers.begin(), centers.end(), byType);
    sortedCenters.resize(centers.size());
    for (size_t first = 0; first < centers.size(); ) {
        size_t last = first+1;
        while (last < centers.size() && last < first+SORT_BLOCK && types[centers[last].slot] == types[centers[first].slot])
            last++;
        array<size_t, MAX_SORTED+1> next = {};
        auto place = [] (const Center& center) { return MAX_SORTED-min(center.numInRange, MAX_SORTED-1); };
        for (size_t i = first; i < last; i++)
            next[place(centers[i])]++;
        next[0] = first;
        for (int i = 1; i <= MAX_SORTED; i++)
            next[i] += next[i-1];
        for (size_t i = first; i < last; i++)
            sortedCenters[next[place(centers[i])-1]++] = centers[i];
        first = last;
    }
    centers.swap(sortedCenters);
}

void CpuNeighborList::createBatches() {
    const vector<int>& types = slots.getTypes();
    int numCenters = (int) centers.size();
    batches.clear();
    for (int first = 0; first < numCenters; ) {
        int type = types[centers[first].slot], count = 1;
        while (count < functions.width && first+count < numCenters && types[centers[first+count].slot] == type)
            count++;
        batches.push_back({first, count, type});
        first += count;
    }
}

/**
 * Bring the neighbours into the order of the centres.
 */
void CpuNeighborList::copyNeighbors() {
    size_t numCenters = centers.size();
    start.resize(numCenters+1);
    centerSlots.resize(numCenters);
    centerWeights.resize(numCenters);
    maxNeighbors = functions.width;
    start[0] = 0;
    for (size_t i = 0; i < numCenters; i++) {
        const Center& center = centers[i];
        start[i+1] = start[i]+center.count;
        maxNeighbors = max(maxNeighbors, center.count);
        centerSlots[i] = center.slot;
        centerWeights[i] = (float) weights[slots.getParticles()[center.slot]];
    }
    // The loops write whole vectors of neighbours.  One more keeps the arrays of a thread from all beginning at the same
    // places of the cache.
    maxNeighbors = (maxNeighbors+functions.width-1)/functions.width*functions.width+1;

    // The loops may read up to one vector beyond the last neighbour, and must find slots there.
    neighbors.resize(start[numCenters]+functions.width);
    fill_n(neighbors.begin()+start[numCenters], functions.width, 0);
    threads.forEachThread([&] (int thread) {
        const IndexRange own = threads.getShare(numCenters, thread);
        for (int i = own.first; i < own.last; i++)
            copy_n(&found[centers[i].thread].neighbors[centers[i].first], centers[i].count, &neighbors[start[i]]);
    });
    input.particles = slots.getParticles().data();
    input.types = slots.getTypes().data();
    input.batches = batches.data();
    input.centers = centerSlots.data();
    input.weights = centerWeights.data();
    input.start = start.data();
    input.neighbors = neighbors.data();
    input.positions = slots.getIntegerPositions();
    input.lengthUnit = (float) slots.getLengthUnit();
    input.cutoff = (float) cutoff;
}
