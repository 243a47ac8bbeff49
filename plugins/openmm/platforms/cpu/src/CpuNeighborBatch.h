/*
 * The neighbours of a batch of centres that are in range, one centre per lane.  Included into each
 * translation unit that is compiled for an instruction set, after CpuVectorMath.h.
 */

#include "CpuFunctions.h"

namespace CGBridge {
namespace {

typedef int32_t ivec4 __attribute__((vector_size(16)));
typedef float fvec4 __attribute__((vector_size(16)));

/**
 * The work space of a thread, which is handed out as arrays of vectors.  Without memory it only counts.
 */
class Workspace {
public:
    Workspace(float* memory, int maxNeighbors) : memory((fvec*) memory), maxNeighbors(maxNeighbors) {
    }
    fvec* perNeighbor() {
        return take(maxNeighbors);
    }
    fvec* perPair() {
        return take((size_t) maxNeighbors*(maxNeighbors-1)/2+1);
    }
    /**
     * Get the number of floats that were handed out.
     */
    size_t getSize() const {
        return used*WIDTH;
    }
private:
    fvec* take(size_t count) {
        fvec* result = (memory == nullptr ? nullptr : memory+used);
        used += count;
        return result;
    }
    fvec* memory;
    size_t used = 0;
    int maxNeighbors;
};

/**
 * The derivatives of the energies of the centres by the angles at a neighbour j, collected as
 *
 *     turn_j = sum_k dE/dcos_jk u_k,    along_j = turn_j.u_j.
 */
struct Turn {
    fvec x, y, z, along;
};

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
    void collect(const CpuCenterInput& input, const CpuCenterBatch& batch, bool findTypes) {
        for (int lane = 0; lane < WIDTH; lane++) {
            countOfLane[lane] = 0;
            weight[lane] = 0;
        }
        for (int lane = 0; lane < batch.numCenters; lane++)
            weight[lane] = input.weights[batch.firstCenter+lane];
        if (!collectInRows(input, batch))
            collectOneByOne(input, batch);
        for (int k = 0; k < count; k++) {
            fvec dx = x[k]*input.lengthUnit, dy = y[k]*input.lengthUnit, dz = z[k]*input.lengthUnit;
            fvec r2 = dx*dx+dy*dy+dz*dz;
            inverseR[k] = inverseSquareRoot(r2);
            // The energy amplifies errors of the distance, so it gets a correction to the last digit.
            fvec root = r2*inverseR[k];
            r[k] = root+0.5f*inverseR[k]*(r2-root*root);
            x[k] = dx*inverseR[k];
            y[k] = dy*inverseR[k];
            z[k] = dz*inverseR[k];
            if (findTypes)
                type[k] = lookUp(input.types, slot[k]);
        }
    }

    /**
     * Set the gradient of a neighbour,
     *
     *     dE/dr_j = radial_j u_j + (turn_j - along_j u_j)/r_j,
     *
     * from its derivative by the distance and from the turn, divided by the distance.
     */
    __attribute__((always_inline)) void setGradient(int k, fvec radial, const Turn& turnOverR) {
        fvec along = radial-turnOverR.along;
        gradX[k] = along*x[k]+turnOverR.x;
        gradY[k] = along*y[k]+turnOverR.y;
        gradZ[k] = along*z[k]+turnOverR.z;
    }

    /**
     * Add the forces that follow from the gradient.
     */
    void addForces(const CpuCenterInput& input, const CpuCenterBatch& batch, float* forces) {
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

private:
    /**
     * Find the neighbours in range, one lane after the other.
     */
    void collectOneByOne(const CpuCenterInput& input, const CpuCenterBatch& batch) {
        const ivec4* positions = (const ivec4*) input.positions;
        const float limit = input.cutoff/input.lengthUnit, limit2 = limit*limit;
        float *px = (float*) x, *py = (float*) y, *pz = (float*) z;
        int32_t* slots = (int32_t*) slot;
        count = 0;
        for (int lane = 0; lane < batch.numCenters; lane++) {
            int center = batch.firstCenter+lane;
            ivec4 position = positions[input.centers[center]];
            int found = lane;
            for (int index = input.start[center]; index < input.start[center+1]; index++) {
                int neighbor = input.neighbors[index];
                fvec4 delta = __builtin_convertvector(positions[neighbor]-position, fvec4);
                fvec4 square = delta*delta;
                // Written in any case, and overwritten by the next neighbour if this one is out of range.
                px[found] = delta[0];
                py[found] = delta[1];
                pz[found] = delta[2];
                slots[found] = neighbor;
                found += (square[0]+square[1]+square[2] < limit2 ? WIDTH : 0);
            }
            countOfLane[lane] = found/WIDTH;
            count = (countOfLane[lane] > count ? countOfLane[lane] : count);
        }
        for (int lane = 0; lane < WIDTH; lane++)
            for (int k = countOfLane[lane]; k < count; k++) {
                px[k*WIDTH+lane] = 2*limit;
                py[k*WIDTH+lane] = 0;
                pz[k*WIDTH+lane] = 0;
                slots[k*WIDTH+lane] = 0;
            }
    }

    /**
     * Find the neighbours in range with one row of memory for each lane, and transpose the rows.
     *
     * @return false if a centre has more neighbours in range than a row has places
     */
    bool collectInRows(const CpuCenterInput& input, const CpuCenterBatch& batch) {
#if defined(__AVX512F__)
        const __m128i* positions = (const __m128i*) input.positions;
        const float limit = input.cutoff/input.lengthUnit;
        const __m512 limit2 = _mm512_set1_ps(limit*limit);
        __m512 rowX[WIDTH], rowY[WIDTH], rowZ[WIDTH], rowSlot[WIDTH];
        for (int lane = batch.numCenters; lane < WIDTH; lane++) {
            rowX[lane] = broadcast(2*limit);
            rowY[lane] = rowZ[lane] = rowSlot[lane] = fvec{};
        }
        count = 0;
        for (int lane = 0; lane < batch.numCenters; lane++) {
            const int center = batch.firstCenter+lane;
            const __m512i position = _mm512_broadcast_i32x4(positions[input.centers[center]]);
            float place[4][2*WIDTH] __attribute__((aligned(64)));
            int found = 0;
            for (int first = input.start[center], last = input.start[center+1]; first < last; first += WIDTH) {
                const int* neighbors = input.neighbors+first;
                __mmask16 inList = (__mmask16) (last-first < WIDTH ? (1<<(last-first))-1 : 0xffff);
                // Row j of four vectors holds neighbours j, j+4, j+8 and j+12, so that transposing
                // blocks of four brings them into their order.
                auto load = [&] (int j) __attribute__((always_inline)) {
                    __m512i four = _mm512_castsi128_si512(positions[neighbors[j]]);
                    four = _mm512_inserti32x4(four, positions[neighbors[j+4]], 1);
                    four = _mm512_inserti32x4(four, positions[neighbors[j+8]], 2);
                    four = _mm512_inserti32x4(four, positions[neighbors[j+12]], 3);
                    return _mm512_cvtepi32_ps(_mm512_sub_epi32(four, position));
                };
                __m512 a = load(0), b = load(1), c = load(2), d = load(3);
                __m512 abLow = _mm512_unpacklo_ps(a, b), cdLow = _mm512_unpacklo_ps(c, d);
                __m512 dx = _mm512_shuffle_ps(abLow, cdLow, 0x44), dy = _mm512_shuffle_ps(abLow, cdLow, 0xee);
                __m512 dz = _mm512_shuffle_ps(_mm512_unpackhi_ps(a, b), _mm512_unpackhi_ps(c, d), 0x44);
                __mmask16 inRange = _mm512_mask_cmp_ps_mask(inList, dx*dx+dy*dy+dz*dz, limit2, _CMP_LT_OQ);
                _mm512_storeu_ps(place[0]+found, _mm512_maskz_compress_ps(inRange, dx));
                _mm512_storeu_ps(place[1]+found, _mm512_maskz_compress_ps(inRange, dy));
                _mm512_storeu_ps(place[2]+found, _mm512_maskz_compress_ps(inRange, dz));
                _mm512_storeu_ps(place[3]+found, _mm512_maskz_compress_ps(inRange, _mm512_loadu_ps(neighbors)));
                found += __builtin_popcount(inRange);
                if (found > WIDTH)
                    return false;
            }
            const __mmask16 used = (__mmask16) ((1<<found)-1);
            rowX[lane] = _mm512_mask_load_ps(broadcast(2*limit), used, place[0]);
            rowY[lane] = _mm512_maskz_load_ps(used, place[1]);
            rowZ[lane] = _mm512_maskz_load_ps(used, place[2]);
            rowSlot[lane] = _mm512_maskz_load_ps(used, place[3]);
            countOfLane[lane] = found;
            count = (found > count ? found : count);
        }
        transpose(rowX, x, count);
        transpose(rowY, y, count);
        transpose(rowZ, z, count);
        transpose(rowSlot, (fvec*) slot, count);
        return true;
#else
        return false;
#endif
    }
};

} // namespace
} // namespace CGBridge
