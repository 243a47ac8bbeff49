#ifndef CGBRIDGE_INDEXRANGE_H_
#define CGBRIDGE_INDEXRANGE_H_

#include <cstdint>

namespace CGBridge {

/**
 * The indices from first to last-1.
 */
struct IndexRange {
    int first, last;
    /**
     * Get one of several shares of the indices below a number, of which none is larger than another by more than one.
     */
    static IndexRange share(int64_t count, int64_t index, int64_t numShares) {
        return {(int) (count*index/numShares), (int) (count*(index+1)/numShares)};
    }
};

} // namespace CGBridge

#endif /*CGBRIDGE_INDEXRANGE_H_*/
