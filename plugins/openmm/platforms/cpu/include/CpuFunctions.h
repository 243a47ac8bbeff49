#ifndef CGBRIDGE_CPUFUNCTIONS_H_
#define CGBRIDGE_CPUFUNCTIONS_H_

#include "CpuDescriptorNetworkTables.h"
#include "CpuNeighborSums.h"
#include "CpuStillingerWeberTables.h"
#include "CpuTersoffTables.h"
#include "internal/FormList.h"
#include <cstddef>
#include <cstdint>

namespace CGBridge {

/**
 * The forms that the CPU platform has loops for.
 */
using CpuForms = FormList<TersoffForce, StillingerWeberForce, DescriptorNetworkForce>;

/**
 * What the vectorized loops of the CPU platform work on.
 *
 * The loops are compiled several times, for different instruction sets, and chosen at run time.
 * Nothing with inline code may appear in this header: a function that the linker merges must not
 * come from a translation unit that was compiled for instructions the machine lacks.
 *
 * Centres are processed in batches, one centre in each lane of a vector, and all centres of a
 * batch have the same type.  Particles are addressed by their slot: a place in a list, sorted by
 * position, of the particles and of those periodic images that are in range of the box.
 * Coordinates are integers modulo 2^32, so that differences are exact and do not lose digits in a
 * large box.
 */
struct CpuCenterBatch {
    int firstCenter, numCenters, type;
};

struct CpuCenterInput {
    /** x, y, z and an unused element for each slot. */
    const int* positions;
    /** The index of the particle in each slot. */
    const int* particles;
    /** The type of the particle in each slot. */
    const int* types;
    const CpuCenterBatch* batches;
    /** The slot and the weight of each centre. */
    const int* centers;
    const float* weights;
    /** The neighbours of centre c are the slots neighbors[start[c]] to neighbors[start[c+1]-1]. */
    const int* start;
    const int* neighbors;
    /** The length of one unit of the integer coordinates, and the largest distance of interaction, in nm. */
    float lengthUnit, cutoff;
};

/** The number of floats in the widest vector of any instruction set. */
const int CPU_MAX_WIDTH = 16;

/**
 * The loops of one form for one instruction set.
 */
template <class ForceType>
struct CpuLoops {
    /** Get the number of floats of work space that a thread needs. */
    size_t (*getWorkspaceSize)(const CpuTables<ForceType>& tables, int maxNeighbors);
    /**
     * Add the forces of a range of batches, four floats per particle, and return their energy.
     * Forces are left out if the pointer is null.
     */
    double (*compute)(const CpuTables<ForceType>& tables, const CpuCenterInput& input, int firstBatch, int lastBatch,
                      float* workspace, int maxNeighbors, float* forces);
};

template <class List>
struct CpuLoopsOfList;

/**
 * The loops of several forms: it can be taken for those of each of them.
 */
template <class... ForceTypes>
struct CpuLoopsOfList<FormList<ForceTypes...> > : CpuLoops<ForceTypes>... {
};

/**
 * What is compiled for an instruction set.
 */
struct CpuFunctions {
    CpuLoopsOfList<CpuForms> loops;
    /** The name of the instruction set: "baseline", "avx2" or "avx512". */
    const char* name;
    /** The number of centres in a batch. */
    int width;
    /**
     * Find which slots of some ranges lie within a distance of a point.
     *
     * @param x, y, z          the coordinates of all slots
     * @param center           the slot at the point; it is left out
     * @param ranges           the first and last+1 slot of each range
     * @param numRanges        the number of ranges
     * @param distance2        the square of the distance
     * @param cutoff2          the square of a smaller distance
     * @param[out] found       the slots; up to one vector beyond the last one is overwritten
     * @param[out] numCloser   the number of slots within the smaller distance
     * @return the number of slots found
     */
    int (*findSlots)(const float* x, const float* y, const float* z, int center, const int* ranges, int numRanges,
                     float distance2, float cutoff2, int* found, int& numCloser);
    /**
     * Fill an array with random numbers of the standard normal distribution.
     *
     * @param key          chooses the sequence
     * @param count        the number of values; up to two vectors beyond are overwritten
     * @param[out] values  the random numbers
     */
    void (*fillNormal)(uint64_t key, size_t count, float* values);
    /**
     * Take a step of the Langevin middle integrator for particles without constraints.
     *
     * @param count           the number of coordinates
     * @param stepSize        the step size
     * @param keep            the fraction of a velocity that friction leaves
     * @param stepOverMass    the step size over the mass, for each coordinate; 0 for fixed particles
     * @param noise           the size of the random change of the velocity, for each coordinate
     * @param random          a random number for each coordinate
     */
    void (*stepLangevinMiddle)(size_t count, double stepSize, double keep, const double* stepOverMass, const double* noise,
                               const float* random, const double* forces, double* velocities, double* positions);
    /** Sums over neighbours, in single and double precision, for degrees from 0 on. */
    const CpuNeighborSumLoops<float>* floatNeighborSums;
    const CpuNeighborSumLoops<double>* doubleNeighborSums;
};

/**
 * Get what is compiled for the best instruction set of this machine, or for the one that the environment
 * variable CGBRIDGE_CPU_ISA names: "baseline", "avx2" or "avx512".  Throws an OpenMMException if
 * that is another word or the machine lacks it.
 */
const CpuFunctions& getCpuFunctions();

} // namespace CGBridge

#endif /*CGBRIDGE_CPUFUNCTIONS_H_*/
