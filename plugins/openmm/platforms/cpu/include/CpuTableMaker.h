#ifndef CGBRIDGE_CPUTABLEMAKER_H_
#define CGBRIDGE_CPUTABLEMAKER_H_

#include "CpuFunctions.h"
#include "internal/EffectiveTriplets.h"
#include <vector>

namespace CGBridge {

/**
 * Makes tables of single precision numbers of the parameters of a force with one replica, and keeps them alive.
 */
template <class ForceType>
class CpuTableMaker {
public:
    using Parameters = typename ForceType::Parameters;
    explicit CpuTableMaker(const ForceType& force) : triplets(force) {
    }
    const EffectiveTriplets<ForceType>& getTriplets() const {
        return triplets;
    }
    double getCutoff() const {
        return triplets.getCutoff();
    }
    /**
     * Get a shorter distance, within which neighbours cost most, or 0.
     */
    double getNearCutoff() const {
        return 0;
    }
    /**
     * Make a table of a number that the triplets (i, j, j) tell.
     */
    template <class Function>
    const float* ofPairs(Function value) {
        const int n = triplets.getNumTypes();
        std::vector<float>& table = begin(n*n);
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++)
                table[i*n+j] = (float) value(triplets.get(i, j, j));
        return table.data();
    }
    /**
     * Make a table of a number that the triplets (i, j, k) tell.
     */
    template <class Function>
    const float* ofTriplets(Function value) {
        const int n = triplets.getNumTypes();
        std::vector<float>& table = begin(n*n*n);
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++)
                for (int k = 0; k < n; k++)
                    table[(i*n+j)*n+k] = (float) value(triplets.get(i, j, k));
        return table.data();
    }
private:
    std::vector<float>& begin(int size) {
        tables.emplace_back(size+CPU_MAX_WIDTH);
        return tables.back();
    }
    const EffectiveTriplets<ForceType> triplets;
    std::vector<std::vector<float> > tables;
};

} // namespace CGBridge

#endif /*CGBRIDGE_CPUTABLEMAKER_H_*/
