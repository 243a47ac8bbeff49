#include "CpuReplicaKernel.h"
#include <memory>
#include <numeric>

using namespace CGBridge;
using namespace OpenMM;
using namespace std;

void CpuReplicaKernel::initialize(const System& system, const CenterForce& force) {
    if (force.getNumReplicas() == 1) {
        add(system, force, nullptr);
        return;
    }
    threadOfReplica.assign(force.getNumReplicas(), 0);
    energies.resize(force.getNumReplicas());
    for (int replica = 0; replica < force.getNumReplicas(); replica++) {
        unique_ptr<CenterForce> one(force.extractReplica(replica));
        add(system, *one, &threadOfReplica[replica]);
    }
}

double CpuReplicaKernel::execute(ContextImpl& context, bool includeForces, bool includeEnergy) {
    if (replicas.size() == 1)
        return replicas[0].getAs<CalcCenterForceKernel>().execute(context, includeForces, includeEnergy);
    threads.forEachThread([&] (int thread) {
        for (size_t replica = thread; replica < replicas.size(); replica += threads.getNumThreads()) {
            threadOfReplica[replica] = thread;
            energies[replica] = replicas[replica].getAs<CalcCenterForceKernel>().execute(context, includeForces, includeEnergy);
        }
    });
    return accumulate(energies.begin(), energies.end(), 0.0);
}

void CpuReplicaKernel::copyParametersToContext(ContextImpl& context, const CenterForce& force) {
    // Particles may have gone to other replicas.
    replicas.clear();
    initialize(context.getSystem(), force);
}

void CpuReplicaKernel::add(const System& system, const CenterForce& force, const int* thread) {
    vector<int> particles;
    for (int i = 0; i < force.getNumParticles(); i++) {
        int type;
        double weight;
        force.getParticleParameters(i, type, weight);
        if (type >= 0)
            particles.push_back(i);
    }
    replicas.push_back(createKernel(particles, thread));
    replicas.back().getAs<CalcCenterForceKernel>().initialize(system, force);
}
