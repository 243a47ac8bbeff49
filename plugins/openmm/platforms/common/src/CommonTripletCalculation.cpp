#include "CommonTripletCalculation.h"
#include "CommonCGBridgeKernelSources.h"
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

using namespace CGBridge;
using namespace OpenMM;
using namespace std;

// The number of blocks that OpenMM launches for each multiprocessor of a CUDA device, and the local memory that each of
// them may use if those of an H100 or A100 are to hold them at the same time.
static const int GROUPS_TOGETHER = 6, LOCAL_MEMORY = 37632;

CommonTripletCalculation::CommonTripletCalculation(ComputeContext& cc, const string& source, const CenterForce& force) :
        cc(cc), source(source), numTypes(force.getNumTypes()), numReplicas(force.getNumReplicas()), maxNeighbors(12),
        neighbors(make_unique<CommonNeighbors>(cc, force)) {
    int real = (cc.getUseDoublePrecision() ? sizeof(double) : sizeof(float));
    scaleTable.initialize(cc, numReplicas, 4*real, "cgbridge scales");
    replicaEnergies.initialize<long long>(cc, numReplicas, "cgbridge energies");
}

void CommonTripletCalculation::setParameters(const CenterForce& force, double cutoff, const vector<double>& pairs, const vector<double>& triplets) {
    if (!pairTable.isInitialized()) {
        int real = (cc.getUseDoublePrecision() ? sizeof(double) : sizeof(float));
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
    defines["PAIR_ROW"] = cc.intToString(pairTable.getSize()/(numReplicas*numTypes*numTypes));
    defines["TRIPLET_ROW"] = cc.intToString(tripletTable.getSize()/(numReplicas*numTypes*numTypes*numTypes));
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
