/**
 * What the kernels that compute energies and forces share.  The host defines
 *
 *   BLOCK            the number of threads in a block
 *   LANES            the number of threads that work on one centre
 *   KEPT             the number of entries of a list that each of them looks at together
 *   RUN              the number of consecutive slots the forces on which are added up in local memory first, a multiple of
 *                    the number of centres of a block, or 0 if that is not worth while
 *   PAIR_ROW         how many numbers the form has for a pair of types
 *   CENTER_ROW       how many it has beside those for a type of the centre
 *   MAX_NEIGHBORS    the largest number of neighbours for which there is room in local memory
 *   GROUPS_TOGETHER  the number of blocks that a multiprocessor of a CUDA device shall hold at a time
 *   REPLICA_ENERGIES if the energies of the replicas are wanted, and no forces
 *
 * The energy of a centre depends on distances r_j and angles theta_jk.  The threads of a centre share
 * its neighbours in local memory; each of them takes every LANES-th neighbour j and computes
 *
 *     dE/dr_j = radial_j u_j + (turn_j - (turn_j.u_j) u_j)/r_j,    turn_j = sum_k dE/dcos_jk u_k,
 *
 * with u the unit vectors.  Every pair (j, k) is visited from both sides, so that nothing has to be
 * added to what belongs to another thread.  Forces are added up in fixed point, which makes the sum
 * independent of its order.
 *
 * A crowded centre, with more neighbours than there is room for, is computed by slower code that
 * goes through the cells and keeps nothing.  The host makes room when it learns of one.
 */

#define CENTERS (BLOCK/LANES)
// Rows of neighbours, and of sums, begin at different banks of local memory, so that lanes of different centres do
// not wait for each other.
#define ROW (MAX_NEIGHBORS+1)
#define SUMS_ROW (BLOCK+2)
// The number of consecutive slots that a block works on before it turns to the next ones.
#define RUN_LENGTH (RUN > 0 ? RUN : CENTERS)
#ifdef __CUDACC__
#define LAUNCH_BOUNDS __launch_bounds__(BLOCK, GROUPS_TOGETHER)
#else
#define LAUNCH_BOUNDS
#endif
// Where the threads of a centre meet.  On a CUDA device they belong to one warp, need not wait for those of other centres,
// and look at no more entries than their list has; elsewhere all threads of a block go as far as the longest list may.
#if defined(__CUDACC__) && !defined(__HIP__) && LANES < 32
#define SYNC_CENTER __syncwarp(((1u<<LANES)-1)<<(LOCAL_ID%32/LANES*LANES))
#define END_OF_LIST(numListed, capacity) (numListed)
#else
#define SYNC_CENTER SYNC_THREADS
#define END_OF_LIST(numListed, capacity) (capacity)
#endif
#define MAX_LISTED 1
#define MAX_NEAR 2
#define BROKEN 3

/**
 * Everything that is needed to go through the cells around a slot.
 */
#define CELL_PARAMETERS GLOBAL const Position* RESTRICT slotPos, GLOBAL const int* RESTRICT cellStart, int cell, int numX, int numY, int numZ, \
        real cutoff2, real4 boxX, real4 boxY, real4 boxZ, real4 scale
#define CELL_ARGUMENTS slotPos, cellStart, cell, numX, numY, numZ, cutoff2, boxX, boxY, boxZ, scale

/**
 * Get the factors by which the box of a replica is stretched.
 */
DEVICE real4 getScale(GLOBAL const real4* RESTRICT scales, int replica) {
    return NUM_REPLICAS == 1 ? make_real4(1, 1, 1, 1) : scales[replica];
}

/**
 * Get the vector from one position to another in the box of the replica.
 */
DEVICE real3 getStretchedDelta(Position from, Position to, real4 boxX, real4 boxY, real4 boxZ, real4 scale) {
    real3 delta = getDelta(from, to, boxX, boxY, boxZ);
    return make_real3(delta.x*scale.x, delta.y*scale.y, delta.z*scale.z);
}

/**
 * Find the neighbours of the centres of a block, in the order of the lists.
 *
 * @return the number of neighbours, or -1 if the centre is crowded
 */
DEVICE int collectNeighbors(int center, int numListed, int capacity, GLOBAL const int* RESTRICT list, GLOBAL const Position* RESTRICT slotPos,
        GLOBAL int* RESTRICT status, real cutoff2, real4 boxX, real4 boxY, real4 boxZ, real4 scale, LOCAL_ARG real4* RESTRICT neighbor,
        LOCAL_ARG int* RESTRICT neighborSlot, LOCAL_ARG int* RESTRICT neighborType, LOCAL_ARG int* RESTRICT found) {
    int lane = LOCAL_ID%LANES, base = LOCAL_ID/LANES*ROW, count = 0;
    bool isCrowded = (numListed > capacity);
    Position position = slotPos[center];
    GLOBAL const int* RESTRICT row = list+center*capacity;
    if (isCrowded)
        numListed = 0;
    for (int start = 0; start < END_OF_LIST(numListed, capacity); start += KEPT*LANES) {
        int slots[KEPT], numHits = 0;
#if NUM_TYPES > 1
        int types[KEPT];
#endif
        real4 units[KEPT];
        for (int i = 0; i < KEPT; i++)
            slots[i] = -1;
        if (start < numListed) {
            for (int i = 0; i < KEPT; i++) {
                int entry = start+i*LANES+lane;
                int slot = (entry < numListed ? row[entry] : center);
                Position other = slotPos[slot];
                real3 delta = getStretchedDelta(position, other, boxX, boxY, boxZ, scale);
                real r2 = delta.x*delta.x+delta.y*delta.y+delta.z*delta.z;
                real inverse = RSQRT(r2);
                units[i] = make_real4(delta.x*inverse, delta.y*inverse, delta.z*inverse, r2*inverse);
#if NUM_TYPES > 1
                types[i] = getType(other);
#endif
                if (slot != center && r2 < cutoff2) {
                    slots[i] = slot;
                    numHits++;
                }
            }
        }
        found[LOCAL_ID] = numHits;
        SYNC_CENTER;
        int place = count;
        for (int i = 0; i < LANES; i++) {
            int others = found[LOCAL_ID-lane+i];
            place += (i < lane ? others : 0);
            count += others;
        }
        for (int i = 0; i < KEPT; i++)
            if (slots[i] >= 0) {
                if (place < MAX_NEIGHBORS) {
                    neighbor[base+place] = units[i];
                    neighborSlot[base+place] = slots[i];
#if NUM_TYPES > 1
                    neighborType[base+place] = types[i];
#endif
                }
                place++;
            }
        SYNC_CENTER;
    }
    if (lane == 0 && count > status[MAX_NEAR])
        status[MAX_NEAR] = count;
    return (isCrowded || count > MAX_NEIGHBORS ? -1 : count);
}

/**
 * Where forces go: to the buffers of OpenMM, and those on the slots of the present run, from "first" on, to sums in local
 * memory: the lower and the upper halves of the same fixed point numbers.
 */
typedef struct {
    GLOBAL mm_ulong* buffers;
    GLOBAL const int* slotAtom;
    LOCAL_ARG unsigned int* low;
    LOCAL_ARG unsigned int* high;
    int first;
} Forces;

DEVICE void addToBuffers(Forces forces, int slot, mm_ulong x, mm_ulong y, mm_ulong z) {
    int atom = forces.slotAtom[slot];
    ATOMIC_ADD(&forces.buffers[atom], x);
    ATOMIC_ADD(&forces.buffers[atom+PADDED_NUM_ATOMS], y);
    ATOMIC_ADD(&forces.buffers[atom+2*PADDED_NUM_ATOMS], z);
}

/**
 * Add a number of 64 bits, with two additions that all devices have in local memory.
 */
DEVICE void addToSum(Forces forces, int place, mm_ulong value) {
    unsigned int low = (unsigned int) value;
    unsigned int before = ATOMIC_ADD(&forces.low[place], low);
    ATOMIC_ADD(&forces.high[place], (unsigned int) (value>>32)+(before+low < low ? 1 : 0));
}

DEVICE mm_ulong getSum(Forces forces, int place) {
    return ((mm_ulong) forces.high[place]<<32)+forces.low[place];
}

/**
 * Begin with the sums of a new run.
 */
DEVICE void clearSums(Forces forces) {
#if RUN > 0
    SYNC_THREADS;
    for (int i = LOCAL_ID; i < 3*RUN; i += BLOCK)
        forces.low[i] = forces.high[i] = 0;
    SYNC_THREADS;
#endif
}

/**
 * Add the sums of a run to the buffers.  Neighbours of its centres may be beyond the last centre of the block.
 */
DEVICE void flushSums(Forces forces, int numSlots) {
#if RUN > 0
    SYNC_THREADS;
    for (int i = LOCAL_ID; i < RUN && forces.first+i < numSlots; i += BLOCK)
        addToBuffers(forces, forces.first+i, getSum(forces, i), getSum(forces, i+RUN), getSum(forces, i+2*RUN));
#endif
}

/**
 * Add the force of a gradient, that of the stretched box, to a particle.
 */
DEVICE void addForce(Forces forces, int slot, real4 scale, real x, real y, real z) {
#ifndef REPLICA_ENERGIES
    mm_ulong fixedX = (mm_ulong) realToFixedPoint(x*scale.x), fixedY = (mm_ulong) realToFixedPoint(y*scale.y), fixedZ = (mm_ulong) realToFixedPoint(z*scale.z);
#if RUN > 0
    int place = slot-forces.first;
    if (place >= 0 && place < RUN) {
        addToSum(forces, place, fixedX);
        addToSum(forces, place+RUN, fixedY);
        addToSum(forces, place+2*RUN, fixedZ);
        return;
    }
#endif
    addToBuffers(forces, slot, fixedX, fixedY, fixedZ);
#endif
}

DEVICE real3 getGradient(real4 unit, real radial, real3 turn) {
    real inverse = 1/unit.w;
    radial -= (turn.x*unit.x+turn.y*unit.y+turn.z*unit.z)*inverse;
    return make_real3(radial*unit.x+turn.x*inverse, radial*unit.y+turn.y*inverse, radial*unit.z+turn.z*inverse);
}

/**
 * Add the gradients of all neighbours, of which every lane holds a part, to the force on the centre.
 */
DEVICE void addForceOnCenter(Forces forces, bool isCenter, int center, real4 scale, real3 gradient, LOCAL_ARG real* RESTRICT sums) {
#ifndef REPLICA_ENERGIES
    sums[LOCAL_ID] = gradient.x;
    sums[LOCAL_ID+SUMS_ROW] = gradient.y;
    sums[LOCAL_ID+2*SUMS_ROW] = gradient.z;
    SYNC_CENTER;
    if (LOCAL_ID%LANES == 0 && isCenter) {
        real3 sum = make_real3(0, 0, 0);
        for (int i = 0; i < LANES; i++) {
            sum.x += sums[LOCAL_ID+i];
            sum.y += sums[LOCAL_ID+SUMS_ROW+i];
            sum.z += sums[LOCAL_ID+2*SUMS_ROW+i];
        }
        addForce(forces, center, scale, sum.x, sum.y, sum.z);
    }
#endif
}

/**
 * Add the energy of a centre, of which every lane holds a part, to that of its replica, in fixed point.
 */
DEVICE void addReplicaEnergy(GLOBAL mm_ulong* RESTRICT replicaEnergies, int replica, mixed energy, LOCAL_ARG mixed* RESTRICT sums) {
    sums[LOCAL_ID] = energy;
    SYNC_THREADS;
    if (LOCAL_ID%LANES == 0) {
        mixed sum = 0;
        for (int i = 0; i < LANES; i++)
            sum += sums[LOCAL_ID+i];
        ATOMIC_ADD(&replicaEnergies[replica], (mm_ulong) (mm_long) floor(sum*4294967296.0f+0.5f));
    }
    SYNC_THREADS;
}

/**
 * Add the energies of all threads to the element of the energy buffer that belongs to the block.  With a
 * position that is not a number the energy is none, so that it cannot pass for a result.
 */
DEVICE void addEnergy(GLOBAL mixed* RESTRICT energyBuffer, mixed energy, bool isBroken, LOCAL_ARG mixed* RESTRICT sums) {
    sums[LOCAL_ID] = energy;
    for (int size = BLOCK; size > 1; size = (size+1)/2) {
        SYNC_THREADS;
        if (LOCAL_ID < size/2)
            sums[LOCAL_ID] += sums[LOCAL_ID+(size+1)/2];
    }
    if (LOCAL_ID == 0)
        energyBuffer[GROUP_ID] += (isBroken ? (mixed) SQRT((real) -1) : sums[0]);
}

/**
 * Get a slot in a cell as a neighbour of a position: unit vector and distance, or a negative distance
 * if it is out of range or is the centre itself.
 */
DEVICE real4 getNeighbor(int center, int slot, Position position, GLOBAL const Position* RESTRICT slotPos, real cutoff2,
        real4 boxX, real4 boxY, real4 boxZ, real4 scale) {
    real3 delta = getStretchedDelta(position, slotPos[slot], boxX, boxY, boxZ, scale);
    real r2 = delta.x*delta.x+delta.y*delta.y+delta.z*delta.z;
    if (slot == center || !(r2 < cutoff2))
        return make_real4(0, 0, 0, -1);
    real inverse = RSQRT(r2);
    return make_real4(delta.x*inverse, delta.y*inverse, delta.z*inverse, r2*inverse);
}

/**
 * Go through all slots that are within the cutoff of a centre.  Inside, `slot` is the slot and `unit`
 * its unit vector and distance.
 */
#define FOR_EACH_NEAR(slot, unit) \
    for (int slot##Index = 0; slot##Index < 27; slot##Index++) { \
        int slot##Cell = getAdjacentCell(cell, slot##Index, numX, numY, numZ); \
        for (int slot = (slot##Cell < 0 ? 0 : cellStart[slot##Cell]), slot##End = (slot##Cell < 0 ? 0 : cellStart[slot##Cell+1]); slot < slot##End; slot++) { \
            real4 unit = getNeighbor(center, slot, slotPos[center], slotPos, cutoff2, boxX, boxY, boxZ, scale); \
            if (unit.w < 0) \
                continue;
#define END_FOR_EACH_NEAR }}

#ifdef REPLICA_ENERGIES
#define ADD_REPLICA_ENERGY addReplicaEnergy(replicaEnergies, replica, energy, energySums); energy = 0;
#else
#define ADD_REPLICA_ENERGY
#endif
#define TYPED_ROWS (NUM_TYPES > 1 ? CENTERS*ROW : 1)

/**
 * The kernel of a form is
 *
 *     KERNEL LAUNCH_BOUNDS void computeForces(FORCE_PARAMETERS) {
 *         FORCE_VARIABLES
 *         (arrays in local memory, CENTERS*ROW elements each)
 *         FOR_EACH_CENTER
 *             (what the lanes of a centre do)
 *         END_FOR_EACH_CENTER(computeCrowded(...))
 *     }
 *
 * with a function that gives the energy of a crowded centre.  FOR_EACH_CENTER goes through the centres of a block, which are
 * consecutive slots and so near each other.  Inside, `center` is the centre of a thread, `type` its type, `weight` its
 * weight, `scale` that of its replica, and `pairs` and `centers` are the tables of the replica.  `lane` is the number of
 * the thread among those of the centre.  The centre has `count` neighbours, the places base to base+count-1 of `neighbor`,
 * `neighborSlot` and, with several types, `neighborType`.  Threads without a centre go along with nothing to do, because
 * all must meet at the barriers.  The form adds to `energy`, to `total` the gradients of the neighbours, and to `forces`
 * those on the neighbours.
 */
#define FORCE_PARAMETERS GLOBAL mm_ulong* RESTRICT forceBuffers, GLOBAL mixed* RESTRICT energyBuffer, GLOBAL const Position* RESTRICT slotPos, \
        GLOBAL const int* RESTRICT slotAtom, GLOBAL const real* RESTRICT slotWeight, GLOBAL const int* RESTRICT slotCell, \
        GLOBAL const int* RESTRICT cellStart, GLOBAL const int* RESTRICT listCount, GLOBAL const int* RESTRICT list, GLOBAL int* RESTRICT status, \
        GLOBAL const real* RESTRICT allPairs, GLOBAL const real* RESTRICT allCenters, GLOBAL const real4* RESTRICT scales, \
        GLOBAL mm_ulong* RESTRICT replicaEnergies, int evaluation, int numSlots, int capacity, int numX, int numY, int numZ, real cutoff2, \
        real4 boxX, real4 boxY, real4 boxZ
#define FORCE_VARIABLES \
    LOCAL real4 neighbor[CENTERS*ROW]; \
    LOCAL int neighborSlot[CENTERS*ROW], neighborType[TYPED_ROWS], found[BLOCK]; \
    LOCAL real sums[3*SUMS_ROW]; \
    LOCAL unsigned int low[3*RUN+1], high[3*RUN+1]; \
    LOCAL mixed energySums[BLOCK]; \
    const int lane = LOCAL_ID%LANES, group = LOCAL_ID/LANES, base = group*ROW; \
    mixed energy = 0;
#define FOR_EACH_CENTER \
    const int span = (numSlots+NUM_GROUPS*CENTERS-1)/(NUM_GROUPS*CENTERS)*CENTERS; \
    const int begin = GROUP_ID*span, end = min(begin+span, numSlots); \
    Forces forces = {forceBuffers, slotAtom, low, high, begin}; \
    for (; forces.first < end; forces.first += RUN_LENGTH) { \
        clearSums(forces); \
        for (int first = forces.first; first < min(forces.first+RUN_LENGTH, end); first += CENTERS) { \
            bool isCenter = (first+group < end); \
            int center = (isCenter ? first+group : numSlots-1); \
            real weight = (isCenter ? slotWeight[center] : (real) 0); \
            int numListed = (weight == 0 ? 0 : listCount[center]); \
            int type = getType(slotPos[center]), replica = getReplica((int) slotPos[center].w); \
            real4 scale = getScale(scales, replica); \
            int count = collectNeighbors(center, numListed, capacity, list, slotPos, status, cutoff2, boxX, boxY, boxZ, scale, neighbor, \
                    neighborSlot, neighborType, found); \
            GLOBAL const real* RESTRICT pairs = allPairs+replica*(PAIR_ROW*NUM_TYPES*NUM_TYPES); \
            GLOBAL const real* RESTRICT centers = allCenters+replica*(CENTER_ROW*NUM_TYPES); \
            real3 total = make_real3(0, 0, 0);
#define END_FOR_EACH_CENTER(crowded) \
            if (count < 0) { \
                int cell = slotCell[center]; \
                energy += weight*(crowded); \
            } \
            addForceOnCenter(forces, isCenter, center, scale, total, sums); \
            ADD_REPLICA_ENERGY \
        } \
        flushSums(forces, numSlots); \
    } \
    addEnergy(energyBuffer, energy, status[BROKEN] == evaluation, energySums);
