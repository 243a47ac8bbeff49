#ifndef CGBRIDGE_CPUTHREADS_H_
#define CGBRIDGE_CPUTHREADS_H_

#include "openmm/internal/ThreadPool.h"

namespace CGBridge {

/**
 * The threads that a calculation may use, which may be just the calling one.
 */
class CpuThreads {
public:
    /**
     * @param pool    null to stay on the calling thread
     */
    explicit CpuThreads(OpenMM::ThreadPool* pool) : pool(pool) {
    }
    int getNumThreads() const {
        return pool == nullptr ? 1 : pool->getNumThreads();
    }
    /**
     * Run a function for every thread, in parallel if there is more than one.
     */
    template <class Function>
    void forEachThread(Function function) const {
        // With one thread, waking it would only cost time.
        if (getNumThreads() == 1)
            function(0);
        else {
            pool->execute([&] (OpenMM::ThreadPool&, int thread) { function(thread); });
            pool->waitForThreads();
        }
    }
private:
    OpenMM::ThreadPool* pool;
};

} // namespace CGBridge

#endif /*CGBRIDGE_CPUTHREADS_H_*/
