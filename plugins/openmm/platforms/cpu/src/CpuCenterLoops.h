/*
 * What the loops of all forms share.  Included into each translation unit that is compiled for an instruction set,
 * after CpuNeighborBatch.h.
 *
 * A form brings, in the file of its loops,
 *
 *     struct Loops {
 *         using Force = ...;
 *         using Arrays = ...;      made of a Workspace, from which it takes the arrays that the form needs, and the tables
 *         // The energies of the centres of a batch, all of one type.  Sets the gradients of their neighbours.
 *         static fvec compute(const CpuTables<Force>& tables, NeighborBatch& batch, Arrays& arrays, int type);
 *     };
 *
 * or several such that are each good for some parameters, and in either case
 *
 *     template <>
 *     struct FormLoops<Force> {
 *         using Arrays = ...;
 *         static auto choose(const CpuTables<Force>& tables);     computeBatches<Loops>, for these parameters
 *     };
 */

namespace CGBridge {
namespace {

template <class ForceType>
struct FormLoops;

/**
 * The second, shorter cutoff of a form in nm; 0 if it has none.
 */
template <class ForceType>
CGBRIDGE_INLINE float getNearCutoff(const CpuTables<ForceType>& tables) {
    return 0;
}

/**
 * Looks up the parameters of the pairs of the centres and their neighbours k.
 */
template <bool OneType>
class PairParameters {
public:
    __attribute__((always_inline)) PairParameters(const NeighborBatch& b, int type, int numTypes) : b(b), row(type*numTypes), numTypes(numTypes) {
    }
    __attribute__((always_inline)) fvec operator()(const float* table, int k) const {
        return OneType ? broadcast(table[0]) : lookUp(table+row, b.type[k], numTypes);
    }
private:
    const NeighborBatch& b;
    const int row, numTypes;
};

/**
 * The cosine of the angle between neighbours j and k.
 */
CGBRIDGE_INLINE fvec cosine(const NeighborBatch& b, int j, int k) {
    return b.x[j]*b.x[k]+b.y[j]*b.y[k]+b.z[j]*b.z[k];
}

/**
 * The turns of all neighbours, for forms that go through the pairs of them.
 */
class Turns {
public:
    explicit Turns(Workspace& s) : x(s.perNeighbor()), y(s.perNeighbor()), z(s.perNeighbor()), along(s.perNeighbor()) {
    }
    __attribute__((always_inline)) void clear(int k) {
        x[k] = y[k] = z[k] = along[k] = fvec{};
    }
    /**
     * Add the derivative by the cosine of the angle between neighbours j and k.
     */
    __attribute__((always_inline)) void add(const NeighborBatch& b, int j, int k, fvec cosTheta, fvec dCos) {
        x[j] += dCos*b.x[k];
        y[j] += dCos*b.y[k];
        z[j] += dCos*b.z[k];
        x[k] += dCos*b.x[j];
        y[k] += dCos*b.y[j];
        z[k] += dCos*b.z[j];
        along[j] += dCos*cosTheta;
        along[k] += dCos*cosTheta;
    }
    __attribute__((always_inline)) Turn getOverR(const NeighborBatch& b, int k) const {
        fvec inverseR = b.inverseR[k];
        return {x[k]*inverseR, y[k]*inverseR, z[k]*inverseR, along[k]*inverseR};
    }
private:
    fvec *x, *y, *z, *along;
};

/**
 * Add the forces of a range of batches and return their energy.
 */
template <class Loops>
double computeBatches(const CpuTables<typename Loops::Force>& tables, const CpuCenterInput& input, int firstBatch, int lastBatch,
                      float* workspace, int maxNeighbors, float* forces) {
    Workspace space(workspace, maxNeighbors);
    NeighborBatch b(space);
    typename Loops::Arrays arrays(space, tables);
    double energy = 0;
    for (int index = firstBatch; index < lastBatch; index++) {
        const CpuCenterBatch& batch = input.batches[index];
        b.collect(input, batch, tables.numTypes > 1, getNearCutoff(tables));
        fvec batchEnergy = Loops::compute(tables, b, arrays, batch.type);
        energy += sum(batchEnergy*b.weight);
        if (forces != nullptr)
            b.addForces(input, batch, forces);
    }
    return energy;
}

template <class ForceType>
double compute(const CpuTables<ForceType>& tables, const CpuCenterInput& input, int firstBatch, int lastBatch,
               float* workspace, int maxNeighbors, float* forces) {
    return FormLoops<ForceType>::choose(tables)(tables, input, firstBatch, lastBatch, workspace, maxNeighbors, forces);
}

template <class ForceType>
size_t getWorkspaceSize(const CpuTables<ForceType>& tables, int maxNeighbors) {
    Workspace space(nullptr, maxNeighbors);
    NeighborBatch b(space);
    typename FormLoops<ForceType>::Arrays arrays(space, tables);
    return space.getSize();
}

template <class... ForceTypes>
constexpr CpuLoopsOfList<FormList<ForceTypes...> > getLoops(FormList<ForceTypes...>) {
    return {CpuLoops<ForceTypes>{getWorkspaceSize<ForceTypes>, compute<ForceTypes>}...};
}

} // namespace
} // namespace CGBridge
