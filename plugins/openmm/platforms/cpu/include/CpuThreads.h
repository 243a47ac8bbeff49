#ifndef CGBRIDGE_CPUTHREADS_H_
#define CGBRIDGE_CPUTHREADS_H_

#include "CpuThreadTeam.h"
#include "IndexRange.h"
#include "openmm/internal/ThreadPool.h"
#include <functional>
#include <memory>

namespace CGBridge {

/**
 * The threads that a calculation may use: just the calling one, the pool of OpenMM's CPU platform, or a team
 * of this plugin's own.
 */
class CpuThreads {
public:
    CpuThreads() = default;
    explicit CpuThreads(OpenMM::ThreadPool& pool) : pool(&pool) {
    }
    explicit CpuThreads(std::shared_ptr<CpuThreadTeam> team) : team(team) {
    }
    int getNumThreads() const {
        if (team != nullptr)
            return team->getNumThreads();
        return pool == nullptr ? 1 : pool->getNumThreads();
    }
    /**
     * Get the number of particles from which on even short pieces of work are worth sharing out.
     */
    int getMinParticles() const {
        return team == nullptr ? 8192 : 2048;
    }
    /**
     * Run a function for every thread, in parallel if there is more than one.
     */
    template <class Function>
    void forEachThread(Function function) const {
        // With one thread, waking it would only cost time.
        if (getNumThreads() == 1)
            function(0);
        else if (team != nullptr)
            team->execute(std::ref(function));
        else {
            pool->execute([&] (OpenMM::ThreadPool&, int thread) { function(thread); });
            pool->waitForThreads();
        }
    }
    /**
     * Get what a thread does of a loop.
     */
    IndexRange getShare(size_t count, int thread) const {
        return IndexRange::share(count, thread, getNumThreads());
    }
    /**
     * Share out a loop over particles, if there are so many that it is worth it.
     *
     * @param function    called as function(first, last + 1)
     */
    template <class Function>
    void forEachRange(int numParticles, Function function) const {
        if (numParticles < getMinParticles())
            function(0, numParticles);
        else
            forEachThread([&] (int thread) {
                const IndexRange own = getShare(numParticles, thread);
                function(own.first, own.last);
            });
    }
private:
    OpenMM::ThreadPool* pool = nullptr;
    std::shared_ptr<CpuThreadTeam> team;
};

} // namespace CGBridge

#endif /*CGBRIDGE_CPUTHREADS_H_*/
