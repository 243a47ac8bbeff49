/*
 * The neighbours of a batch of centres that are in range, one centre per lane.  Included into each
 * translation unit that is compiled for an instruction set, after CpuVectorMath.h.
 */

#include "CpuTripletBatch.h"

namespace CGBridge {
namespace {

typedef int32_t ivec4 __attribute__((vector_size(16)));
typedef float fvec4 __attribute__((vector_size(16)));

/**
 * A part of the work space that is handed out as arrays of vectors.
 */
class Workspace {
public:
    Workspace(float* memory, int maxNeighbors) : next((fvec*) memory), maxNeighbors(maxNeighbors) {
    }
    fvec* perNeighbor() {
        fvec* result = next;
        next += maxNeighbors;
        return result;
    }
    fvec* perPair() {
        fvec* result = next;
        next += maxNeighbors*(maxNeighbors-1)/2+1;
        return result;
    }
private:
    fvec* next;
    int maxNeighbors;
};

/**
 * Floats of work space: the arrays per neighbour and per pair that the loops ask for.
 */
constexpr int ARRAYS_PER_NEIGHBOR = 24, ARRAYS_PER_PAIR = 3;

struct NeighborBatch {
    /** The largest number of neighbours of any centre. */
    int count;
    /** The number of neighbours of each centre. */
    int countOfLane[WIDTH];
    /** Distance, its inverse, and the unit vector from the centre. */
    fvec *r, *inverseR, *x, *y, *z;
    /** The gradient that the loops fill. */
    fvec *gradX, *gradY, *gradZ;
    ivec *slot, *type;
    fvec weight;
    NeighborBatch(Workspace& space) : r(space.perNeighbor()), inverseR(space.perNeighbor()), x(space.perNeighbor()),
            y(space.perNeighbor()), z(space.perNeighbor()), gradX(space.perNeighbor()), gradY(space.perNeighbor()),
            gradZ(space.perNeighbor()), slot((ivec*) space.perNeighbor()), type((ivec*) space.perNeighbor()) {
    }

    /**
     * Collect the neighbours in range.  Lanes with fewer than count neighbours are filled up with
     * ones that are out of range.
     */
    __attribute__((always_inline)) void collect(const CpuTripletInput& input, const CpuTripletBatch& batch, bool findTypes) {
        const ivec4* positions = (const ivec4*) input.positions;
        float limit = input.cutoff/input.lengthUnit;
        float limit2 = limit*limit;
        count = 0;
        for (int lane = 0; lane < WIDTH; lane++) {
            countOfLane[lane] = 0;
            weight[lane] = 0;
        }
        float *px = (float*) x, *py = (float*) y, *pz = (float*) z;
        int32_t* slots = (int32_t*) slot;
        for (int lane = 0; lane < batch.numCenters; lane++) {
            int center = batch.firstCenter+lane;
            ivec4 position = positions[input.centers[center]];
            int found = lane;
            for (int index = input.start[center]; index < input.start[center+1]; index++) {
                int slot = input.neighbors[index];
                fvec4 delta = __builtin_convertvector(positions[slot]-position, fvec4);
                fvec4 square = delta*delta;
                // Written in any case, and overwritten by the next neighbour if this one is out of range.
                px[found] = delta[0];
                py[found] = delta[1];
                pz[found] = delta[2];
                slots[found] = slot;
                found += (square[0]+square[1]+square[2] < limit2 ? WIDTH : 0);
            }
            int countHere = found/WIDTH;
            countOfLane[lane] = countHere;
            weight[lane] = input.weights[center];
            count = (countHere > count ? countHere : count);
        }
        for (int lane = 0; lane < WIDTH; lane++)
            for (int k = countOfLane[lane]; k < count; k++) {
                px[k*WIDTH+lane] = 2*limit;
                py[k*WIDTH+lane] = 0;
                pz[k*WIDTH+lane] = 0;
                slots[k*WIDTH+lane] = 0;
            }
        for (int k = 0; k < count; k++) {
            fvec dx = x[k]*input.lengthUnit, dy = y[k]*input.lengthUnit, dz = z[k]*input.lengthUnit;
            r[k] = squareRoot(dx*dx+dy*dy+dz*dz);
            inverseR[k] = 1.0f/r[k];
            x[k] = dx*inverseR[k];
            y[k] = dy*inverseR[k];
            z[k] = dz*inverseR[k];
            if (findTypes)
                for (int lane = 0; lane < WIDTH; lane++)
                    type[k][lane] = input.types[slot[k][lane]];
        }
    }

    /**
     * Add the forces that follow from the gradient.
     */
    __attribute__((always_inline)) void addForces(const CpuTripletInput& input, const CpuTripletBatch& batch, float* forces) {
        for (int k = 0; k < count; k++) {
            gradX[k] *= weight;
            gradY[k] *= weight;
            gradZ[k] *= weight;
        }
        const float *gx = (const float*) gradX, *gy = (const float*) gradY, *gz = (const float*) gradZ;
        const int32_t* slots = (const int32_t*) slot;
        fvec4* forceOfParticle = (fvec4*) forces;
        for (int lane = 0; lane < batch.numCenters; lane++) {
            fvec4 total = {};
            for (int k = 0; k < countOfLane[lane]; k++) {
                int place = k*WIDTH+lane;
                fvec4 gradient = {gx[place], gy[place], gz[place], 0};
                total += gradient;
                forceOfParticle[input.particles[slots[place]]] -= gradient;
            }
            forceOfParticle[input.particles[input.centers[batch.firstCenter+lane]]] += total;
        }
    }
};

} // namespace
} // namespace CGBridge
