#ifndef CGBRIDGE_CPUREPLICAKERNEL_H_
#define CGBRIDGE_CPUREPLICAKERNEL_H_

#include "CGBridgeKernels.h"
#include "CpuTripletHost.h"
#include "openmm/Kernel.h"
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace CGBridge {

/**
 * The CPU kernel of a force: a kernel for each replica, which knows nothing of the others.  Several
 * replicas share out the threads, one each, so that they need not wait for each other within a step.
 */
template <class KernelType, class SingleKernel>
class CpuReplicaKernel : public KernelType {
public:
    /**
     * Creates the host of a kernel that adds to the forces on some particles, and that runs on one thread,
     * unless the pointer to its number is null.
     */
    using HostFactory = std::function<std::unique_ptr<CpuTripletHost>(const std::vector<int>& particles, const int* thread)>;
    /**
     * @param threads    the threads that several replicas share out
     */
    CpuReplicaKernel(std::string name, const OpenMM::Platform& platform, const CpuThreads& threads, HostFactory createHost) :
            KernelType(name, platform), platform(platform), threads(threads), createHost(createHost) {
    }
    void initialize(const OpenMM::System& system, const TripletForce& force) override {
        if (force.getNumReplicas() == 1)
            add(system, force, nullptr);
        else {
            threadOfReplica.assign(force.getNumReplicas(), 0);
            energies.resize(force.getNumReplicas());
            for (int replica = 0; replica < force.getNumReplicas(); replica++) {
                std::unique_ptr<TripletForce> one(force.extractReplica(replica));
                add(system, *one, &threadOfReplica[replica]);
            }
        }
    }
    double execute(OpenMM::ContextImpl& context, bool includeForces, bool includeEnergy) override {
        auto executeOne = [&] (size_t replica) {
            return replicas[replica].template getAs<SingleKernel>().execute(context, includeForces, includeEnergy);
        };
        if (replicas.size() == 1)
            return executeOne(0);
        threads.forEachThread([&] (int thread) {
            for (size_t replica = thread; replica < replicas.size(); replica += threads.getNumThreads()) {
                threadOfReplica[replica] = thread;
                energies[replica] = executeOne(replica);
            }
        });
        double energy = 0;
        for (double value : energies)
            energy += value;
        return energy;
    }
    void copyParametersToContext(OpenMM::ContextImpl& context, const TripletForce& force) override {
        // Particles may have gone to other replicas.
        replicas.clear();
        initialize(context.getSystem(), force);
    }
private:
    /**
     * Add the kernel of a force with one replica.
     */
    void add(const OpenMM::System& system, const TripletForce& force, const int* thread) {
        std::vector<int> particles;
        for (int i = 0; i < force.getNumParticles(); i++) {
            int type;
            double weight;
            force.getParticleParameters(i, type, weight);
            if (type >= 0)
                particles.push_back(i);
        }
        auto* kernel = new SingleKernel(this->getName(), platform, createHost(particles, thread));
        replicas.push_back(OpenMM::Kernel(kernel));
        kernel->initialize(system, force);
    }
    const OpenMM::Platform& platform;
    const CpuThreads threads;
    HostFactory createHost;
    std::vector<OpenMM::Kernel> replicas;
    std::vector<int> threadOfReplica;
    std::vector<double> energies;
};

} // namespace CGBridge

#endif /*CGBRIDGE_CPUREPLICAKERNEL_H_*/
