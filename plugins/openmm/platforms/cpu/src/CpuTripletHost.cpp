#include "CpuTripletHost.h"
#include <algorithm>

using namespace CGBridge;
using namespace OpenMM;
using namespace std;

LonePlatformHost::LonePlatformHost(ReferencePlatform::PlatformData& data, const CpuThreads& threads, bool isDeterministic, int first, int last) :
        data(data), threads(threads), deterministic(isDeterministic || threads.getNumThreads() == 1), first(first), last(last),
        buffers(threads.getNumThreads()) {
    for (AlignedArray<float>& buffer : buffers)
        buffer.resize(4*data.numParticles);
}

float* LonePlatformHost::beginForces(int thread) {
    fill_n(&buffers[thread][0]+4*first, 4*(last-first), 0.0f);
    return &buffers[thread][0];
}

void LonePlatformHost::finishForces() {
    vector<Vec3>& forces = *data.forces;
    threads.forEachRange(last-first, [&] (int begin, int end) {
        for (AlignedArray<float>& buffer : buffers)
            for (int i = first+begin; i < first+end; i++)
                forces[i] += Vec3(buffer[4*i], buffer[4*i+1], buffer[4*i+2]);
    });
}
