#include "CpuKernelHost.h"
#include <algorithm>

using namespace CGBridge;
using namespace OpenMM;
using namespace std;

LonePlatformHost::LonePlatformHost(ReferencePlatform::PlatformData& data, const CpuThreads& threads, bool isDeterministic,
                                   const vector<int>& particles) :
        data(data), threads(threads), deterministic(isDeterministic || threads.getNumThreads() == 1), particles(particles),
        buffers(threads.getNumThreads()) {
    for (AlignedArray<float>& buffer : buffers)
        buffer.resize(4*data.numParticles);
}

float* LonePlatformHost::beginForces(int thread) {
    float* buffer = &buffers[thread][0];
    if (!particles.empty())
        fill(buffer+4*particles.front(), buffer+4*particles.back()+4, 0.0f);
    return buffer;
}

/**
 * Touches no other particles, so that the replicas of a force can do this at the same time.
 */
void LonePlatformHost::finishForces() {
    vector<Vec3>& forces = *data.forces;
    threads.forEachRange((int) particles.size(), [&] (int begin, int end) {
        for (AlignedArray<float>& buffer : buffers)
            for (int k = begin; k < end; k++) {
                const int i = particles[k];
                forces[i] += Vec3(buffer[4*i], buffer[4*i+1], buffer[4*i+2]);
            }
    });
}
