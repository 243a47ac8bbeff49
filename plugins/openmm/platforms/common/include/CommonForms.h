#ifndef CGBRIDGE_COMMONFORMS_H_
#define CGBRIDGE_COMMONFORMS_H_

#include "internal/CenterForms.h"
#include "internal/EffectiveTriplets.h"
#include "openmm/common/ComputeContext.h"
#include <map>
#include <string>
#include <vector>

namespace CGBridge {

/**
 * The kernel of a form.
 */
struct CommonForm {
    /** The source of the kernel "computeForces", and what it wants to be defined beside what all forms do. */
    std::string source;
    std::map<std::string, std::string> defines;
    /** How much local memory it needs beside that of all forms: numbers of type real and int. */
    int realsPerNeighbor = 0, intsPerNeighbor = 0, realsPerCenter = 0, realsPerThread = 0;
    /** How many neighbours a thread of a centre is to have at most, as long as there are threads enough. */
    int neighborsPerLane = 4;
    /** Whether a particle of a liquid has many neighbours: then there is room for them from the beginning. */
    bool hasManyNeighbors = false;
    /** The number of blocks that a multiprocessor shall hold at a time: few where a thread keeps many numbers. */
    int groupsTogether = 6;
};

/**
 * The numbers that the kernel of a form reads of one replica: as many for each ordered pair of types, and as many for
 * each type of a centre.
 */
struct CommonTables {
    std::vector<double> pairs, centers;
    /** The largest distance at which any two of the particles can interact. */
    double cutoff = 0;
};

CommonForm getForm(const TersoffForce& force, OpenMM::ComputeContext& cc);
CommonForm getForm(const StillingerWeberForce& force, OpenMM::ComputeContext& cc);
CommonForm getForm(const DescriptorNetworkForce& force, OpenMM::ComputeContext& cc);

CommonTables getTables(const DescriptorNetworkForce& force, int replica, bool useDoublePrecision);

/**
 * The numbers that a form of triplets has for a pair and for a triplet of types.
 */
struct CommonRows {
    std::vector<double> pair, triplet;
};

/**
 * Get the rows of a triplet of types; that of a pair (i, j) is taken from (i, j, j).
 *
 * @param useDoublePrecision   whether the device keeps all digits of the numbers
 */
CommonRows getRows(const TersoffParameters& p, bool useDoublePrecision);
CommonRows getRows(const StillingerWeberParameters& p, bool useDoublePrecision);

/**
 * Get the tables of a form of triplets: for a type of a centre the rows of all pairs of its neighbours.
 */
template <class ForceType>
CommonTables getTables(const ForceType& force, int replica, bool useDoublePrecision) {
    const EffectiveTriplets<ForceType> parameters(force, replica);
    CommonTables tables;
    tables.cutoff = parameters.getCutoff();
    auto append = [] (std::vector<double>& table, const std::vector<double>& row) {
        table.insert(table.end(), row.begin(), row.end());
    };
    for (int i = 0; i < force.getNumTypes(); i++)
        for (int j = 0; j < force.getNumTypes(); j++)
            for (int k = 0; k < force.getNumTypes(); k++) {
                const CommonRows rows = getRows(parameters.get(i, j, k), useDoublePrecision);
                append(tables.centers, rows.triplet);
                if (j == k)
                    append(tables.pairs, rows.pair);
            }
    return tables;
}

} // namespace CGBridge

#endif /*CGBRIDGE_COMMONFORMS_H_*/
