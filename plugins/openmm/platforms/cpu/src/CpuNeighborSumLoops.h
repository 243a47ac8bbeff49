/*
 * The loops of CpuNeighborSums.h.  See there for the sums.
 */

#include "CpuNeighborSums.h"

namespace CGBridge {
namespace {

CGBRIDGE_INLINE float rootOf(float x) { return __builtin_sqrtf(x); }
CGBRIDGE_INLINE double rootOf(double x) { return __builtin_sqrt(x); }

/**
 * Some neighbours of a centre, one in each lane; those that are missing are at the cutoff, and add nothing.
 */
template <class T>
struct NeighborLanes {
    static constexpr int LANES = 4*WIDTH/sizeof(T);
    typedef T Vector __attribute__((vector_size(4*WIDTH)));
    int count = 0;
    int64_t pair[LANES];
    alignas(64) T r[LANES], direction[3][LANES];

    /**
     * Find the radial functions and their slopes, a vector for each of them:
     * f_k(r) = (T_k(x)+1)/2 fc(r), x = 2(1-r/cutoff)^2-1, fc = (1+cos(pi r/cutoff))/2.
     */
    CGBRIDGE_INLINE void findFunctions(const NeighborLanes& lanes, T cutoff, int number, Vector* f, Vector* slope) {
        const Vector s = *(const Vector*) lanes.r/cutoff, y = 1-s, x = 2*y*y-1, xSlope = -4*y/cutoff;
        // cos(pi s) = -sin(t), sin(pi s) = cos(t), t = pi (s-1/2), by their series, of which the term left out is below
        // the rounding errors.
        const Vector t = (T) 3.14159265358979323846*(s-(T) 0.5), t2 = t*t;
        Vector sine = {}, cosine = {};
        for (int n = sizeof(T) == 4 ? 6 : 10; n > 0; n--) {
            sine = (1+sine)*t2*(T) (-1.0/(2*n*(2*n+1)));
            cosine = (1+cosine)*t2*(T) (-1.0/((2*n-1)*(2*n)));
        }
        sine = (1+sine)*t;
        cosine += 1;
        const Vector switching = (T) 0.5*(1-sine), switchingSlope = (T) (-0.5*3.14159265358979323846)*cosine/cutoff;
        Vector now = 1+Vector{}, nowSlope = {}, next = x, nextSlope = 1+Vector{};
        for (int k = 0; k < number; k++) {
            f[k] = (T) 0.5*(now+1)*switching;
            slope[k] = (T) 0.5*(nowSlope*xSlope*switching+(now+1)*switchingSlope);
            const Vector after = 2*x*next-now, afterSlope = 2*next+2*x*nextSlope-nowSlope;
            now = next;
            nowSlope = nextSlope;
            next = after;
            nextSlope = afterSlope;
        }
    }
};

/**
 * The monomials of a direction up to a degree: of each degree x times all of the degree before, y times those
 * without x, z times that of z alone.  SIZE is their number, rounded up to whole vectors.
 */
template <class T, int DEGREE>
struct Monomials {
    static constexpr int COUNT = (DEGREE+1)*(DEGREE+2)*(DEGREE+3)/6, LANES = NeighborLanes<T>::LANES;
    static constexpr int SIZE = (COUNT+LANES-1)/LANES*LANES;
    alignas(64) T value[SIZE] = {}, slope[3][SIZE] = {};

    void set(const T* u, bool slopes) {
        value[0] = 1;
        int last = 0, size = 1, place = 1;
        for (int degree = 1; degree <= DEGREE; degree++) {
            const int begin = place;
            for (int axis = 0; axis < 3; axis++) {
                const int taken = (axis == 0 ? size : axis == 1 ? degree : 1);
                for (int i = size-taken; i < size; i++, place++) {
                    value[place] = u[axis]*value[last+i];
                    if (slopes)
                        for (int a = 0; a < 3; a++)
                            slope[a][place] = u[axis]*slope[a][last+i]+(a == axis ? value[last+i] : 0);
                }
            }
            last = begin;
            size = place-begin;
        }
    }
};

template <class T, int DEGREE>
struct NeighborSumLoops {
    using Task = CpuNeighborSums<T>;
    using Lanes = NeighborLanes<T>;
    using Vector = typename Lanes::Vector;
    using M = Monomials<T, DEGREE>;
    static constexpr int COUNT = M::COUNT, SIZE = M::SIZE, LANES = Lanes::LANES;
    static_assert(SIZE <= CPU_MAX_MONOMIALS && LANES <= CPU_MAX_WIDTH, "the work space is too small");

    const Task& task;
    /**
     * S, or slopes of it, of one centre and one type, a row for each function.  Without directions a row has one
     * number, or one for each lane until they are added up.
     */
    T* rows;
    Vector *f, *fSlope;
    M monomials;
    Lanes lanes;

    explicit NeighborSumLoops(const Task& task) : task(task), rows(task.workspace),
            f((Vector*) (rows+CPU_MAX_MONOMIALS*task.numFunctions)), fSlope(f+task.numFunctions) {
    }

    int64_t placeOf(int64_t center, int type, int k) const {
        return ((type*(int64_t) task.numFunctions+k)*task.numCenters+center)*COUNT;
    }

    /**
     * Work on the pairs of a centre with neighbours of a type, some at once: visit() is called when they are in the
     * lanes, skip(pair) for those that are not seen.
     */
    template <class Visit, class Skip>
    void forPairs(int64_t center, int type, Visit visit, Skip skip) {
        const T cutoff = (T) task.cutoff;
        lanes.count = 0;
        for (int64_t pair = task.first[center]; pair < task.first[center+1]; pair++) {
            if (task.types != nullptr && task.types[pair] != type)
                continue;
            const T* d = task.vectors+3*pair;
            const T r = rootOf(d[0]*d[0]+d[1]*d[1]+d[2]*d[2]);
            if (r >= cutoff) {
                skip(pair);
                continue;
            }
            lanes.pair[lanes.count] = pair;
            lanes.r[lanes.count] = r;
            for (int axis = 0; axis < 3; axis++)
                lanes.direction[axis][lanes.count] = d[axis]/r;
            if (++lanes.count == LANES) {
                finish(visit);
                lanes.count = 0;
            }
        }
        if (lanes.count > 0)
            finish(visit);
    }

    template <class Visit>
    void finish(Visit visit) {
        for (int lane = lanes.count; lane < LANES; lane++)
            lanes.r[lane] = (T) task.cutoff;
        Lanes::findFunctions(lanes, (T) task.cutoff, task.numFunctions, f, fSlope);
        visit();
    }

    template <class Action>
    void forCenters(Action action) {
        for (int64_t center = task.firstCenter; center < task.lastCenter; center++)
            for (int type = 0; type < task.numTypes; type++)
                action(center, type);
    }

    void clearRows() {
        for (int i = 0; i < SIZE*task.numFunctions; i++)
            rows[i] = 0;
    }

    void storeRows(int64_t center, int type, T* sums) const {
        for (int k = 0; k < task.numFunctions; k++) {
            T* to = sums+placeOf(center, type, k);
            if (DEGREE == 0) {
                *to = 0;
                for (int lane = 0; lane < LANES; lane++)
                    *to += rows[k*SIZE+lane];
            } else
                for (int a = 0; a < COUNT; a++)
                    to[a] = rows[k*SIZE+a];
        }
    }

    void addLane(int lane) {
        const T direction[3] = {lanes.direction[0][lane], lanes.direction[1][lane], lanes.direction[2][lane]};
        monomials.set(direction, false);
        for (int k = 0; k < task.numFunctions; k++)
            for (int a = 0; a < SIZE; a++)
                rows[k*SIZE+a] += f[k][lane]*monomials.value[a];
    }

    void pullLane(int lane, T* slope) {
        const T direction[3] = {lanes.direction[0][lane], lanes.direction[1][lane], lanes.direction[2][lane]};
        monomials.set(direction, true);
        // Slopes with respect to the monomials, and what the radial functions add along the direction.
        alignas(64) T outer[SIZE] = {}, along[SIZE] = {};
        for (int k = 0; k < task.numFunctions; k++)
            for (int a = 0; a < SIZE; a++) {
                outer[a] += f[k][lane]*rows[k*SIZE+a];
                along[a] += fSlope[k][lane]*rows[k*SIZE+a];
            }
        T radial = 0, t[3] = {0, 0, 0};
        for (int a = 0; a < COUNT; a++) {
            radial += along[a]*monomials.value[a];
            for (int axis = 0; axis < 3; axis++)
                t[axis] += outer[a]*monomials.slope[axis][a];
        }
        const T tangent = direction[0]*t[0]+direction[1]*t[1]+direction[2]*t[2];
        for (int axis = 0; axis < 3; axis++)
            slope[axis] = direction[axis]*radial+(t[axis]-direction[axis]*tangent)/lanes.r[lane];
    }

    void pushLane(int lane, const T* v, T along) {
        const T direction[3] = {lanes.direction[0][lane], lanes.direction[1][lane], lanes.direction[2][lane]};
        monomials.set(direction, true);
        T turn[3];
        for (int axis = 0; axis < 3; axis++)
            turn[axis] = (v[axis]-direction[axis]*along)/lanes.r[lane];
        alignas(64) T rate[SIZE];
        for (int a = 0; a < SIZE; a++)
            rate[a] = monomials.slope[0][a]*turn[0]+monomials.slope[1][a]*turn[1]+monomials.slope[2][a]*turn[2];
        for (int k = 0; k < task.numFunctions; k++) {
            const T change = fSlope[k][lane]*along;
            for (int a = 0; a < SIZE; a++)
                rows[k*SIZE+a] += change*monomials.value[a]+f[k][lane]*rate[a];
        }
    }

    static void sum(const Task& task, T* sums) {
        NeighborSumLoops own(task);
        own.forCenters([&](int64_t center, int type) {
            own.clearRows();
            own.forPairs(center, type, [&]() {
                if (DEGREE == 0)
                    for (int k = 0; k < task.numFunctions; k++)
                        *(Vector*) (own.rows+k*SIZE) += own.f[k];
                else
                    for (int lane = 0; lane < own.lanes.count; lane++)
                        own.addLane(lane);
            }, [](int64_t) {});
            own.storeRows(center, type, sums);
        });
    }

    static void pullBack(const Task& task, const T* slopes, T* vectorSlopes) {
        NeighborSumLoops own(task);
        own.clearRows();
        own.forCenters([&](int64_t center, int type) {
            for (int k = 0; k < task.numFunctions; k++)
                for (int a = 0; a < COUNT; a++)
                    own.rows[k*SIZE+a] = slopes[own.placeOf(center, type, k)+a];
            own.forPairs(center, type, [&]() {
                Vector along = {};
                if (DEGREE == 0)
                    for (int k = 0; k < task.numFunctions; k++)
                        along += own.fSlope[k]*own.rows[k*SIZE];
                for (int lane = 0; lane < own.lanes.count; lane++) {
                    T* slope = vectorSlopes+3*own.lanes.pair[lane];
                    if (DEGREE == 0)
                        for (int axis = 0; axis < 3; axis++)
                            slope[axis] = own.lanes.direction[axis][lane]*along[lane];
                    else
                        own.pullLane(lane, slope);
                }
            }, [&](int64_t pair) {
                for (int axis = 0; axis < 3; axis++)
                    vectorSlopes[3*pair+axis] = 0;
            });
        });
    }

    static void pushForward(const Task& task, const T* velocities, T* rates) {
        NeighborSumLoops own(task);
        own.forCenters([&](int64_t center, int type) {
            own.clearRows();
            own.forPairs(center, type, [&]() {
                Vector along = {};
                for (int lane = 0; lane < own.lanes.count; lane++)
                    for (int axis = 0; axis < 3; axis++)
                        along[lane] += own.lanes.direction[axis][lane]*velocities[3*own.lanes.pair[lane]+axis];
                if (DEGREE == 0)
                    for (int k = 0; k < task.numFunctions; k++)
                        *(Vector*) (own.rows+k*SIZE) += own.fSlope[k]*along;
                else
                    for (int lane = 0; lane < own.lanes.count; lane++)
                        own.pushLane(lane, velocities+3*own.lanes.pair[lane], along[lane]);
            }, [](int64_t) {});
            own.storeRows(center, type, rates);
        });
    }
};

template <class T, int DEGREE>
constexpr CpuNeighborSumLoops<T> NEIGHBOR_SUM_LOOPS = {
    NeighborSumLoops<T, DEGREE>::sum, NeighborSumLoops<T, DEGREE>::pullBack, NeighborSumLoops<T, DEGREE>::pushForward};

/** The loops of every degree. */
template <class T>
constexpr CpuNeighborSumLoops<T> ALL_NEIGHBOR_SUM_LOOPS[] = {
    NEIGHBOR_SUM_LOOPS<T, 0>, NEIGHBOR_SUM_LOOPS<T, 1>, NEIGHBOR_SUM_LOOPS<T, 2>, NEIGHBOR_SUM_LOOPS<T, 3>,
    NEIGHBOR_SUM_LOOPS<T, 4>};

} // namespace
} // namespace CGBridge
