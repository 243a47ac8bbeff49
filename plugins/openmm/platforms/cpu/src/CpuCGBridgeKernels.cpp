#include "CpuCGBridgeKernels.h"
#include "openmm/reference/ReferencePlatform.h"
#include <algorithm>
#include <cmath>
#include <limits>

using namespace CGBridge;
using namespace OpenMM;
using namespace std;

CpuTripletCalculation::CpuTripletCalculation(unique_ptr<CpuTripletHost> host) :
        host(move(host)), functions(getCpuTripletFunctions()), threads(this->host->getThreads()), shares(threads.getNumThreads()),
        workspaces(threads.getNumThreads()), threadEnergy(threads.getNumThreads()) {
}

void CpuTripletCalculation::setParticles(const TripletForce& force, double cutoff) {
    vector<int> types(force.getNumParticles());
    vector<double> weights(force.getNumParticles());
    for (int i = 0; i < force.getNumParticles(); i++)
        force.getParticleParameters(i, types[i], weights[i]);
    periodic = force.usesPeriodicBoundaryConditions();
    if (periodic)
        host->setPeriodic();
    neighborList.reset();
    if (cutoff > 0)
        neighborList = make_unique<CpuTripletNeighborList>(types, weights, cutoff, functions, threads);
}

template <class Compute>
double CpuTripletCalculation::execute(ContextImpl& context, bool includeForces, Compute compute) {
    if (neighborList == nullptr)
        return 0;
    auto& referenceData = *reinterpret_cast<ReferencePlatform::PlatformData*>(context.getPlatformData());
    if (!neighborList->update(*referenceData.positions, PeriodicBox(referenceData.periodicBoxVectors, periodic))) {
        // Nothing that follows from such positions may pass for a result.
        if (includeForces)
            fill_n(referenceData.forces->begin(), referenceData.numParticles, Vec3(1, 1, 1)*numeric_limits<double>::quiet_NaN());
        return numeric_limits<double>::quiet_NaN();
    }
    const int maxNeighbors = neighborList->getMaxNeighbors();
    shares.begin(neighborList->getNumBatches(), host->isDeterministic());
    threads.forEachThread([&] (int thread) {
        vector<float>& workspace = workspaces[thread];
        size_t alignment = 64/sizeof(float), size = functions.getWorkspaceSize(maxNeighbors)+alignment;
        if (workspace.size() < size)
            workspace.resize(size);
        size_t misalignment = (reinterpret_cast<size_t>(workspace.data())/sizeof(float))%alignment;
        float* aligned = workspace.data() + (alignment-misalignment)%alignment;
        float* forces = (includeForces ? host->beginForces(thread) : nullptr);
        double energy = 0;
        shares.take(thread, [&] (int first, int last) {
            energy += compute(first, last, aligned, maxNeighbors, forces);
        });
        threadEnergy[thread] = energy;
    });
    if (includeForces)
        host->finishForces();
    double energy = 0;
    for (double value : threadEnergy)
        energy += value;
    return energy;
}

namespace {

/**
 * Make a table of single precision numbers and keep it alive.
 */
template <class Triplet, class Function>
const float* makeTable(vector<vector<float> >& storage, const vector<Triplet>& triplets, Function value) {
    // The loops read whole vectors, also from the last place.
    vector<float> table(triplets.size()+CPU_MAX_WIDTH);
    for (size_t i = 0; i < triplets.size(); i++)
        table[i] = (float) value(triplets[i]);
    storage.push_back(move(table));
    return storage.back().data();
}

/**
 * Get the types that occur among the particles of a force.
 */
vector<bool> findUsedTypes(const TripletForce& force) {
    vector<bool> used(force.getNumTypes(), false);
    for (int i = 0; i < force.getNumParticles(); i++) {
        int type;
        double weight;
        force.getParticleParameters(i, type, weight);
        if (type >= 0)
            used[type] = true;
    }
    return used;
}

/**
 * Copy the parameters of all triplets (i, j, k) and of all bonds (i, j, j); those of types that no
 * particle has keep their defaults.
 */
template <class Force, class Triplet>
void copyTriplets(const Force& force, vector<Triplet>& triplets, vector<Triplet>& bonds) {
    int n = force.getNumTypes();
    vector<bool> used = findUsedTypes(force);
    triplets.assign(n*n*n, Triplet());
    bonds.assign(n*n, Triplet());
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            for (int k = 0; k < n; k++)
                if (used[i] && used[j] && used[k]) {
                    triplets[(i*n+j)*n+k] = force.getEffectiveTriplet(i, j, k);
                    if (j == k)
                        bonds[i*n+j] = triplets[(i*n+j)*n+k];
                }
}

/**
 * 1/(2D) of the cutoff function.  A cutoff without width becomes one of negligible width.
 */
double inverseWidth(const TersoffParameters& p) {
    return 0.5/max(p.D, 1e-9);
}

} // namespace

CpuCalcTersoffForceKernel::CpuCalcTersoffForceKernel(string name, const Platform& platform, unique_ptr<CpuTripletHost> host) :
        CalcTersoffForceKernel(name, platform), calculation(move(host)) {
}

void CpuCalcTersoffForceKernel::initialize(const System& system, const TripletForce& force) {
    setParameters(dynamic_cast<const TersoffForce&>(force));
}

void CpuCalcTersoffForceKernel::setParameters(const TersoffForce& force) {
    using P = TersoffParameters;
    vector<P> triplets, bonds;
    copyTriplets(force, triplets, bonds);
    int n = force.getNumTypes();
    vector<bool> used = findUsedTypes(force);
    double cutoff = 0;
    tables.numTypes = n;
    tables.centerOnly = true;
    tables.hasLambda3 = false;
    for (int i = 0; i < n; i++) {
        // With unused types the first triplet of a centre may be empty; then any other stands for it.
        const P* first = nullptr;
        for (int j = 0; j < n; j++)
            for (int k = 0; k < n; k++) {
                if (!used[i] || !used[j] || !used[k])
                    continue;
                const P &p = triplets[(i*n+j)*n+k], &bond = bonds[i*n+k];
                first = (first == nullptr ? &p : first);
                cutoff = max(cutoff, p.R+p.D);
                if (p.lambda3 != 0)
                    tables.hasLambda3 = true;
                if (p.gamma != first->gamma || p.c != first->c || p.d != first->d || p.cosTheta0 != first->cosTheta0 ||
                        p.lambda3 != first->lambda3 || p.m != first->m || p.R != bond.R || p.D != bond.D)
                    tables.centerOnly = false;
            }
        if (first != nullptr)
            triplets[i*n*n] = *first;
    }
    storage.clear();
    tables.A = makeTable(storage, bonds, [] (const P& p) { return p.A; });
    tables.lambda1 = makeTable(storage, bonds, [] (const P& p) { return p.lambda1; });
    tables.lambda1Low = makeTable(storage, bonds, [] (const P& p) { return p.lambda1-(float) p.lambda1; });
    tables.B = makeTable(storage, bonds, [] (const P& p) { return p.B; });
    tables.lambda2 = makeTable(storage, bonds, [] (const P& p) { return p.lambda2; });
    tables.lambda2Low = makeTable(storage, bonds, [] (const P& p) { return p.lambda2-(float) p.lambda2; });
    tables.n = makeTable(storage, bonds, [] (const P& p) { return p.n; });
    tables.minusHalfOverN = makeTable(storage, bonds, [] (const P& p) { return -0.5/p.n; });
    tables.beta = makeTable(storage, bonds, [] (const P& p) { return p.beta; });
    tables.bondEnd = makeTable(storage, bonds, [] (const P& p) { return p.R+p.D; });
    tables.bondInverseWidth = makeTable(storage, bonds, inverseWidth);
    tables.gamma = makeTable(storage, triplets, [] (const P& p) { return p.gamma; });
    tables.c2 = makeTable(storage, triplets, [] (const P& p) { return p.c*p.c; });
    tables.d2 = makeTable(storage, triplets, [] (const P& p) { return p.d*p.d; });
    tables.cosTheta0 = makeTable(storage, triplets, [] (const P& p) { return p.cosTheta0; });
    tables.lambda3 = makeTable(storage, triplets, [] (const P& p) { return p.lambda3; });
    tables.cubic = makeTable(storage, triplets, [] (const P& p) { return p.m == 3; });
    tables.end = makeTable(storage, triplets, [] (const P& p) { return p.R+p.D; });
    tables.inverseWidth = makeTable(storage, triplets, inverseWidth);
    calculation.setParticles(force, cutoff);
}

double CpuCalcTersoffForceKernel::execute(ContextImpl& context, bool includeForces, bool includeEnergy) {
    auto compute = calculation.getFunctions().computeTersoff;
    return calculation.execute(context, includeForces, [&] (int first, int last, float* workspace, int maxNeighbors, float* forces) {
        return compute(tables, calculation.getInput(), first, last, workspace, maxNeighbors, forces);
    });
}

void CpuCalcTersoffForceKernel::copyParametersToContext(ContextImpl& context, const TripletForce& force) {
    setParameters(dynamic_cast<const TersoffForce&>(force));
}

CpuCalcStillingerWeberForceKernel::CpuCalcStillingerWeberForceKernel(string name, const Platform& platform, unique_ptr<CpuTripletHost> host) :
        CalcStillingerWeberForceKernel(name, platform), calculation(move(host)) {
}

void CpuCalcStillingerWeberForceKernel::initialize(const System& system, const TripletForce& force) {
    setParameters(dynamic_cast<const StillingerWeberForce&>(force));
}

void CpuCalcStillingerWeberForceKernel::setParameters(const StillingerWeberForce& force) {
    using P = StillingerWeberParameters;
    vector<P> triplets, bonds;
    copyTriplets(force, triplets, bonds);
    double cutoff = 0;
    for (const P& p : bonds)
        cutoff = max(cutoff, p.getCutoff());
    storage.clear();
    tables.numTypes = force.getNumTypes();
    tables.repulsion = makeTable(storage, bonds, [] (const P& p) { return p.A*p.epsilon*p.B; });
    tables.attraction = makeTable(storage, bonds, [] (const P& p) { return p.A*p.epsilon; });
    tables.p = makeTable(storage, bonds, [] (const P& p) { return p.p; });
    tables.q = makeTable(storage, bonds, [] (const P& p) { return p.q; });
    tables.sigma = makeTable(storage, bonds, [] (const P& p) { return p.sigma; });
    tables.gammaSigma = makeTable(storage, bonds, [] (const P& p) { return p.gamma*p.sigma; });
    tables.cut = makeTable(storage, bonds, [] (const P& p) { return p.a*p.sigma; });
    tables.range = makeTable(storage, bonds, [] (const P& p) { return p.getCutoff(); });
    tables.lambdaEpsilon = makeTable(storage, triplets, [] (const P& p) { return p.lambda*p.epsilon; });
    tables.cosTheta0 = makeTable(storage, triplets, [] (const P& p) { return p.cosTheta0; });
    calculation.setParticles(force, cutoff);
}

double CpuCalcStillingerWeberForceKernel::execute(ContextImpl& context, bool includeForces, bool includeEnergy) {
    auto compute = calculation.getFunctions().computeStillingerWeber;
    return calculation.execute(context, includeForces, [&] (int first, int last, float* workspace, int maxNeighbors, float* forces) {
        return compute(tables, calculation.getInput(), first, last, workspace, maxNeighbors, forces);
    });
}

void CpuCalcStillingerWeberForceKernel::copyParametersToContext(ContextImpl& context, const TripletForce& force) {
    setParameters(dynamic_cast<const StillingerWeberForce&>(force));
}
