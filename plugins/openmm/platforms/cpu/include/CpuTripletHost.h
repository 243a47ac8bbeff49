#ifndef CGBRIDGE_CPUTRIPLETHOST_H_
#define CGBRIDGE_CPUTRIPLETHOST_H_

#include "CpuThreads.h"
#include "openmm/cpu/CpuPlatform.h"
#include "openmm/internal/ContextImpl.h"
#include "openmm/reference/ReferencePlatform.h"
#include <vector>

namespace CGBridge {

/**
 * What the CPU kernels need of the platform they run on: threads, and memory to add forces to.
 */
class CpuTripletHost {
public:
    virtual ~CpuTripletHost() = default;
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
class CpuPlatformHost : public CpuTripletHost {
public:
    explicit CpuPlatformHost(OpenMM::CpuPlatform::PlatformData& data) : data(data) {
    }
    CpuThreads getThreads() override {
        return CpuThreads(&data.threads);
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
class CpuThreadHost : public CpuTripletHost {
public:
    /**
     * @param data      the data of the platform
     * @param thread    the thread that the kernel runs on, which may change between calculations
     */
    CpuThreadHost(OpenMM::CpuPlatform::PlatformData& data, const int& thread) : data(data), thread(thread) {
    }
    CpuThreads getThreads() override {
        return CpuThreads(nullptr);
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
 * A platform that keeps its state as the Reference platform does and runs on the calling thread.
 */
class SerialPlatformHost : public CpuTripletHost {
public:
    /**
     * @param data     the data of the platform
     * @param first    the first particle that forces may be added to
     * @param last     the last one + 1
     */
    SerialPlatformHost(OpenMM::ReferencePlatform::PlatformData& data, int first, int last) :
            data(data), first(first), last(last), buffer(4*data.numParticles) {
    }
    CpuThreads getThreads() override {
        return CpuThreads(nullptr);
    }
    bool isDeterministic() const override {
        return true;
    }
    void setPeriodic() override {
    }
    float* beginForces(int thread) override;
    void finishForces() override;
private:
    OpenMM::ReferencePlatform::PlatformData& data;
    const int first, last;
    OpenMM::AlignedArray<float> buffer;
};

} // namespace CGBridge

#endif /*CGBRIDGE_CPUTRIPLETHOST_H_*/
