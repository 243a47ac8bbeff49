#ifndef CGBRIDGE_CPUREPLICAKERNEL_H_
#define CGBRIDGE_CPUREPLICAKERNEL_H_

#include "CGBridgeKernels.h"
#include "CpuThreads.h"
#include "openmm/Kernel.h"
#include <functional>
#include <string>
#include <vector>

namespace CGBridge {

/**
 * The CPU kernel of a force: a kernel for each replica, which knows nothing of the others.  Several
 * replicas share out the threads, one each, so that they need not wait for each other within a step.
 */
class CpuReplicaKernel : public CalcCenterForceKernel {
public:
    /**
     * Creates the kernel of a force with one replica, which adds to the forces on some particles, and which runs
     * on one thread, unless the pointer to its number is null.
     */
    using KernelFactory = std::function<OpenMM::Kernel(const std::vector<int>& particles, const int* thread)>;
    /**
     * @param threads    the threads that several replicas share out
     */
    CpuReplicaKernel(std::string name, const OpenMM::Platform& platform, const CpuThreads& threads, KernelFactory createKernel) :
            CalcCenterForceKernel(name, platform), threads(threads), createKernel(createKernel) {
    }
    void initialize(const OpenMM::System& system, const CenterForce& force) override;
    double execute(OpenMM::ContextImpl& context, bool includeForces, bool includeEnergy) override;
    void copyParametersToContext(OpenMM::ContextImpl& context, const CenterForce& force) override;
private:
    /**
     * Add the kernel of a force with one replica.
     */
    void add(const OpenMM::System& system, const CenterForce& force, const int* thread);
    const CpuThreads threads;
    KernelFactory createKernel;
    std::vector<OpenMM::Kernel> replicas;
    std::vector<int> threadOfReplica;
    std::vector<double> energies;
};

} // namespace CGBridge

#endif /*CGBRIDGE_CPUREPLICAKERNEL_H_*/
