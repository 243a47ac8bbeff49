#include "CpuTripletHost.h"
#include <algorithm>

using namespace CGBridge;
using namespace OpenMM;
using namespace std;

float* SerialPlatformHost::beginForces(int thread) {
    fill_n(&buffer[0]+4*first, 4*(last-first), 0.0f);
    return &buffer[0];
}

void SerialPlatformHost::finishForces() {
    vector<Vec3>& forces = *data.forces;
    for (int i = first; i < last; i++)
        forces[i] += Vec3(buffer[4*i], buffer[4*i+1], buffer[4*i+2]);
}
