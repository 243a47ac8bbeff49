/*
 * Threads that work together, that have gone to sleep in between, and that fail.
 */

#include "CpuShares.h"
#include "CpuThreadTeam.h"
#include "CenterForceTests.h"
#include <chrono>
#include <numeric>
#include <stdexcept>
#include <thread>

using namespace CGBridge;
using namespace CGBridgeTests;

static void testEveryThreadDoesItsShareOnce(int numThreads) {
    CpuThreadTeam team(numThreads);
    ASSERT_EQUAL(numThreads, team.getNumThreads());
    vector<int> calls(numThreads, 0);
    for (int round = 1; round <= 2000; round++) {
        // No lock: what a thread writes must be seen when the round is over.
        team.execute([&] (int thread) { calls[thread]++; });
        for (int count : calls)
            ASSERT_EQUAL(round, count);
        // Longer than the threads stay awake.
        if (round%500 == 0)
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
}

static void testExceptionsReachTheCaller(int numThreads) {
    CpuThreadTeam team(numThreads);
    for (int failing = 0; failing < numThreads; failing++) {
        string message;
        try {
            team.execute([&] (int thread) {
                if (thread == failing)
                    throw std::runtime_error("thread "+std::to_string(thread));
            });
        }
        catch (const std::runtime_error& error) {
            message = error.what();
        }
        ASSERT_EQUAL("thread "+std::to_string(failing), message);
        std::atomic<int> sum(0);
        team.execute([&] (int thread) { sum += thread; });
        ASSERT_EQUAL(numThreads*(numThreads-1)/2, sum.load());
    }
}

static void testSharesHoldEveryPieceOnce(int numThreads, int numPieces, bool isExclusive) {
    CpuThreadTeam team(numThreads);
    CpuShares shares(numThreads);
    vector<std::atomic<int> > done(numPieces);
    for (int round = 1; round <= 20; round++) {
        vector<int> countOf(numThreads, 0);
        shares.begin(numPieces, isExclusive);
        team.execute([&] (int thread) {
            // The first one is slow, and the others must help unless they may not.
            if (thread == 0 && numPieces > 0)
                std::this_thread::sleep_for(std::chrono::microseconds(200));
            shares.take(thread, [&] (int first, int last) {
                for (int piece = first; piece < last; piece++)
                    done[piece]++;
                countOf[thread] += last-first;
            });
        });
        for (const auto& count : done)
            ASSERT_EQUAL(round, count.load());
        if (isExclusive)
            for (int thread = 0; thread < numThreads; thread++)
                ASSERT_EQUAL(numPieces*(thread+1)/numThreads-numPieces*thread/numThreads, countOf[thread]);
    }
}

int main() {
    return report([] {
        // Also more threads than cores.
        for (int numThreads : {1, 2, 3, 17}) {
            testEveryThreadDoesItsShareOnce(numThreads);
            testExceptionsReachTheCaller(numThreads);
            for (int numPieces : {0, 1, 5, 1000})
                for (bool isExclusive : {false, true})
                    testSharesHoldEveryPieceOnce(numThreads, numPieces, isExclusive);
        }
    });
}
