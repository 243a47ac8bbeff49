#include "CommonCGBridgeKernels.h"
#include "CommonCGBridgeKernelSources.h"
#include "openmm/common/ContextSelector.h"
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <type_traits>

using namespace CGBridge;
using namespace OpenMM;
using namespace std;

// The number of blocks that OpenMM launches for each multiprocessor of a CUDA device, and the local memory that each of
// them may use if those of an H100 or A100 are to hold them at the same time.
static const int GROUPS_TOGETHER = 6, LOCAL_MEMORY = 37632;

namespace {

/**
 * Get the types that occur among the particles of each replica.
 */
vector<set<int> > findUsedTypes(const TripletForce& force) {
    vector<set<int> > used(force.getNumReplicas());
    for (int i = 0; i < force.getNumParticles(); i++) {
        int type;
        double weight;
        force.getParticleParameters(i, type, weight);
        if (type >= 0)
            used[force.getParticleReplica(i)].insert(type);
    }
    return used;
}

/**
 * Write rows of numbers into the places that belong to pairs and triplets of types.  Those of types
 * that no particle has stay zero.
 */
template <class Force, class PairRow, class TripletRow>
void fillTables(const Force& force, vector<double>& pairs, vector<double>& triplets, PairRow pairRow, TripletRow tripletRow) {
    using Parameters = typename remove_const<typename remove_reference<decltype(force.getTriplet(0, 0, 0))>::type>::type;
    const int n = force.getNumTypes(), numReplicas = force.getNumReplicas();
    const size_t pairSize = pairRow(Parameters()).size(), tripletSize = tripletRow(Parameters()).size();
    pairs.assign(pairSize*numReplicas*n*n, 0.0);
    triplets.assign(tripletSize*numReplicas*n*n*n, 0.0);
    vector<set<int> > used = findUsedTypes(force);
    for (int replica = 0; replica < numReplicas; replica++)
        for (int i : used[replica])
            for (int j : used[replica])
                for (int k : used[replica]) {
                    const Parameters parameters = force.getEffectiveTriplet(i, j, k, replica);
                    vector<double> row = tripletRow(parameters);
                    copy(row.begin(), row.end(), triplets.begin()+tripletSize*(((replica*n+i)*n+j)*n+k));
                    if (j == k) {
                        row = pairRow(parameters);
                        copy(row.begin(), row.end(), pairs.begin()+pairSize*((replica*n+i)*n+j));
                    }
                }
}

} // namespace

CommonTripletCalculation::CommonTripletCalculation(ComputeContext& cc, const string& source) : cc(cc), source(source), maxNeighbors(12) {
}

void CommonTripletCalculation::initialize(const TripletForce& force) {
    numTypes = force.getNumTypes();
    numReplicas = force.getNumReplicas();
    neighbors = make_unique<CommonTripletNeighbors>(cc, force);
    int real = (cc.getUseDoublePrecision() ? sizeof(double) : sizeof(float));
    scaleTable.initialize(cc, numReplicas, 4*real, "cgbridge scales");
    replicaEnergies.initialize<long long>(cc, numReplicas, "cgbridge energies");
}

void CommonTripletCalculation::setParameters(const TripletForce& force, double cutoff, const vector<double>& pairs, const vector<double>& triplets) {
    int real = (cc.getUseDoublePrecision() ? sizeof(double) : sizeof(float));
    if (!pairTable.isInitialized()) {
        pairTable.initialize(cc, pairs.size(), real, "cgbridge pairs");
        tripletTable.initialize(cc, triplets.size(), real, "cgbridge triplets");
    }
    pairTable.upload(pairs, true);
    tripletTable.upload(triplets, true);
    neighbors->setParticles(force, cutoff);
    setReplicaScales(vector<Vec3>(numReplicas, Vec3(1, 1, 1)));
}

void CommonTripletCalculation::setReplicaScales(const vector<Vec3>& scales) {
    vector<mm_double4> table;
    double smallest = scales[0][0];
    for (const Vec3& scale : scales) {
        table.push_back(mm_double4(scale[0], scale[1], scale[2], 1));
        smallest = min({smallest, scale[0], scale[1], scale[2]});
    }
    scaleTable.upload(table, true);
    neighbors->setSmallestScale(smallest);
}

/**
 * Get the local memory that the kernel of a form needs, in bytes.
 *
 * @param block   the number of threads in a block
 * @param run   the number of slots whose forces are added up there
 */
int CommonTripletCalculation::getLocalMemory(int block, int run) const {
    const int real = (cc.getUseDoublePrecision() ? sizeof(double) : sizeof(float));
    const int perNeighbor = 8*real+(numTypes > 1 ? 8 : 4), perThread = 3*real+12, perSum = 24;
    return block/lanes*(maxNeighbors+1)*perNeighbor+block*perThread+run*perSum;
}

/**
 * Compile the kernels for the number of neighbours there must be room for.
 */
void CommonTripletCalculation::createKernel() {
    const int numSlots = neighbors->getNumSlots(), numGroups = cc.getNumThreadBlocks();
    // A large system has work for all threads with few of them for each centre, of which fewer are idle then.
    const bool isLarge = (numSlots > 8*numGroups);
    lanes = (isLarge && maxNeighbors <= 16 ? 4 : 8);
    while (4*lanes < maxNeighbors)
        lanes *= 2;
    // Small blocks spread a small system over more of the device.  Where blocks have several rounds of centres, the
    // forces on a run of slots are added up in local memory.
    int run = 0;
    for (block = (isLarge ? 256 : 64); block >= 64; block -= 64) {
        const int centers = block/lanes;
        run = (numSlots > 2*centers*numGroups ? 256/centers*centers : 0);
        if (block == 64 || (block <= cc.getMaxThreadBlockSize() && getLocalMemory(block, run) <= LOCAL_MEMORY))
            break;
    }
    map<string, string> defines;
    defines["NUM_TYPES"] = cc.intToString(numTypes);
    defines["NUM_REPLICAS"] = cc.intToString(numReplicas);
    defines["PADDED_NUM_ATOMS"] = cc.intToString(cc.getPaddedNumAtoms());
    defines["PI"] = cc.doubleToString(M_PI);
    defines["BLOCK"] = cc.intToString(block);
    defines["LANES"] = cc.intToString(lanes);
    // The lists of most centres are looked through at once.
    defines["KEPT"] = cc.intToString(((maxNeighbors <= 16 ? 20 : 32)+lanes-1)/lanes);
    defines["RUN"] = cc.intToString(run);
    defines["TILE"] = cc.intToString(neighbors->getTile());
    defines["MAX_NEIGHBORS"] = cc.intToString(maxNeighbors);
    // None should wait for another.
    defines["GROUPS_TOGETHER"] = cc.intToString(cc.getUseDoublePrecision() ? 1 : GROUPS_TOGETHER);
    if (neighbors->isPeriodic())
        defines["PERIODIC"] = "1";
    const string code = CommonCGBridgeKernelSources::triplet+CommonCGBridgeKernelSources::centers+source;
    compute = KernelArguments(cc, cc.compileProgram(code, defines)->createKernel("computeForces"));
    if (numReplicas > 1) {
        defines["REPLICA_ENERGIES"] = "1";
        defines["RUN"] = "0";
        computeReplicaEnergies = KernelArguments(cc, cc.compileProgram(code, defines)->createKernel("computeForces"));
    }
}

void CommonTripletCalculation::launch(KernelArguments& kernel) {
    neighbors->update();
    kernel.begin() << cc.getLongForceBuffer() << cc.getEnergyBuffer();
    neighbors->addArrays(kernel);
    kernel << pairTable << tripletTable << scaleTable << replicaEnergies;
    neighbors->addSizes(kernel);
    kernel.execute(neighbors->getNumSlots()*lanes, block);
}

double CommonTripletCalculation::execute() {
    if (neighbors->getNumSlots() == 0)
        return 0;
    if (block == 0)
        createKernel();
    launch(compute);
    int found = neighbors->makeRoom();
    if (found > maxNeighbors && maxNeighbors < 256) {
        maxNeighbors = min(256, (found+found/8+7)/8*8);
        block = 0;
    }
    // The energy is in the buffer that OpenMM adds up.
    return 0;
}

vector<double> CommonTripletCalculation::getReplicaEnergies() {
    vector<double> energies(numReplicas, 0.0);
    if (neighbors->getNumSlots() == 0)
        return energies;
    if (block == 0)
        createKernel();
    cc.clearBuffer(replicaEnergies);
    launch(computeReplicaEnergies);
    vector<long long> fixed;
    replicaEnergies.download(fixed);
    const vector<bool> broken = neighbors->findBrokenReplicas();
    for (int replica = 0; replica < numReplicas; replica++)
        energies[replica] = (broken[replica] ? numeric_limits<double>::quiet_NaN() : fixed[replica]/4294967296.0);
    return energies;
}

template <class KernelType, class ForceType>
CommonCalcTripletForceKernel<KernelType, ForceType>::CommonCalcTripletForceKernel(string name, const Platform& platform, ComputeContext& cc,
        const string& source) : KernelType(name, platform), cc(cc), calculation(cc, source) {
}

template <class KernelType, class ForceType>
void CommonCalcTripletForceKernel<KernelType, ForceType>::initialize(const System& system, const TripletForce& force) {
    ContextSelector selector(cc);
    calculation.initialize(force);
    setParameters(dynamic_cast<const ForceType&>(force));
}

template <class KernelType, class ForceType>
double CommonCalcTripletForceKernel<KernelType, ForceType>::execute(ContextImpl& context, bool includeForces, bool includeEnergy) {
    ContextSelector selector(cc);
    return calculation.execute();
}

template <class KernelType, class ForceType>
void CommonCalcTripletForceKernel<KernelType, ForceType>::copyParametersToContext(ContextImpl& context, const TripletForce& force) {
    ContextSelector selector(cc);
    setParameters(dynamic_cast<const ForceType&>(force));
}

template <class KernelType, class ForceType>
void CommonCalcTripletForceKernel<KernelType, ForceType>::setReplicaScales(const vector<Vec3>& scales) {
    ContextSelector selector(cc);
    calculation.setReplicaScales(scales);
}

template <class KernelType, class ForceType>
vector<double> CommonCalcTripletForceKernel<KernelType, ForceType>::getReplicaEnergies(ContextImpl& context) {
    ContextSelector selector(cc);
    return calculation.getReplicaEnergies();
}

template class CGBridge::CommonCalcTripletForceKernel<CalcTersoffForceKernel, TersoffForce>;
template class CGBridge::CommonCalcTripletForceKernel<CalcStillingerWeberForceKernel, StillingerWeberForce>;

CommonCalcTersoffForceKernel::CommonCalcTersoffForceKernel(string name, const Platform& platform, ComputeContext& cc) :
        CommonCalcTripletForceKernel(name, platform, cc, CommonCGBridgeKernelSources::tersoff) {
}

void CommonCalcTersoffForceKernel::setParameters(const TersoffForce& force) {
    using P = TersoffParameters;
    vector<double> pairs, triplets;
    double cutoff = 0;
    // What single precision leaves of a number.
    auto low = [&] (double x) { return cc.getUseDoublePrecision() ? 0.0 : x-(double) (float) x; };
    // 1/(2D) of the cutoff function.  A cutoff without width becomes one of negligible width.
    auto inverseWidth = [] (const P& p) { return 0.5/max(p.D, 1e-9); };
    fillTables(force, pairs, triplets, [&] (const P& p) {
        const double lambda1 = p.lambda1/log(2.0), lambda2 = p.lambda2/log(2.0);
        return vector<double> {lambda1, low(lambda1), p.A, lambda2, low(lambda2), p.B, p.n, p.beta, p.R+p.D, inverseWidth(p)};
    }, [&] (const P& p) {
        cutoff = max(cutoff, p.R+p.D);
        const double c2 = p.c*p.c, d2 = p.d*p.d;
        return vector<double> {p.gamma, d2, p.gamma*c2/d2, 2*p.gamma*c2, p.cosTheta0, p.lambda3, p.m == 3 ? 1.0 : 0.0, p.R+p.D, inverseWidth(p)};
    });
    calculation.setParameters(force, cutoff, pairs, triplets);
}

CommonCalcStillingerWeberForceKernel::CommonCalcStillingerWeberForceKernel(string name, const Platform& platform, ComputeContext& cc) :
        CommonCalcTripletForceKernel(name, platform, cc, CommonCGBridgeKernelSources::stillingerWeber) {
}

void CommonCalcStillingerWeberForceKernel::setParameters(const StillingerWeberForce& force) {
    using P = StillingerWeberParameters;
    vector<double> pairs, triplets;
    double cutoff = 0;
    fillTables(force, pairs, triplets, [&] (const P& p) {
        cutoff = max(cutoff, p.getCutoff());
        return vector<double> {p.A*p.epsilon*p.B, p.A*p.epsilon, p.p, p.q, p.sigma, p.gamma*p.sigma, p.a*p.sigma, p.getCutoff()};
    }, [] (const P& p) {
        return vector<double> {p.lambda*p.epsilon, p.cosTheta0};
    });
    calculation.setParameters(force, cutoff, pairs, triplets);
}
