/**
 * What the kernels of all forms share.  The host defines
 *
 *   PERIODIC        if distances follow periodic boundary conditions
 *   NUM_TYPES       the number of particle types
 *   NUM_REPLICAS    the number of replicas
 *
 * A slot is a place of a particle in an order of our own, cell by cell, so that particles near each
 * other are near each other in memory too.  A box vector has one over its diagonal element as w.
 */

DEVICE real3 nearestImage(real3 delta, real4 boxX, real4 boxY, real4 boxZ) {
#ifdef PERIODIC
    real count = floor(delta.z*boxZ.w+0.5f);
    delta.x -= count*boxZ.x;
    delta.y -= count*boxZ.y;
    delta.z -= count*boxZ.z;
    count = floor(delta.y*boxY.w+0.5f);
    delta.x -= count*boxY.x;
    delta.y -= count*boxY.y;
    count = floor(delta.x*boxX.w+0.5f);
    delta.x -= count*boxX.x;
#endif
    return delta;
}

DEVICE real3 getDelta(real4 from, real4 to, real4 boxX, real4 boxY, real4 boxZ) {
    return nearestImage(make_real3(to.x-from.x, to.y-from.y, to.z-from.z), boxX, boxY, boxZ);
}

/**
 * The type and the replica of a particle come as one number, in the last element of a slot's position.
 */
DEVICE int getReplica(int type) {
    return NUM_REPLICAS == 1 ? 0 : type/NUM_TYPES;
}

DEVICE int getType(real4 position) {
    return NUM_TYPES == 1 ? 0 : NUM_REPLICAS == 1 ? (int) position.w : (int) position.w%NUM_TYPES;
}

/**
 * Get one of the 27 cells around a cell, itself included, or -1 if it comes again under another
 * index, because there are fewer than three cells along an axis.
 */
DEVICE int getAdjacentCell(int cell, int index, int numX, int numY, int numZ) {
    int dx = index%3-1, dy = (index/3)%3-1, dz = index/9-1;
    if ((dx < 0 && numX < 3) || (dy < 0 && numY < 3) || (dz < 0 && numZ < 3) ||
            (dx > 0 && numX < 2) || (dy > 0 && numY < 2) || (dz > 0 && numZ < 2))
        return -1;
    int x = (cell%numX+dx+numX)%numX;
    int y = ((cell/numX)%numY+dy+numY)%numY;
    int layer = cell/(numX*numY);
    // Every replica has cells of its own.
    int z = (layer%numZ+dz+numZ)%numZ+layer/numZ*numZ;
    return (z*numY+y)*numX+x;
}
