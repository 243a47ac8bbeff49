#include "CommonCenterCalculation.h"
#include "CommonCGBridgeKernelSources.h"
#include "openmm/OpenMMException.h"
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

using namespace CGBridge;
using namespace OpenMM;
using namespace std;

// The local memory that a block may use if a multiprocessor of an H100 or A100 is to hold at the same time the six that
// OpenMM launches for it, and what all devices have.
static const int LOCAL_MEMORY = 37632, MOST_LOCAL_MEMORY = 49152;

CommonCenterCalculation::CommonCenterCalculation(ComputeContext& cc, const CommonForm& form, const CenterForce& force) :
        cc(cc), form(form), numTypes(force.getNumTypes()), numReplicas(force.getNumReplicas()), maxNeighbors(12),
        neighbors(make_unique<CommonNeighbors>(cc, force)) {
    int real = (cc.getUseDoublePrecision() ? sizeof(double) : sizeof(float));
    scaleTable.initialize(cc, numReplicas, 4*real, "cgbridge scales");
    replicaEnergies.initialize<long long>(cc, numReplicas, "cgbridge energies");
}

void CommonCenterCalculation::setParameters(const CenterForce& force, const CommonTables& tables) {
    if (!pairTable.isInitialized()) {
        int real = (cc.getUseDoublePrecision() ? sizeof(double) : sizeof(float));
        pairTable.initialize(cc, tables.pairs.size(), real, "cgbridge pairs");
        centerTable.initialize(cc, tables.centers.size(), real, "cgbridge centers");
    }
    pairTable.upload(tables.pairs, true);
    centerTable.upload(tables.centers, true);
    neighbors->setParticles(force, tables.cutoff);
    if (form.hasManyNeighbors && neighbors->isPeriodic())
        expectNeighbors(tables.cutoff);
    setReplicaScales(vector<Vec3>(numReplicas, Vec3(1, 1, 1)));
}

/**
 * Make room for as many neighbours as a particle has where all are spread over the box evenly, and some more.
 */
void CommonCenterCalculation::expectNeighbors(double cutoff) {
    Vec3 box[3];
    cc.getPeriodicBoxVectors(box[0], box[1], box[2]);
    const double density = neighbors->getNumSlots()/(numReplicas*box[0][0]*box[1][1]*box[2][2]);
    const int expected = (int) min(256.0, 1.3*density*4*M_PI/3*pow(cutoff, 3)+4)/8*8;
    if (expected > maxNeighbors) {
        maxNeighbors = expected;
        block = 0;
    }
}

void CommonCenterCalculation::setReplicaScales(const vector<Vec3>& scales) {
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
int CommonCenterCalculation::getLocalMemory(int block, int run) const {
    const int real = (cc.getUseDoublePrecision() ? sizeof(double) : sizeof(float));
    const int perNeighbor = (4+form.realsPerNeighbor)*real+(numTypes > 1 ? 8 : 4)+4*form.intsPerNeighbor;
    const int perCenter = (maxNeighbors+1)*perNeighbor+form.realsPerCenter*real, perThread = (3+form.realsPerThread)*real+12, perSum = 24;
    return block/lanes*perCenter+block*perThread+run*perSum;
}

/**
 * Compile the kernels for the number of neighbours there must be room for.
 */
void CommonCenterCalculation::createKernel() {
    const int numSlots = neighbors->getNumSlots(), numGroups = cc.getNumThreadBlocks();
    // A large system has work for all threads with few of them for each centre, of which fewer are idle then.
    const bool isLarge = (numSlots > 8*numGroups);
    lanes = (isLarge && maxNeighbors <= 16 ? 4 : 8);
    while (form.neighborsPerLane*lanes < maxNeighbors)
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
    // Each of many numbers for a centre needs its place: as few centres as it takes.
    while (getLocalMemory(block, run) > MOST_LOCAL_MEMORY && lanes < block)
        lanes *= 2;
    if (getLocalMemory(block, run) > MOST_LOCAL_MEMORY)
        throw OpenMMException("The force has more numbers for a particle than the local memory of a device has room for."
                              " Use the platform CPU, or a smaller network");
    map<string, string> defines = form.defines;
    defines["NUM_TYPES"] = cc.intToString(numTypes);
    defines["NUM_REPLICAS"] = cc.intToString(numReplicas);
    defines["PAIR_ROW"] = cc.intToString(pairTable.getSize()/(numReplicas*numTypes*numTypes));
    defines["CENTER_ROW"] = cc.intToString(centerTable.getSize()/(numReplicas*numTypes));
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
    defines["GROUPS_TOGETHER"] = cc.intToString(cc.getUseDoublePrecision() ? 1 : form.groupsTogether);
    if (neighbors->isPeriodic())
        defines["PERIODIC"] = "1";
    const string code = CommonCGBridgeKernelSources::slots+CommonCGBridgeKernelSources::centers+form.source;
    compute = KernelArguments(cc, cc.compileProgram(code, defines)->createKernel("computeForces"));
    if (numReplicas > 1) {
        defines["REPLICA_ENERGIES"] = "1";
        defines["RUN"] = "0";
        computeReplicaEnergies = KernelArguments(cc, cc.compileProgram(code, defines)->createKernel("computeForces"));
    }
}

void CommonCenterCalculation::launch(KernelArguments& kernel) {
    neighbors->update();
    kernel.begin() << cc.getLongForceBuffer() << cc.getEnergyBuffer();
    neighbors->addArrays(kernel);
    kernel << pairTable << centerTable << scaleTable << replicaEnergies;
    neighbors->addSizes(kernel);
    kernel.execute(neighbors->getNumSlots()*lanes, block);
}

double CommonCenterCalculation::execute() {
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

vector<double> CommonCenterCalculation::getReplicaEnergies() {
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
