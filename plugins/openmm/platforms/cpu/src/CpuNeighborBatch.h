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
    fvec* perNeighbor(int count = 1) {
        return take((size_t) count*maxNeighbors);
    }
    fvec* perPair() {
        return take((size_t) maxNeighbors*(maxNeighbors-1)/2+1);
    }
    fvec* take(size_t count) {
        fvec* result = (memory == nullptr ? nullptr : memory+used);
        used += count;
        return result;
    }
    int getMaxNeighbors() const {
        return maxNeighbors;
    }
    /**
     * Get the number of floats that were handed out.
     */
    size_t getSize() const {
        return used*WIDTH;
    }
private:
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
    /** The largest number of neighbours of any centre, and the number that arrays have room for. */
    int count;
    const int maxCount;
    /** Where a form has a second, shorter cutoff: the largest number of neighbours within it.  They come first. */
    int countNear;
    /** The number of neighbours of each centre. */
    int countOfLane[WIDTH];
    /** Distance, its inverse, and the unit vector from the centre. */
    fvec *r, *inverseR, *x, *y, *z;
    /** The gradient that the loops fill. */
    fvec *gradX, *gradY, *gradZ;
    ivec *slot, *type;
    fvec weight;
    NeighborBatch(Workspace& space) : maxCount(space.getMaxNeighbors()), r(space.perNeighbor()), inverseR(space.perNeighbor()), x(space.perNeighbor()),
            y(space.perNeighbor()), z(space.perNeighbor()), gradX(space.perNeighbor()), gradY(space.perNeighbor()),
            gradZ(space.perNeighbor()), slot((ivec*) space.perNeighbor()), type((ivec*) space.perNeighbor()) {
    }

    /**
     * Collect the neighbours in range.  Lanes with fewer than count neighbours are filled up with
     * ones that are out of range.
     *
     * @param nearCutoff    neighbours within this distance come first, in nm; 0 for any order
     */
    void collect(const CpuCenterInput& input, const CpuCenterBatch& batch, bool findTypes, float nearCutoff) {
        for (int lane = 0; lane < WIDTH; lane++) {
            countOfLane[lane] = 0;
            weight[lane] = 0;
        }
        for (int lane = 0; lane < batch.numCenters; lane++)
            weight[lane] = input.weights[batch.firstCenter+lane];
        countNear = 0;
        if (nearCutoff > 0) {
            const float nearLimit = nearCutoff/input.lengthUnit;
            if (!collectInRows<4, true>(input, batch, nearLimit*nearLimit))
                collectNearFirst(input, batch, nearLimit*nearLimit);
        }
        else if (!collectInRows<1, false>(input, batch, 0) && !collectInRows<4, false>(input, batch, 0))
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
#if defined(__AVX512F__)
    /**
     * Write the elements of a vector that are chosen one behind the other, and anything up to a vector's width.
     */
    static __attribute__((always_inline)) void keep(float* to, __mmask16 chosen, __m512 values) {
        _mm512_storeu_ps(to, _mm512_maskz_compress_ps(chosen, values));
    }
#endif

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
     * Bring the neighbours that are near before the others.
     */
    void collectNearFirst(const CpuCenterInput& input, const CpuCenterBatch& batch, float nearLimit2) {
        collectOneByOne(input, batch);
        float *px = (float*) x, *py = (float*) y, *pz = (float*) z;
        int32_t* slots = (int32_t*) slot;
        for (int lane = 0; lane < batch.numCenters; lane++) {
            int numNear = 0;
            for (int k = 0; k < countOfLane[lane]; k++) {
                const int from = k*WIDTH+lane, to = numNear*WIDTH+lane;
                if (px[from]*px[from]+py[from]*py[from]+pz[from]*pz[from] >= nearLimit2)
                    continue;
                auto exchange = [] (auto& first, auto& second) {
                    auto kept = first;
                    first = second;
                    second = kept;
                };
                exchange(px[from], px[to]);
                exchange(py[from], py[to]);
                exchange(pz[from], pz[to]);
                exchange(slots[from], slots[to]);
                numNear++;
            }
            countNear = (numNear > countNear ? numNear : countNear);
        }
    }

    /**
     * Find the neighbours in range with rows of memory for each lane, and transpose the rows.
     *
     * @tparam Rows        the number of rows of a lane, each with a place for WIDTH neighbours
     * @tparam NearFirst   whether neighbours within a shorter distance, of which the square is given, come first
     * @return false if a centre has more neighbours in range than there are places
     */
    template <int Rows, bool NearFirst>
    bool collectInRows(const CpuCenterInput& input, const CpuCenterBatch& batch, float nearLimit2) {
#if defined(__AVX512F__)
        const __m128i* positions = (const __m128i*) input.positions;
        const float limit = input.cutoff/input.lengthUnit;
        const __m512 limit2 = _mm512_set1_ps(limit*limit);
        __m512 rows[Rows][4][WIDTH];
        for (int row = 0; row < Rows; row++)
            for (int lane = batch.numCenters; lane < WIDTH; lane++) {
                rows[row][0][lane] = broadcast(2*limit);
                rows[row][1][lane] = rows[row][2][lane] = rows[row][3][lane] = fvec{};
            }
        count = 0;
        for (int lane = 0; lane < batch.numCenters; lane++) {
            const int center = batch.firstCenter+lane;
            const __m512i position = _mm512_broadcast_i32x4(positions[input.centers[center]]);
            // There is room for what a vector brings when all places but one are taken; those that are not near are
            // kept aside.
            float place[4][(Rows+1)*WIDTH] __attribute__((aligned(64)));
            float aside[NearFirst ? 4 : 1][NearFirst ? (Rows+1)*WIDTH : 1] __attribute__((aligned(64)));
            int found = 0, numAside = 0;
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
                const __m512 square = dx*dx+dy*dy+dz*dz, slots = _mm512_loadu_ps(neighbors);
                __mmask16 inRange = _mm512_mask_cmp_ps_mask(inList, square, limit2, _CMP_LT_OQ);
                if constexpr (NearFirst) {
                    const __mmask16 isNear = _mm512_mask_cmp_ps_mask(inRange, square, _mm512_set1_ps(nearLimit2), _CMP_LT_OQ);
                    const __mmask16 isFar = inRange & ~isNear;
                    keep(aside[0]+numAside, isFar, dx);
                    keep(aside[1]+numAside, isFar, dy);
                    keep(aside[2]+numAside, isFar, dz);
                    keep(aside[3]+numAside, isFar, slots);
                    numAside += __builtin_popcount(isFar);
                    inRange = isNear;
                }
                keep(place[0]+found, inRange, dx);
                keep(place[1]+found, inRange, dy);
                keep(place[2]+found, inRange, dz);
                keep(place[3]+found, inRange, slots);
                found += __builtin_popcount(inRange);
                if (found+numAside > Rows*WIDTH) {
                    countNear = 0;
                    return false;
                }
            }
            if constexpr (NearFirst) {
                countNear = (found > countNear ? found : countNear);
                for (int from = 0; from < numAside; from += WIDTH)
                    for (int what = 0; what < 4; what++)
                        _mm512_storeu_ps(place[what]+found+from, _mm512_load_ps(aside[what]+from));
                found += numAside;
            }
            for (int row = 0; row < Rows; row++) {
                const int inRow = found-row*WIDTH;
                const __mmask16 used = (__mmask16) (inRow <= 0 ? 0 : (inRow >= WIDTH ? 0xffff : (1<<inRow)-1));
                rows[row][0][lane] = _mm512_mask_load_ps(broadcast(2*limit), used, place[0]+row*WIDTH);
                for (int what = 1; what < 4; what++)
                    rows[row][what][lane] = _mm512_maskz_load_ps(used, place[what]+row*WIDTH);
            }
            countOfLane[lane] = found;
            count = (found > count ? found : count);
        }
        fvec* const columns[4] = {x, y, z, (fvec*) slot};
        for (int row = 0; row*WIDTH < count; row++)
            for (int what = 0; what < 4; what++)
                transpose(rows[row][what], columns[what]+row*WIDTH, count-row*WIDTH);
        return true;
#else
        return false;
#endif
    }
};

} // namespace
} // namespace CGBridge
