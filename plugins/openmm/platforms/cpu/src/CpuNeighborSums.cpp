#include "CpuFunctions.h"
#include "openmm/OpenMMException.h"
#include <memory>
#include <new>

using namespace std;

namespace CGBridge {
namespace {

template <class T>
void run(const CpuNeighborSumLoops<T>& loops, CpuNeighborSums<T> task, int what, const void* input, void* output) {
    const align_val_t line{64};
    T* space = static_cast<T*>(operator new(sizeof(T)*CPU_SUMS_WORKSPACE*task.numFunctions, line));
    auto release = [line](T* memory) { operator delete(memory, line); };
    unique_ptr<T, decltype(release)> owner(space, release);
    task.workspace = space;
    if (what == 0)
        loops.sum(task, static_cast<T*>(output));
    else if (what == 1)
        loops.pullBack(task, static_cast<const T*>(input), static_cast<T*>(output));
    else
        loops.pushForward(task, static_cast<const T*>(input), static_cast<T*>(output));
}

} // namespace
} // namespace CGBridge

/**
 * What CpuNeighborSums.h describes, for Python's ctypes.
 *
 * @param what      0: sums, without input; 1: slopes of vectors from those of sums; 2: rates of sums from velocities
 * @param isDouble  whether the arrays are of double and not of float
 * @return 0; 1 if CGBRIDGE_CPU_ISA is not what this machine can run, 2 if the memory does not suffice
 */
extern "C" int cgbridgeNeighborSums(int what, int isDouble, int numFunctions, int degree, int numTypes, double cutoff,
                                    int64_t numCenters, int64_t firstCenter, int64_t lastCenter, const int64_t* first,
                                    const int64_t* types, const void* vectors, const void* input, void* output) {
    using namespace CGBridge;
    try {
        const CpuFunctions& functions = getCpuFunctions();
        if (isDouble)
            run<double>(functions.doubleNeighborSums[degree], {numFunctions, degree, numTypes, cutoff, numCenters, firstCenter,
                    lastCenter, first, types, static_cast<const double*>(vectors), nullptr}, what, input, output);
        else
            run<float>(functions.floatNeighborSums[degree], {numFunctions, degree, numTypes, cutoff, numCenters, firstCenter,
                    lastCenter, first, types, static_cast<const float*>(vectors), nullptr}, what, input, output);
    } catch (const bad_alloc&) {
        return 2;
    } catch (const OpenMM::OpenMMException&) {
        return 1;
    }
    return 0;
}
