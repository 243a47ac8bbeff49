#ifndef CGBRIDGE_CPUKERNELHOST_H_
#define CGBRIDGE_CPUKERNELHOST_H_

#include "CpuThreads.h"
#include "openmm/cpu/CpuPlatform.h"
#include "openmm/internal/ContextImpl.h"
#include "openmm/reference/ReferencePlatform.h"
#include <vector>

namespace CGBridge {

/**
 * What the CPU kernels need of the platform they run on: threads, and memory to add forces to.
 */
class CpuKernelHost {
public:
    virtual ~CpuKernelHost() = default;
    virtual CpuThreads getThreads() = 0;
    /**
     * Get whether sums must be done in the same order every time.
     */
    virtual bool isDeterministic() const = 0;
    /**
     * Tell the platform that a force has periodic boundary conditions.
     */
    virtual void setPeriodic() = 0;
    /**
     * Get where a thread may add forces, four numbers per particle.  Called once per thread and
     * calculation.
     */
    virtual float* beginForces(int thread) = 0;
    /**
     * Called when all threads have added their forces.
     */
    virtual void finishForces() = 0;
};

/**
 * OpenMM's CPU platform.
 */
class CpuPlatformHost : public CpuKernelHost {
public:
    explicit CpuPlatformHost(OpenMM::CpuPlatform::PlatformData& data) : data(data) {
    }
    CpuThreads getThreads() override {
        return CpuThreads(data.threads);
    }
    bool isDeterministic() const override {
        return data.deterministicForces;
    }
    void setPeriodic() override {
        data.isPeriodic = true;
    }
    float* beginForces(int thread) override {
        return &data.threadForce[thread][0];
    }
    void finishForces() override {
    }
private:
    OpenMM::CpuPlatform::PlatformData& data;
};

/**
 * OpenMM's CPU platform for a kernel that runs on one of its threads, beside others.
 */
class CpuThreadHost : public CpuKernelHost {
public:
    /**
     * @param data      the data of the platform
     * @param thread    the thread that the kernel runs on, which may change between calculations
     */
    CpuThreadHost(OpenMM::CpuPlatform::PlatformData& data, const int& thread) : data(data), thread(thread) {
    }
    CpuThreads getThreads() override {
        return CpuThreads();
    }
    bool isDeterministic() const override {
        return true;
    }
    void setPeriodic() override {
        data.isPeriodic = true;
    }
    float* beginForces(int) override {
        return &data.threadForce[thread][0];
    }
    void finishForces() override {
    }
private:
    OpenMM::CpuPlatform::PlatformData& data;
    const int& thread;
};

/**
 * A platform where nobody else adds to the forces at the same time, so that they can go straight to where
 * OpenMM's Reference platform keeps them.
 */
class LonePlatformHost : public CpuKernelHost {
public:
    /**
     * @param data              the data of the platform
     * @param threads           the threads to use
     * @param isDeterministic   whether sums must be done in the same order every time
     * @param particles         the particles that forces may be added to, in ascending order
     */
    LonePlatformHost(OpenMM::ReferencePlatform::PlatformData& data, const CpuThreads& threads, bool isDeterministic,
                     const std::vector<int>& particles);
    CpuThreads getThreads() override {
        return threads;
    }
    bool isDeterministic() const override {
        return deterministic;
    }
    void setPeriodic() override {
    }
    float* beginForces(int thread) override;
    void finishForces() override;
private:
    OpenMM::ReferencePlatform::PlatformData& data;
    const CpuThreads threads;
    const bool deterministic;
    const std::vector<int> particles;
    std::vector<OpenMM::AlignedArray<float> > buffers;
};

} // namespace CGBridge

#endif /*CGBRIDGE_CPUKERNELHOST_H_*/
