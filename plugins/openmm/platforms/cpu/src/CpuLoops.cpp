/*
 * This file is compiled once for each instruction set, which CGBRIDGE_ISA names.
 */

#include "CpuVectorMath.h"
#include "CpuNeighborBatch.h"
#include "CpuCenterLoops.h"
#include "CpuTersoffLoops.h"
#include "CpuStillingerWeberLoops.h"
#include "CpuDescriptorNetworkLoops.h"
#include "CpuLangevinLoops.h"
#include "CpuNeighborSumLoops.h"

namespace CGBridge {
namespace {

int findSlots(const float* x, const float* y, const float* z, int center, const int* ranges, int numRanges,
              float distance2, float cutoff2, int* found, int& numCloser) {
    const float centerX = x[center], centerY = y[center], centerZ = z[center];
    int count = 0;
    numCloser = 0;
    for (int range = 0; range < numRanges; range++) {
        const int first = ranges[2*range], last = ranges[2*range+1];
#if defined(__AVX512F__)
        const __m512i lanes = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
        for (int slot = first; slot < last; slot += WIDTH) {
            __mmask16 valid = (__mmask16) (last-slot < WIDTH ? (1<<(last-slot))-1 : 0xffff);
            __m512 dx = _mm512_maskz_loadu_ps(valid, x+slot)-centerX;
            __m512 dy = _mm512_maskz_loadu_ps(valid, y+slot)-centerY;
            __m512 dz = _mm512_maskz_loadu_ps(valid, z+slot)-centerZ;
            __m512 r2 = dx*dx+dy*dy+dz*dz;
            __m512i slots = _mm512_add_epi32(_mm512_set1_epi32(slot), lanes);
            valid &= _mm512_cmpneq_epi32_mask(slots, _mm512_set1_epi32(center));
            valid = _mm512_mask_cmp_ps_mask(valid, r2, _mm512_set1_ps(distance2), _CMP_LT_OQ);
            __mmask16 closer = _mm512_mask_cmp_ps_mask(valid, r2, _mm512_set1_ps(cutoff2), _CMP_LT_OQ);
            _mm512_storeu_si512(found+count, _mm512_maskz_compress_epi32(valid, slots));
            count += __builtin_popcount(valid);
            numCloser += __builtin_popcount(closer);
        }
#else
        for (int slot = first; slot < last; slot++) {
            float dx = x[slot]-centerX, dy = y[slot]-centerY, dz = z[slot]-centerZ;
            float r2 = dx*dx+dy*dy+dz*dz;
            found[count] = slot;
            count += (r2 < distance2) & (slot != center);
            numCloser += (r2 < cutoff2) & (slot != center);
        }
#endif
    }
    return count;
}

} // namespace

extern const CpuFunctions CGBRIDGE_FUNCTIONS;
const CpuFunctions CGBRIDGE_FUNCTIONS = {getLoops(CpuForms()), CGBRIDGE_ISA, WIDTH, findSlots, fillNormal, stepLangevinMiddle,
        ALL_NEIGHBOR_SUM_LOOPS<float>, ALL_NEIGHBOR_SUM_LOOPS<double>};

} // namespace CGBridge
