#ifndef CGBRIDGE_CPUREPLICAKERNEL_H_
#define CGBRIDGE_CPUREPLICAKERNEL_H_

#include "CGBridgeKernels.h"
#include "CpuTripletHost.h"
#include "openmm/Kernel.h"
#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace CGBridge {

/**
 * The CPU kernel of a force: a kernel for each replica, which knows nothing of the others.
 */
template <class KernelType, class SingleKernel>
class CpuReplicaKernel : public KernelType {
public:
    /** Creates the host of a kernel that adds to the forces on the particles from first to last-1. */
    using HostFactory = std::function<std::unique_ptr<CpuTripletHost>(int first, int last)>;
    CpuReplicaKernel(std::string name, const OpenMM::Platform& platform, HostFactory createHost) :
            KernelType(name, platform), platform(platform), createHost(createHost) {
    }
    void initialize(const OpenMM::System& system, const TripletForce& force) override {
        for (int replica = 0; replica < force.getNumReplicas(); replica++) {
            std::unique_ptr<TripletForce> one = extract(force, replica);
            replicas.push_back(create(one == nullptr ? force : *one));
            replicas.back().template getAs<SingleKernel>().initialize(system, one == nullptr ? force : *one);
        }
    }
    double execute(OpenMM::ContextImpl& context, bool includeForces, bool includeEnergy) override {
        double energy = 0;
        for (OpenMM::Kernel& kernel : replicas)
            energy += kernel.getAs<SingleKernel>().execute(context, includeForces, includeEnergy);
        return energy;
    }
    void copyParametersToContext(OpenMM::ContextImpl& context, const TripletForce& force) override {
        // Particles may have gone to other replicas.
        replicas.clear();
        initialize(context.getSystem(), force);
    }
private:
    /**
     * Get the force of one replica, or null if there is but one.
     */
    std::unique_ptr<TripletForce> extract(const TripletForce& force, int replica) const {
        return std::unique_ptr<TripletForce>(force.getNumReplicas() == 1 ? nullptr : force.extractReplica(replica));
    }
    OpenMM::Kernel create(const TripletForce& force) const {
        int first = force.getNumParticles(), last = 0;
        for (int i = 0; i < force.getNumParticles(); i++) {
            int type;
            double weight;
            force.getParticleParameters(i, type, weight);
            if (type >= 0) {
                first = std::min(first, i);
                last = i+1;
            }
        }
        return OpenMM::Kernel(new SingleKernel(this->getName(), platform, createHost(std::min(first, last), last)));
    }
    const OpenMM::Platform& platform;
    HostFactory createHost;
    std::vector<OpenMM::Kernel> replicas;
};

} // namespace CGBridge

#endif /*CGBRIDGE_CPUREPLICAKERNEL_H_*/
