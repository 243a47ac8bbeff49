#ifndef CGBRIDGE_CPUSHARES_H_
#define CGBRIDGE_CPUSHARES_H_

#include "IndexRange.h"
#include <algorithm>
#include <atomic>
#include <vector>

namespace CGBridge {

/**
 * Shares out pieces of work among threads.
 *
 * Each thread begins with a share of its own, always the same, so that what it works on stays in the cache
 * of its core.  A thread that has finished helps the others, which may be on slower cores or have more to do.
 */
class CpuShares {
public:
    explicit CpuShares(int numThreads) : shares(numThreads) {
    }
    /**
     * Share out the pieces anew.  Called before the threads begin.
     *
     * @param numPieces      the number of pieces
     * @param isExclusive    whether every thread must do its own share and no other, so that sums are done
     *                       in the same order every time
     */
    void begin(int numPieces, bool isExclusive) {
        const int numThreads = (int) shares.size();
        exclusive = isExclusive;
        // The last ones to finish wait for each other, so pieces are taken in small handfuls.
        handful = isExclusive ? std::max(numPieces, 1) : 1+numPieces/(8*numThreads);
        for (int i = 0; i < numThreads; i++) {
            const IndexRange own = IndexRange::share(numPieces, i, numThreads);
            shares[i].next.store(own.first, std::memory_order_relaxed);
            shares[i].last = own.last;
        }
    }
    /**
     * Take pieces until there are none left.
     *
     * @param thread    the number of the calling thread
     * @param work      called as work(first piece, last piece + 1)
     */
    template <class Function>
    void take(int thread, Function work) {
        const int numShares = exclusive ? 1 : (int) shares.size();
        for (int i = 0; i < numShares; i++) {
            Share& share = shares[(thread+i)%shares.size()];
            while (true) {
                int first = share.next.fetch_add(handful, std::memory_order_relaxed);
                if (first >= share.last)
                    break;
                work(first, std::min(first+handful, share.last));
            }
        }
    }
private:
    /** On a cache line of its own. */
    struct alignas(64) Share {
        std::atomic<int> next{0};
        int last = 0;
    };
    std::vector<Share> shares;
    int handful = 1;
    bool exclusive = false;
};

} // namespace CGBridge

#endif /*CGBRIDGE_CPUSHARES_H_*/
