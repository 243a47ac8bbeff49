#ifndef CGBRIDGE_CPUNEIGHBORSUMS_H_
#define CGBRIDGE_CPUNEIGHBORSUMS_H_

#include <cstdint>

namespace CGBridge {

/** The number of monomials up to degree 4, rounded up to whole vectors of any instruction set. */
const int CPU_MAX_MONOMIALS = 48;

/** Rows of monomials, and two numbers in every lane of the widest vector of floats. */
const int CPU_SUMS_WORKSPACE = CPU_MAX_MONOMIALS+2*16;

/**
 * Sums over the neighbours of many centres, and what follows of them by the chain rule, for the training of
 * networks: with f_k the radial functions of DescriptorNetworkForce and m_a the monomials 1, x, y, z, xx, xy,
 * xz, yy, ... up to a degree of the direction to a neighbour,
 *
 * S(t, k, i, a) = sum over the neighbours j of type t of f_k(r_ij) m_a(direction of ij).
 *
 * All arrays are of T, and contiguous.  Nothing with inline code may appear in this header, as in CpuFunctions.h.
 */
template <class T>
struct CpuNeighborSums {
    /** The number of radial functions, the largest degree of a monomial (0 to 4), and the number of types. */
    int numFunctions, degree, numTypes;
    /** The distance from which on neighbours are not seen, in nm. */
    double cutoff;
    /** The number of all centres, of which only those from firstCenter to lastCenter-1 are worked on. */
    int64_t numCenters, firstCenter, lastCenter;
    /** The neighbours of centre i are pairs[first[i]] to pairs[first[i+1]-1]; there is one more than centres. */
    const int64_t* first;
    /** The type of every pair's neighbour, or null if there is one type. */
    const int64_t* types;
    /** The vector from the centre to the neighbour of every pair, in nm. */
    const T* vectors;
    /** Numbers to work with, at the beginning of a cache line: CPU_SUMS_WORKSPACE for every function. */
    T* workspace;
};

/**
 * The loops for one instruction set and one degree.
 */
template <class T>
struct CpuNeighborSumLoops {
    /** Get S, an array of numTypes*numFunctions*numCenters*(number of monomials). */
    void (*sum)(const CpuNeighborSums<T>& task, T* sums);
    /** Get the slopes of a function of S with respect to the vectors from those with respect to S. */
    void (*pullBack)(const CpuNeighborSums<T>& task, const T* slopes, T* vectorSlopes);
    /** Get the rate at which S changes if the vectors change with these velocities. */
    void (*pushForward)(const CpuNeighborSums<T>& task, const T* velocities, T* rates);
};

} // namespace CGBridge

#endif /*CGBRIDGE_CPUNEIGHBORSUMS_H_*/
