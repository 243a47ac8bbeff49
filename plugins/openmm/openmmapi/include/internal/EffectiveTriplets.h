#ifndef CGBRIDGE_EFFECTIVETRIPLETS_H_
#define CGBRIDGE_EFFECTIVETRIPLETS_H_

#include <algorithm>
#include <set>
#include <vector>

namespace CGBridge {

/**
 * What the energy of one replica of a force depends on: the parameters of all ordered triplets of the types that
 * its particles have.  Those of types that no particle has keep their defaults.
 */
template <class ForceType>
class EffectiveTriplets {
public:
    using Parameters = typename ForceType::Parameters;
    /**
     * Throws an OpenMMException if parameters are missing or impossible.
     */
    explicit EffectiveTriplets(const ForceType& force, int replica = 0) : numTypes(force.getNumTypes()), triplets(numTypes*numTypes*numTypes) {
        for (int particle = 0; particle < force.getNumParticles(); particle++) {
            int type;
            double weight;
            force.getParticleParameters(particle, type, weight);
            if (type >= 0 && force.getParticleReplica(particle) == replica)
                usedTypes.insert(type);
        }
        for (int i : usedTypes)
            for (int j : usedTypes)
                for (int k : usedTypes)
                    triplets[getIndex(i, j, k)] = force.getEffectiveTriplet(i, j, k, replica);
    }
    int getNumTypes() const {
        return numTypes;
    }
    /**
     * Get the types that at least one particle has, in ascending order.
     */
    const std::set<int>& getUsedTypes() const {
        return usedTypes;
    }
    const Parameters& get(int type1, int type2, int type3) const {
        return triplets[getIndex(type1, type2, type3)];
    }
    /**
     * Get the largest distance at which any two of the particles can interact.
     */
    double getCutoff() const {
        double cutoff = 0;
        for (int i : usedTypes)
            for (int j : usedTypes)
                for (int k : usedTypes)
                    cutoff = std::max(cutoff, get(i, j, k).getCutoff());
        return cutoff;
    }
private:
    int getIndex(int type1, int type2, int type3) const {
        return (type1*numTypes+type2)*numTypes+type3;
    }
    int numTypes;
    std::set<int> usedTypes;
    std::vector<Parameters> triplets;
};

} // namespace CGBridge

#endif /*CGBRIDGE_EFFECTIVETRIPLETS_H_*/
