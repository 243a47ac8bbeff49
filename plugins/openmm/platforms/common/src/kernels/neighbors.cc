/**
 * The slots, the cells and the neighbour lists.
 *
 * Every evaluation begins with checkMotion(), which brings the positions of the slots up to date and
 * decides whether the lists must be made anew.  If so it writes the number of the evaluation into
 * status[REBUILD]; the kernels that make the lists are always launched, and return at once if that
 * is not what they find.  So the host need never wait to learn what was decided.
 *
 * Each stage is a function of the first element and the stride, because small systems run all of
 * them in one block.
 */

#define REBUILD 0
#define MAX_LISTED 1
#define BROKEN 3

/**
 * Get the position of a particle.  In mixed precision it is moved into the box, which keeps the digits
 * that a single precision number has no room for once the particle has left the first box.  In single
 * precision it has none to keep, and moving it would only cost another rounding.
 */
DEVICE mixed3 getPosition(int atom, GLOBAL const real4* RESTRICT posq, GLOBAL const real4* RESTRICT posqCorrection,
        mixed4 boxX, mixed4 boxY, mixed4 boxZ) {
    real4 position = posq[atom];
    mixed x = position.x, y = position.y, z = position.z;
#ifdef USE_MIXED_PRECISION
    real4 correction = posqCorrection[atom];
    x += correction.x;
    y += correction.y;
    z += correction.z;
#ifdef PERIODIC
    mixed count = floor(z*boxZ.w);
    x -= count*boxZ.x;
    y -= count*boxZ.y;
    z -= count*boxZ.z;
    count = floor(y*boxY.w);
    x -= count*boxY.x;
    y -= count*boxY.y;
    count = floor(x*boxX.w);
    x -= count*boxX.x;
#endif
#endif
    return make_mixed3(x, y, z);
}

DEVICE real4 toReal(mixed4 v) {
    return make_real4((real) v.x, (real) v.y, (real) v.z, (real) v.w);
}

/**
 * Get the coordinates that stay the same when the box is deformed: multiples of the box vectors, or
 * the position itself if there is no box.
 */
DEVICE mixed3 getFraction(mixed3 position, mixed4 boxX, mixed4 boxY, mixed4 boxZ) {
#ifdef PERIODIC
    position.z *= boxZ.w;
    position.x -= position.z*boxZ.x;
    position.y = (position.y-position.z*boxZ.y)*boxY.w;
    position.x = (position.x-position.y*boxY.x)*boxX.w;
#endif
    return position;
}

/**
 * Get a position as a slot holds it.
 */
DEVICE Position makePosition(mixed3 position, mixed3 fraction, int type) {
#ifdef FIXED_POSITIONS
    mixed x = fraction.x-floor(fraction.x), y = fraction.y-floor(fraction.y), z = fraction.z-floor(fraction.z);
    return make_int4((int) (unsigned int) (mm_long) (x*4294967296.0), (int) (unsigned int) (mm_long) (y*4294967296.0),
            (int) (unsigned int) (mm_long) (z*4294967296.0), type);
#else
    return make_real4((real) position.x, (real) position.y, (real) position.z, (real) type);
#endif
}

/**
 * Get whether a position is a number, and one that has digits left.
 */
DEVICE bool isSound(mixed3 position) {
    return position.x*position.x+position.y*position.y+position.z*position.z < (mixed) 1e18f;
}

/**
 * Get the square of the distance that a particle may have moved relative to the box since the lists
 * were made, or -1 if the box has changed too much.
 *
 * A displacement d between two particles was d M then, with M from the old and the new box.  Its
 * length was at most 1+|M-1| times the present one, so that pairs beyond the range of the lists
 * cannot have come closer than range/(1+|M-1|) with the box, and the rest of the way is their own.
 */
DEVICE real getAllowedMotion2(real cutoff, real range, GLOBAL const mixed4* RESTRICT listBox, mixed4 boxX, mixed4 boxY, mixed4 boxZ) {
    mixed stretch = 1;
#ifdef PERIODIC
    mixed4 a = listBox[0], b = listBox[1], c = listBox[2];
    mixed ax = a.x*boxX.w;
    mixed bx = (b.x-boxY.x*ax)*boxY.w, by = b.y*boxY.w;
    mixed cx = (c.x-boxZ.x*ax-boxZ.y*bx)*boxZ.w, cy = (c.y-boxZ.y*by)*boxZ.w, cz = c.z*boxZ.w;
    stretch += SQRT((real) ((ax-1)*(ax-1)+(by-1)*(by-1)+(cz-1)*(cz-1)+bx*bx+cx*cx+cy*cy));
#endif
    // A little is kept back for rounding.
    real allowed = 0.5f*(range/(real) stretch-cutoff)-1e-4f*cutoff;
    return (allowed > 0 ? allowed*allowed : -1);
}

DEVICE void checkStage(int first, int stride, int evaluation, int mustRebuild, real cutoff, real range,
        GLOBAL const real4* RESTRICT posq, GLOBAL const real4* RESTRICT posqCorrection, GLOBAL const int* RESTRICT atomSlot,
        GLOBAL const real4* RESTRICT listPos, GLOBAL const mixed4* RESTRICT listBox, GLOBAL Position* RESTRICT slotPos,
        GLOBAL int* RESTRICT status, mixed4 boxX, mixed4 boxY, mixed4 boxZ) {
    if (mustRebuild) {
        if (first == 0)
            status[REBUILD] = evaluation;
        return;
    }
    real allowed2 = getAllowedMotion2(cutoff, range, listBox, boxX, boxY, boxZ);
    real4 a = toReal(boxX), b = toReal(boxY), c = toReal(boxZ);
    for (int atom = first; atom < NUM_ATOMS; atom += stride) {
        int slot = atomSlot[atom];
        if (slot < 0)
            continue;
        mixed3 position = getPosition(atom, posq, posqCorrection, boxX, boxY, boxZ);
        real x = (real) position.x, y = (real) position.y, z = (real) position.z;
        real4 then = listPos[atom];
#ifdef PERIODIC
        real3 moved = make_real3(x-then.x*a.x-then.y*b.x-then.z*c.x, y-then.y*b.y-then.z*c.y, z-then.z*c.z);
#else
        real3 moved = make_real3(x-then.x, y-then.y, z-then.z);
#endif
        moved = nearestImage(moved, a, b, c);
        // Written so that it holds for a position that is not a number, too.
        if (!(moved.x*moved.x+moved.y*moved.y+moved.z*moved.z <= allowed2) || !isSound(position))
            status[REBUILD] = evaluation;
        slotPos[slot] = makePosition(position, getFraction(position, boxX, boxY, boxZ), (int) then.w);
    }
}

/**
 * Find the place of a coordinate among the cells along an axis.  Without a box, cells far from each
 * other share a place.
 */
DEVICE int getPlace(real coordinate, int numCells, real inverseWidth) {
#ifdef PERIODIC
    real place = floor((coordinate-floor(coordinate))*numCells);
#else
    real place = floor(coordinate*inverseWidth);
    place -= floor(place/numCells)*numCells;
#endif
    return (place > 0 && place < numCells ? (int) place : 0);
}

/**
 * Count the particles in each cell, and in each chunk of CHUNK cells.  Every chunk has SPREAD counters, whose sum
 * is the number, so that few threads add to the same one at a time.
 */
DEVICE void countStage(int first, int stride, GLOBAL const real4* RESTRICT posq, GLOBAL const real4* RESTRICT posqCorrection,
        GLOBAL const int* RESTRICT atomIndex, GLOBAL const int* RESTRICT types, GLOBAL int* RESTRICT cellCount, GLOBAL int* RESTRICT chunkCount,
        GLOBAL int* RESTRICT atomCell, GLOBAL int* RESTRICT atomSlot, int numX, int numY, int numZ, real inverseWidth, mixed4 boxX, mixed4 boxY, mixed4 boxZ) {
    for (int atom = first; atom < NUM_ATOMS; atom += stride)
        if (types[atomIndex[atom]] >= 0) {
            int replica = getReplica(types[atomIndex[atom]]);
            mixed3 place = getFraction(getPosition(atom, posq, posqCorrection, boxX, boxY, boxZ), boxX, boxY, boxZ);
            int x = getPlace((real) place.x, numX, inverseWidth);
            int y = getPlace((real) place.y, numY, inverseWidth);
            int z = getPlace((real) place.z, numZ, inverseWidth);
            int cell = getCell(x, y, replica*numZ+z, numX, numY);
            atomCell[atom] = cell;
            ATOMIC_ADD(&cellCount[cell], 1);
            ATOMIC_ADD(&chunkCount[cell/CHUNK*SPREAD+LOCAL_ID%SPREAD], 1);
        }
        else
            atomSlot[atom] = -1;
}

/**
 * Add up the numbers that all threads of a block have, up to and including one's own.
 */
DEVICE int sumUpToThread(int value, LOCAL_ARG int* RESTRICT sums) {
    SYNC_THREADS;
    sums[LOCAL_ID] = value;
    SYNC_THREADS;
    for (int step = 1; step < LOCAL_SIZE; step *= 2) {
        int before = (LOCAL_ID >= step ? sums[LOCAL_ID-step] : 0);
        SYNC_THREADS;
        sums[LOCAL_ID] += before;
        SYNC_THREADS;
    }
    return sums[LOCAL_ID];
}

/**
 * Turn the numbers of particles into the first slot of each cell, in one chunk of cells after the other.
 */
DEVICE void scanStage(int firstChunk, int stride, int numCells, GLOBAL int* RESTRICT cellCount, GLOBAL const int* RESTRICT chunkCount,
        GLOBAL int* RESTRICT cellStart, LOCAL_ARG int* RESTRICT sums) {
    const int perThread = (CHUNK+LOCAL_SIZE-1)/LOCAL_SIZE;
    for (int chunk = firstChunk; chunk*CHUNK < numCells; chunk += stride) {
        int inChunks = 0;
        for (int i = LOCAL_ID; i < chunk*SPREAD; i += LOCAL_SIZE)
            inChunks += chunkCount[i];
        sumUpToThread(inChunks, sums);
        int before = sums[LOCAL_SIZE-1];
        int last = min(numCells, (chunk+1)*CHUNK);
        int begin = min(chunk*CHUNK+(int) LOCAL_ID*perThread, last), end = min(begin+perThread, last);
        int sum = 0;
        for (int cell = begin; cell < end; cell++)
            sum += cellCount[cell];
        int slot = before+sumUpToThread(sum, sums)-sum;
        for (int cell = begin; cell < end; cell++) {
            int count = cellCount[cell];
            cellStart[cell] = slot;
            // From here on the place for the next particle of the cell.
            cellCount[cell] = slot;
            slot += count;
        }
        if (last == numCells && LOCAL_ID == LOCAL_SIZE-1)
            cellStart[numCells] = slot;
    }
}

/**
 * Sort the particles into cells, in whatever order they come.
 */
DEVICE void fillStage(int first, int stride, GLOBAL const int* RESTRICT atomIndex, GLOBAL const int* RESTRICT types,
        GLOBAL const int* RESTRICT atomCell, GLOBAL int* RESTRICT cellCount, GLOBAL int* RESTRICT unsorted) {
    for (int atom = first; atom < NUM_ATOMS; atom += stride)
        if (types[atomIndex[atom]] >= 0)
            unsorted[ATOMIC_ADD(&cellCount[atomCell[atom]], 1)] = atom;
}

/**
 * Give every particle its slot.  Within a cell they are in the order of the particles, so that the
 * same positions give the same lists and the same rounding.
 */
DEVICE void placeStage(int first, int stride, int numSlots, int numCells, GLOBAL const real4* RESTRICT posq,
        GLOBAL const real4* RESTRICT posqCorrection, GLOBAL const int* RESTRICT atomIndex, GLOBAL const int* RESTRICT types,
        GLOBAL const real* RESTRICT weights, GLOBAL const int* RESTRICT atomCell, GLOBAL const int* RESTRICT unsorted,
        GLOBAL const int* RESTRICT cellStart, GLOBAL int* RESTRICT cellCount, GLOBAL int* RESTRICT chunkCount, GLOBAL int* RESTRICT atomSlot, GLOBAL int* RESTRICT slotAtom,
        GLOBAL int* RESTRICT slotCell, GLOBAL real* RESTRICT slotWeight, GLOBAL Position* RESTRICT slotPos, GLOBAL real4* RESTRICT listPos, GLOBAL mixed4* RESTRICT listBox,
        int evaluation, GLOBAL int* RESTRICT status, GLOBAL int* RESTRICT brokenReplica, mixed4 boxX, mixed4 boxY, mixed4 boxZ) {
    for (int i = first; i < numSlots; i += stride) {
        int atom = unsorted[i];
        int cell = atomCell[atom];
        int slot = cellStart[cell];
        for (int j = cellStart[cell]; j < cellStart[cell+1]; j++)
            slot += (unsorted[j] < atom ? 1 : 0);
        mixed3 position = getPosition(atom, posq, posqCorrection, boxX, boxY, boxZ);
        mixed3 fraction = getFraction(position, boxX, boxY, boxZ);
        int index = atomIndex[atom];
        if (!isSound(position)) {
            status[BROKEN] = evaluation;
            brokenReplica[getReplica(types[index])] = evaluation;
        }
        atomSlot[atom] = slot;
        slotAtom[slot] = atom;
        slotCell[slot] = cell;
        slotWeight[slot] = weights[index];
        slotPos[slot] = makePosition(position, fraction, types[index]);
        listPos[atom] = make_real4((real) fraction.x, (real) fraction.y, (real) fraction.z, (real) types[index]);
    }
    for (int cell = first; cell < numCells; cell += stride)
        cellCount[cell] = 0;
    for (int i = first; i < (numCells+CHUNK-1)/CHUNK*SPREAD; i += stride)
        chunkCount[i] = 0;
    if (first == 0) {
        listBox[0] = boxX;
        listBox[1] = boxY;
        listBox[2] = boxZ;
    }
}

/**
 * List the neighbours of each slot.  A list that needs more than its room, a multiple of four, is cut off; its
 * length tells so.  Four candidates are looked at together, so that their positions are on their way at the same time,
 * and four entries are written together, which is less for the memory to do.
 */
DEVICE void listStage(int first, int stride, int numSlots, GLOBAL const Position* RESTRICT slotPos, GLOBAL const int* RESTRICT slotCell,
        GLOBAL const int* RESTRICT cellStart, GLOBAL int* RESTRICT listCount, GLOBAL int* RESTRICT list, int capacity, real search2,
        GLOBAL int* RESTRICT status, int numX, int numY, int numZ, mixed4 boxX, mixed4 boxY, mixed4 boxZ) {
    real4 a = toReal(boxX), b = toReal(boxY), c = toReal(boxZ);
    for (int slot = first; slot < numSlots; slot += stride) {
        Position position = slotPos[slot];
        GLOBAL int4* fours = (GLOBAL int4*) (list+slot*capacity);
        int3 place = getCellPlace(slotCell[slot], numX, numY);
        int count = 0, replicaLayer = place.z/numZ*numZ;
        int4 four = make_int4(0, 0, 0, 0);
        // Cells side by side along x mostly hold slots side by side: a row of three is one range of slots, or two
        // where it goes across the boundary of the box or of a tile.
        int numInRow = min(numX, 3), numTogether = 1;
        int firstX = getCell(numX < 3 ? 0 : (place.x+numX-1)%numX, 0, 0, numX, numY), acrossX = firstX;
        for (int i = 1; i < numInRow && numTogether == i; i++) {
            acrossX = getCell(numX < 3 ? i : (place.x+numX-1+i)%numX, 0, 0, numX, numY);
            numTogether += (acrossX == firstX+i ? 1 : 0);
        }
        for (int row = 0; row < 9; row++) {
            int dy = row%3-1, dz = row/3-1;
            if ((dy < 0 && numY < 3) || (dz < 0 && numZ < 3) || (dy > 0 && numY < 2) || (dz > 0 && numZ < 2))
                continue;
            int rowCell = getCell(0, (place.y+dy+numY)%numY, replicaLayer+(place.z-replicaLayer+dz+numZ)%numZ, numX, numY);
            int begin = cellStart[rowCell+firstX], end = cellStart[rowCell+firstX+numTogether];
            int beginAcross = 0, endAcross = 0;
            if (numTogether < numInRow) {
                beginAcross = cellStart[rowCell+acrossX];
                endAcross = cellStart[rowCell+acrossX+numInRow-numTogether];
            }
            int last = end+endAcross-beginAcross;
            for (int i = begin; i < last; i += 4) {
                int others[4];
                Position positions[4];
                for (int m = 0; m < 4; m++) {
                    others[m] = (i+m < end ? i+m : i+m < last ? beginAcross+i+m-end : slot);
                    positions[m] = slotPos[others[m]];
                }
                for (int m = 0; m < 4; m++) {
                    real3 delta = getDelta(position, positions[m], a, b, c);
                    if (others[m] != slot && delta.x*delta.x+delta.y*delta.y+delta.z*delta.z < search2) {
                        four = make_int4(four.y, four.z, four.w, others[m]);
                        count++;
                        if (count%4 == 0 && count <= capacity)
                            fours[count/4-1] = four;
                    }
                }
            }
        }
        // The last ones, which are less than four, are the latest.
        for (int i = 0; i < count%4 && count < capacity; i++) {
            list[slot*capacity+count-1-i] = four.w;
            four = make_int4(0, four.x, four.y, four.z);
        }
        listCount[slot] = count;
        // The host looks at this now and then.  It may miss one of two threads, but not for long.
        if (count > status[MAX_LISTED])
            status[MAX_LISTED] = count;
    }
}

KERNEL void checkMotion(int evaluation, int mustRebuild, real cutoff, real range,
        GLOBAL const real4* RESTRICT posq, GLOBAL const real4* RESTRICT posqCorrection, GLOBAL const int* RESTRICT atomSlot,
        GLOBAL const real4* RESTRICT listPos, GLOBAL const mixed4* RESTRICT listBox, GLOBAL Position* RESTRICT slotPos,
        GLOBAL int* RESTRICT status, mixed4 boxX, mixed4 boxY, mixed4 boxZ) {
    checkStage(GLOBAL_ID, GLOBAL_SIZE, evaluation, mustRebuild, cutoff, range, posq, posqCorrection, atomSlot,
            listPos, listBox, slotPos, status, boxX, boxY, boxZ);
}

KERNEL void countCells(int evaluation, GLOBAL const int* RESTRICT status, GLOBAL const real4* RESTRICT posq,
        GLOBAL const real4* RESTRICT posqCorrection, GLOBAL const int* RESTRICT atomIndex, GLOBAL const int* RESTRICT types,
        GLOBAL int* RESTRICT cellCount, GLOBAL int* RESTRICT chunkCount, GLOBAL int* RESTRICT atomCell, GLOBAL int* RESTRICT atomSlot, int numX, int numY, int numZ,
        real inverseWidth, mixed4 boxX, mixed4 boxY, mixed4 boxZ) {
    if (status[REBUILD] == evaluation)
        countStage(GLOBAL_ID, GLOBAL_SIZE, posq, posqCorrection, atomIndex, types, cellCount, chunkCount, atomCell, atomSlot, numX, numY, numZ,
                inverseWidth, boxX, boxY, boxZ);
}

KERNEL void scanCells(int evaluation, GLOBAL const int* RESTRICT status, int numCells, GLOBAL int* RESTRICT cellCount,
        GLOBAL const int* RESTRICT chunkCount, GLOBAL int* RESTRICT cellStart) {
    LOCAL int sums[CHUNK];
    if (status[REBUILD] == evaluation)
        scanStage(GROUP_ID, NUM_GROUPS, numCells, cellCount, chunkCount, cellStart, sums);
}

KERNEL void fillCells(int evaluation, GLOBAL const int* RESTRICT status, GLOBAL const int* RESTRICT atomIndex,
        GLOBAL const int* RESTRICT types, GLOBAL const int* RESTRICT atomCell, GLOBAL int* RESTRICT cellCount, GLOBAL int* RESTRICT unsorted) {
    if (status[REBUILD] == evaluation)
        fillStage(GLOBAL_ID, GLOBAL_SIZE, atomIndex, types, atomCell, cellCount, unsorted);
}

KERNEL void placeSlots(int evaluation, GLOBAL int* RESTRICT status, int numSlots, int numCells, GLOBAL const real4* RESTRICT posq,
        GLOBAL const real4* RESTRICT posqCorrection, GLOBAL const int* RESTRICT atomIndex, GLOBAL const int* RESTRICT types,
        GLOBAL const real* RESTRICT weights, GLOBAL const int* RESTRICT atomCell, GLOBAL const int* RESTRICT unsorted,
        GLOBAL const int* RESTRICT cellStart, GLOBAL int* RESTRICT cellCount, GLOBAL int* RESTRICT chunkCount, GLOBAL int* RESTRICT atomSlot, GLOBAL int* RESTRICT slotAtom,
        GLOBAL int* RESTRICT slotCell, GLOBAL real* RESTRICT slotWeight, GLOBAL Position* RESTRICT slotPos, GLOBAL real4* RESTRICT listPos, GLOBAL mixed4* RESTRICT listBox,
        GLOBAL int* RESTRICT brokenReplica, mixed4 boxX, mixed4 boxY, mixed4 boxZ) {
    if (status[REBUILD] == evaluation)
        placeStage(GLOBAL_ID, GLOBAL_SIZE, numSlots, numCells, posq, posqCorrection, atomIndex, types, weights, atomCell, unsorted,
                cellStart, cellCount, chunkCount, atomSlot, slotAtom, slotCell, slotWeight, slotPos, listPos, listBox, evaluation, status, brokenReplica, boxX, boxY, boxZ);
}

KERNEL void listNeighbors(int evaluation, GLOBAL int* RESTRICT status, int numSlots, GLOBAL const Position* RESTRICT slotPos,
        GLOBAL const int* RESTRICT slotCell, GLOBAL const int* RESTRICT cellStart, GLOBAL int* RESTRICT listCount, GLOBAL int* RESTRICT list,
        int capacity, real search2, int numX, int numY, int numZ, mixed4 boxX, mixed4 boxY, mixed4 boxZ) {
    if (status[REBUILD] == evaluation)
        listStage(GLOBAL_ID, GLOBAL_SIZE, numSlots, slotPos, slotCell, cellStart, listCount, list, capacity, search2, status,
                numX, numY, numZ, boxX, boxY, boxZ);
}

/**
 * All of the above in one block, which for a small system takes less time than launching kernels.
 */
KERNEL void prepareInOneBlock(int evaluation, int mustRebuild, int numSlots, real cutoff, real range, GLOBAL const real4* RESTRICT posq,
        GLOBAL const real4* RESTRICT posqCorrection, GLOBAL int* RESTRICT atomSlot, GLOBAL int* RESTRICT slotAtom, GLOBAL real4* RESTRICT listPos, GLOBAL mixed4* RESTRICT listBox,
        GLOBAL Position* RESTRICT slotPos, GLOBAL int* RESTRICT status, mixed4 boxX, mixed4 boxY, mixed4 boxZ, GLOBAL const int* RESTRICT atomIndex,
        GLOBAL const int* RESTRICT types, GLOBAL const real* RESTRICT weights, GLOBAL int* RESTRICT cellCount, GLOBAL int* RESTRICT chunkCount,
        GLOBAL int* RESTRICT cellStart, GLOBAL int* RESTRICT atomCell, GLOBAL int* RESTRICT unsorted, GLOBAL int* RESTRICT slotCell, GLOBAL real* RESTRICT slotWeight,
        GLOBAL int* RESTRICT listCount, GLOBAL int* RESTRICT list, GLOBAL int* RESTRICT brokenReplica, int numX, int numY, int numZ, real inverseWidth, int capacity, real search2) {
    LOCAL int sums[CHUNK];
    int numCells = getNumCells(numX, numY, numZ);
    checkStage(LOCAL_ID, LOCAL_SIZE, evaluation, mustRebuild, cutoff, range, posq, posqCorrection, atomSlot,
            listPos, listBox, slotPos, status, boxX, boxY, boxZ);
    SYNC_THREADS;
    if (status[REBUILD] != evaluation)
        return;
    countStage(LOCAL_ID, LOCAL_SIZE, posq, posqCorrection, atomIndex, types, cellCount, chunkCount, atomCell, atomSlot, numX, numY, numZ, inverseWidth,
            boxX, boxY, boxZ);
    SYNC_THREADS;
    scanStage(0, 1, numCells, cellCount, chunkCount, cellStart, sums);
    SYNC_THREADS;
    fillStage(LOCAL_ID, LOCAL_SIZE, atomIndex, types, atomCell, cellCount, unsorted);
    SYNC_THREADS;
    placeStage(LOCAL_ID, LOCAL_SIZE, numSlots, numCells, posq, posqCorrection, atomIndex, types, weights, atomCell, unsorted,
            cellStart, cellCount, chunkCount, atomSlot, slotAtom, slotCell, slotWeight, slotPos, listPos, listBox, evaluation, status, brokenReplica, boxX, boxY, boxZ);
    SYNC_THREADS;
    listStage(LOCAL_ID, LOCAL_SIZE, numSlots, slotPos, slotCell, cellStart, listCount, list, capacity, search2, status,
            numX, numY, numZ, boxX, boxY, boxZ);
}
