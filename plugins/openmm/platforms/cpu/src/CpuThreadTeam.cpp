#include "CpuThreadTeam.h"
#include <algorithm>
#include <chrono>
#include <map>
#ifdef __linux__
#include <sched.h>
#endif
#include <utility>

using namespace CGBridge;
using namespace OpenMM;
using namespace std;
using Clock = chrono::steady_clock;

// How long a thread stays awake without work: longer than what lies between two pieces of a step, shorter
// than anybody would mind.
static const chrono::microseconds WATCH(100);

// After this time it lets other threads onto its core in between.
static const chrono::microseconds ALONE(20);

/**
 * Tell the processor that a loop only waits.
 */
static void pause() {
#if defined(__x86_64__) || defined(_M_X64)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

/**
 * Watch for a condition.
 *
 * @param limit    how long to watch for it
 * @return whether it came true
 */
template <class Condition>
static bool watch(Condition condition, Clock::duration limit) {
    const Clock::time_point start = Clock::now();
    while (true) {
        for (int i = 0; i < 50; i++) {
            if (condition())
                return true;
            pause();
        }
        const Clock::duration elapsed = Clock::now()-start;
        if (elapsed > limit)
            return false;
        if (elapsed > ALONE)
            this_thread::yield();
    }
}

shared_ptr<CpuThreadTeam> CpuThreadTeam::ofContext(const ContextImpl& context, int numThreads) {
    static mutex lock;
    static map<const ContextImpl*, weak_ptr<CpuThreadTeam> > teams;
    lock_guard<mutex> guard(lock);
    for (auto entry = teams.begin(); entry != teams.end(); )
        entry = (entry->second.expired() ? teams.erase(entry) : next(entry));
    shared_ptr<CpuThreadTeam> team = teams[&context].lock();
    if (team == nullptr) {
        team = make_shared<CpuThreadTeam>(numThreads);
        teams[&context] = team;
    }
    return team;
}

int CpuThreadTeam::getNumCores() {
#ifdef __linux__
    // A queueing system or a user may have given this process a few of many.
    cpu_set_t cores;
    if (sched_getaffinity(0, sizeof(cores), &cores) == 0)
        return CPU_COUNT(&cores);
#endif
    return max(1, (int) thread::hardware_concurrency());
}

CpuThreadTeam::CpuThreadTeam(int numThreads) : mayWatch(numThreads <= getNumCores()) {
    for (int i = 1; i < numThreads; i++)
        workers.emplace_back([this, i] () { work(i); });
}

CpuThreadTeam::~CpuThreadTeam() {
    isEnding = true;
    execute([] (int) { });
    for (thread& worker : workers)
        worker.join();
}

void CpuThreadTeam::execute(const function<void(int)>& newTask) {
    task = &newTask;
    numRunning.store((int) workers.size(), memory_order_relaxed);
    // A thread counts itself as sleeping before it looks at the round for the last time.
    round.fetch_add(1);
    if (numSleeping.load() > 0) {
        lock_guard<mutex> guard(lock);
        newRound.notify_all();
    }
    run(0);
    auto isDone = [this] () { return numRunning.load(memory_order_acquire) == 0; };
    while (!watch(isDone, WATCH))
        ;
    if (failure != nullptr)
        rethrow_exception(exchange(failure, nullptr));
}

void CpuThreadTeam::work(int thread) {
    for (uint64_t next = 1; ; next++) {
        waitForRound(next);
        const bool isLast = isEnding;
        run(thread);
        numRunning.fetch_sub(1, memory_order_release);
        if (isLast)
            return;
    }
}

void CpuThreadTeam::waitForRound(uint64_t next) {
    auto hasBegun = [this, next] () { return round.load() == next; };
    if (mayWatch && watch(hasBegun, WATCH))
        return;
    unique_lock<mutex> guard(lock);
    numSleeping.fetch_add(1);
    newRound.wait(guard, hasBegun);
    numSleeping.fetch_sub(1);
}

void CpuThreadTeam::run(int thread) {
    try {
        (*task)(thread);
    }
    catch (...) {
        lock_guard<mutex> guard(lock);
        failure = current_exception();
    }
}
