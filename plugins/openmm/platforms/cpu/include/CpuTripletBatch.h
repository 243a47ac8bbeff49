#ifndef CGBRIDGE_CPUTRIPLETBATCH_H_
#define CGBRIDGE_CPUTRIPLETBATCH_H_

#include <cstddef>
#include <cstdint>

namespace CGBridge {

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
struct CpuTripletBatch {
    int firstCenter, numCenters, type;
};

struct CpuTripletInput {
    /** x, y, z and an unused element for each slot. */
    const int* positions;
    /** The index of the particle in each slot. */
    const int* particles;
    /** The type of the particle in each slot. */
    const int* types;
    const CpuTripletBatch* batches;
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
 * Parameters of a TersoffForce.  Bond values are indexed by (i, j), triplet values by (i, j, k).  The
 * tables can be read up to CPU_MAX_WIDTH elements beyond their end.
 * lambda1Low and lambda2Low are what single precision leaves of lambda1 and lambda2.  The cutoff
 * functions go from R-D to R+D; end is R+D and the width is 2D.
 */
struct CpuTersoffTables {
    int numTypes;
    /** True if gamma, c, d, cosTheta0, lambda3 and m depend on the centre alone and R and D only on (i, k). */
    bool centerOnly;
    bool hasLambda3;
    const float *A, *lambda1, *lambda1Low, *B, *lambda2, *lambda2Low, *n, *minusHalfOverN, *beta, *bondEnd, *bondInverseWidth;
    const float *gamma, *c2, *d2, *cosTheta0, *lambda3, *cubic, *end, *inverseWidth;
};

/**
 * Parameters of a StillingerWeberForce.  Bond values are indexed by (i, j), angle values by (i, j, k).
 * The tables can be read up to CPU_MAX_WIDTH elements beyond their end.
 */
struct CpuStillingerWeberTables {
    int numTypes;
    const float *repulsion, *attraction, *p, *q, *sigma, *gammaSigma, *cut, *range;
    const float *lambdaEpsilon, *cosTheta0;
};

/**
 * The loops for one instruction set.
 */
struct CpuTripletFunctions {
    /** The name of the instruction set: "baseline", "avx2" or "avx512". */
    const char* name;
    /** The number of centres in a batch. */
    int width;
    /** Get the number of floats of work space that a thread needs. */
    size_t (*getWorkspaceSize)(int maxNeighbors);
    /**
     * Add the forces of a range of batches, four floats per particle, and return their energy.
     * Forces are left out if the pointer is null.
     */
    double (*computeTersoff)(const CpuTersoffTables& tables, const CpuTripletInput& input, int firstBatch, int lastBatch,
                             float* workspace, int maxNeighbors, float* forces);
    double (*computeStillingerWeber)(const CpuStillingerWeberTables& tables, const CpuTripletInput& input, int firstBatch,
                                     int lastBatch, float* workspace, int maxNeighbors, float* forces);
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
};

/**
 * Get the loops for the best instruction set of this machine, or for the one that the environment
 * variable CGBRIDGE_CPU_ISA names: "baseline", "avx2" or "avx512".  Throws an OpenMMException if
 * that is another word or the machine lacks it.
 */
const CpuTripletFunctions& getCpuTripletFunctions();

} // namespace CGBridge

#endif /*CGBRIDGE_CPUTRIPLETBATCH_H_*/
