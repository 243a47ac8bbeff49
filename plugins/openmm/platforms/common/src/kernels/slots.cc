/**
 * What the kernels of all forms share.  The host defines
 *
 *   PERIODIC        if distances follow periodic boundary conditions
 *   NUM_TYPES       the number of particle types
 *   NUM_REPLICAS    the number of replicas
 *   TILE            the number of cells along the edges of a tile
 *
 * A replica has the box of the Context, stretched along the axes by factors of its own.  Cells and lists
 * know nothing of that; the factors come in where distances are computed and forces added.
 *
 * A slot is a place of a particle in an order of our own, cell by cell, so that particles near each
 * other are near each other in memory too.  A box vector has one over its diagonal element as w.
 */

#if defined(PERIODIC) && defined(USE_MIXED_PRECISION)
/*
 * In mixed precision OpenMM knows positions better than a single precision number does.  As multiples of
 * 2^-32 of the box vectors, modulo the box, they keep their digits, and so do differences of near ones.
 * The last element is the type.
 */
#define FIXED_POSITIONS
typedef int4 Position;
#else
typedef real4 Position;
#endif

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

#ifdef FIXED_POSITIONS
DEVICE real getDifference(int from, int to) {
    return (real) (int) ((unsigned int) to-(unsigned int) from);
}
#endif

DEVICE real3 getDelta(Position from, Position to, real4 boxX, real4 boxY, real4 boxZ) {
#ifdef FIXED_POSITIONS
    const real unit = 2.3283064365386963e-10f;
    real x = getDifference(from.x, to.x), y = getDifference(from.y, to.y), z = getDifference(from.z, to.z);
    // In a box with right angles integers that wrap around give the nearest image.
    if (boxY.x == 0 && boxZ.x == 0 && boxZ.y == 0)
        return make_real3(x*(unit*boxX.x), y*(unit*boxY.y), z*(unit*boxZ.z));
    x *= unit;
    y *= unit;
    z *= unit;
    real3 delta = make_real3(x*boxX.x+y*boxY.x+z*boxZ.x, y*boxY.y+z*boxZ.y, z*boxZ.z);
#else
    real3 delta = make_real3(to.x-from.x, to.y-from.y, to.z-from.z);
#endif
    return nearestImage(delta, boxX, boxY, boxZ);
}

/**
 * The type and the replica of a particle come as one number, in the last element of a slot's position.
 */
DEVICE int getReplica(int type) {
    return NUM_REPLICAS == 1 ? 0 : type/NUM_TYPES;
}

DEVICE int getType(Position position) {
    return NUM_TYPES == 1 ? 0 : NUM_REPLICAS == 1 ? (int) position.w : (int) position.w%NUM_TYPES;
}

/**
 * Cells are numbered tile by tile, TILE^3 cells each, so that slots near each other in number are near each other in
 * all directions.  The tiles at the far ends may reach beyond the cells.  The layers are those of all replicas, one
 * replica after the other.
 */
DEVICE int getNumCells(int numX, int numY, int numZ) {
    return ((numX+TILE-1)/TILE)*((numY+TILE-1)/TILE)*((NUM_REPLICAS*numZ+TILE-1)/TILE)*(TILE*TILE*TILE);
}

DEVICE int getCell(int x, int y, int layer, int numX, int numY) {
    int tile = (layer/TILE*((numY+TILE-1)/TILE)+y/TILE)*((numX+TILE-1)/TILE)+x/TILE;
    return ((tile*TILE+layer%TILE)*TILE+y%TILE)*TILE+x%TILE;
}

/**
 * Get the places of a cell along x and y, and its layer.
 */
DEVICE int3 getCellPlace(int cell, int numX, int numY) {
    int tilesX = (numX+TILE-1)/TILE, tilesY = (numY+TILE-1)/TILE, tile = cell/(TILE*TILE*TILE);
    return make_int3(tile%tilesX*TILE+cell%TILE, tile/tilesX%tilesY*TILE+cell/TILE%TILE, tile/tilesX/tilesY*TILE+cell/(TILE*TILE)%TILE);
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
    int3 place = getCellPlace(cell, numX, numY);
    // Every replica has cells of its own.
    int layer = (place.z%numZ+dz+numZ)%numZ+place.z/numZ*numZ;
    return getCell((place.x+dx+numX)%numX, (place.y+dy+numY)%numY, layer, numX, numY);
}
