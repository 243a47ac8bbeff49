#ifndef CGBRIDGE_CPUTHREADTEAM_H_
#define CGBRIDGE_CPUTHREADTEAM_H_

#include "openmm/internal/ContextImpl.h"
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace CGBridge {

/**
 * Threads for the many short pieces of work of a small system.
 *
 * Waking a thread that sleeps takes tens of microseconds, which is as long as a piece.  The threads of a team
 * therefore keep looking for the next piece for a moment, and only then go to sleep.  The calling thread
 * does its share of each piece.
 */
class CpuThreadTeam {
public:
    /**
     * Get the team of a Context, which all of its kernels share.
     */
    static std::shared_ptr<CpuThreadTeam> ofContext(const OpenMM::ContextImpl& context, int numThreads);
    /**
     * Get how many cores this process may use.
     */
    static int getNumCores();
    explicit CpuThreadTeam(int numThreads);
    ~CpuThreadTeam();
    CpuThreadTeam(const CpuThreadTeam&) = delete;
    CpuThreadTeam& operator=(const CpuThreadTeam&) = delete;
    int getNumThreads() const {
        return (int) workers.size()+1;
    }
    /**
     * Call a function with the number of each thread, in parallel, and wait until all have returned.  If
     * one of them throws an exception, so does this.
     */
    void execute(const std::function<void(int)>& task);
private:
    void work(int thread);
    void waitForRound(uint64_t next);
    void run(int thread);
    /** Whether every thread may have a core to itself. */
    const bool mayWatch;
    const std::function<void(int)>* task = nullptr;
    bool isEnding = false;
    // What the threads watch lies on cache lines of its own.
    alignas(64) std::atomic<uint64_t> round{0};
    alignas(64) std::atomic<int> numRunning{0};
    alignas(64) std::atomic<int> numSleeping{0};
    std::mutex lock;
    std::condition_variable newRound;
    std::exception_ptr failure;
    std::vector<std::thread> workers;
};

} // namespace CGBridge

#endif /*CGBRIDGE_CPUTHREADTEAM_H_*/
