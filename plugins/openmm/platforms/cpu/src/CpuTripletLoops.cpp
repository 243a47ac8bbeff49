/*
 * This file is compiled once for each instruction set, which CGBRIDGE_FUNCTIONS names.
 */

#include "CpuVectorMath.h"
#include "CpuNeighborBatch.h"
#include "CpuTersoffLoops.h"
#include "CpuStillingerWeberLoops.h"

namespace CGBridge {
namespace {

size_t getWorkspaceSize(int maxNeighbors) {
    size_t neighbors = maxNeighbors, pairs = neighbors*(neighbors-1)/2+1;
    return WIDTH*(ARRAYS_PER_NEIGHBOR*neighbors+ARRAYS_PER_PAIR*pairs);
}

int findSlots(const float* x, const float* y, const float* z, int center, const int* ranges, int numRanges, float distance2, int* found) {
    const float centerX = x[center], centerY = y[center], centerZ = z[center];
    int count = 0;
    for (int range = 0; range < numRanges; range++)
        for (int slot = ranges[2*range]; slot < ranges[2*range+1]; slot++) {
            float dx = x[slot]-centerX, dy = y[slot]-centerY, dz = z[slot]-centerZ;
            found[count] = slot;
            count += (dx*dx+dy*dy+dz*dz < distance2) & (slot != center);
        }
    return count;
}

} // namespace
} // namespace CGBridge

namespace CGBridge {

extern const CpuTripletFunctions CGBRIDGE_FUNCTIONS;
const CpuTripletFunctions CGBRIDGE_FUNCTIONS = {WIDTH, getWorkspaceSize, computeTersoff, computeStillingerWeber, findSlots};

} // namespace CGBridge
