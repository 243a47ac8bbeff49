#include "CommonNeighbors.h"
#include "CommonCGBridgeKernelSources.h"
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <vector>

using namespace CGBridge;
using namespace OpenMM;
using namespace std;

// The skin in multiples of the cutoff.
static const double SKIN = 0.35;
// The largest system whose lists are made in one block.
static const int MAX_ONE_BLOCK = 2048;
// The number of cells along the edges of a tile of a system whose lists are not made in one block.
static const int TILE = 4;
// The number of cells that a block turns from numbers of particles into slots at a time.
static const int CHUNK = 1024;
// The number of counters that a chunk of cells has.
static const int SPREAD = 32;
// The elements of "status".
enum { REBUILD, MAX_LISTED, MAX_NEAR, BROKEN, STATUS_SIZE };

namespace {

class Listener : public ComputeContext::ReorderListener {
public:
    explicit Listener(shared_ptr<bool> flag) : flag(flag) {
    }
    void execute() override {
        *flag = true;
    }
private:
    shared_ptr<bool> flag;
};

} // namespace

CommonNeighbors::CommonNeighbors(ComputeContext& cc, const CenterForce& force) : cc(cc),
        periodic(force.usesPeriodicBoundaryConditions()), numReplicas(force.getNumReplicas()), usesOneBlock(cc.getNumAtoms() <= MAX_ONE_BLOCK), capacity(32),
        mustRebuild(make_shared<bool>(true)) {
    int numAtoms = max(1, cc.getNumAtoms());
    int real = (cc.getUseDoublePrecision() ? sizeof(double) : sizeof(float));
    int mixed = (cc.getUseDoublePrecision() || cc.getUseMixedPrecision() ? sizeof(double) : sizeof(float));
    for (ComputeArray* array : {&types, &atomCell, &unsorted, &atomSlot, &slotAtom, &slotCell, &listCount})
        array->initialize<int>(cc, numAtoms, "cgbridge particles");
    for (ComputeArray* array : {&weights, &slotWeight})
        array->initialize(cc, numAtoms, real, "cgbridge weights");
    for (ComputeArray* array : {&slotPos, &listPos})
        array->initialize(cc, numAtoms, 4*real, "cgbridge positions");
    listBox.initialize(cc, 3, 4*mixed, "cgbridge box");
    status.initialize<int>(cc, STATUS_SIZE, "cgbridge status");
    status.upload(vector<int>(STATUS_SIZE, 0));
    brokenReplica.initialize<int>(cc, numReplicas, "cgbridge broken replicas");
    brokenReplica.upload(vector<int>(numReplicas, 0));
    list.initialize<int>(cc, (size_t) numAtoms*capacity, "cgbridge lists");
    for (ComputeArray* array : {&cellCount, &chunkCount, &cellStart})
        array->initialize<int>(cc, 1, "cgbridge cells");
    cc.addReorderListener(new Listener(mustRebuild));
    createKernels(force.getNumTypes());
}

void CommonNeighbors::createKernels(int numTypes) {
    map<string, string> defines;
    defines["NUM_ATOMS"] = cc.intToString(cc.getNumAtoms());
    defines["NUM_TYPES"] = cc.intToString(numTypes);
    defines["NUM_REPLICAS"] = cc.intToString(numReplicas);
    defines["TILE"] = cc.intToString(getTile());
    defines["CHUNK"] = cc.intToString(CHUNK);
    defines["SPREAD"] = cc.intToString(SPREAD);
    if (periodic)
        defines["PERIODIC"] = "1";
    ComputeProgram program = cc.compileProgram(CommonCGBridgeKernelSources::slots+CommonCGBridgeKernelSources::neighbors, defines);
    auto create = [&] (const string& name) { return KernelArguments(cc, program->createKernel(name)); };
    scanCells = create("scanCells");
    oneBlock = create("prepareInOneBlock");
    checkMotion = create("checkMotion");
    countCells = create("countCells");
    fillCells = create("fillCells");
    placeSlots = create("placeSlots");
    listNeighbors = create("listNeighbors");
}

int CommonNeighbors::getTile() const {
    return (usesOneBlock ? 1 : TILE);
}

size_t CommonNeighbors::getTotalCells() const {
    auto inTiles = [&] (size_t cells) { return (cells+getTile()-1)/getTile()*getTile(); };
    return inTiles(numCells[0])*inTiles(numCells[1])*inTiles((size_t) numReplicas*numCells[2]);
}

void CommonNeighbors::setParticles(const CenterForce& force, double newCutoff) {
    cutoff = newCutoff;
    setScaleFloor(1);
    int numParticles = force.getNumParticles();
    vector<int> particleTypes(max(1, numParticles), -1);
    vector<double> particleWeights(max(1, numParticles), 0.0);
    for (int i = 0; i < numParticles; i++) {
        force.getParticleParameters(i, particleTypes[i], particleWeights[i]);
        if (particleTypes[i] >= 0)
            particleTypes[i] += force.getParticleReplica(i)*force.getNumTypes();
    }
    types.upload(particleTypes);
    weights.upload(particleWeights, true);
    numSlots = 0;
    if (cutoff > 0)
        for (int type : particleTypes)
            numSlots += (type >= 0);
    numCells = {0, 0, 0};
    *mustRebuild = true;
}

void CommonNeighbors::setScaleFloor(double floor) {
    scaleFloor = floor;
    listCutoff = cutoff/scaleFloor;
    range = (1+SKIN)*listCutoff;
    *mustRebuild = true;
}

void CommonNeighbors::setSmallestScale(double scale) {
    // Some room below, so that a small change leaves the lists as they are.
    if (scale < scaleFloor || scale > 1.05*scaleFloor)
        setScaleFloor(scale == 1 ? 1 : 0.98*scale);
}

vector<bool> CommonNeighbors::findBrokenReplicas() {
    vector<int> values;
    brokenReplica.download(values);
    vector<bool> broken(numReplicas);
    for (int replica = 0; replica < numReplicas; replica++)
        broken[replica] = (values[replica] == evaluation);
    return broken;
}

void CommonNeighbors::setBox(const Vec3* vectors) {
    for (int i = 0; i < 3; i++)
        box[i] = mm_double4(vectors[i][0], vectors[i][1], vectors[i][2], 1/vectors[i][i]);
}

/**
 * Choose the number of cells along each axis, so that those within the range of a particle are in
 * its own and the adjacent cells.
 */
void CommonNeighbors::createCells(const Vec3* vectors) {
    const double width = 1.0001*range;
    array<int, 3> wanted;
    if (periodic) {
        double volume = vectors[0][0]*vectors[1][1]*vectors[2][2];
        for (int axis = 0; axis < 3; axis++) {
            Vec3 normal = vectors[(axis+1)%3].cross(vectors[(axis+2)%3]);
            wanted[axis] = (int) min(1e3, max(1.0, floor(volume/(sqrt(normal.dot(normal))*width))));
        }
    }
    else {
        // Cells far from each other share a place, so the number is free; about one for each particle.
        wanted.fill(min(100, max(4, (int) cbrt((double) numSlots/numReplicas))));
    }
    while ((long long) wanted[0]*wanted[1]*wanted[2] > max(64, 2*numSlots/numReplicas)) {
        int& largest = *max_element(wanted.begin(), wanted.end());
        largest = (largest > 8 ? 3*largest/4 : largest-1);
    }
    // With a last tile one cell wide, a row of three cells could come in three pieces.
    if (wanted[0] > getTile() && wanted[0]%getTile() == 1)
        wanted[0]--;
    if (wanted == numCells)
        return;
    numCells = wanted;
    *mustRebuild = true;
    size_t total = getTotalCells();
    if (cellStart.getSize() < total+1) {
        cellCount.resize(total+1);
        cellStart.resize(total+1);
        chunkCount.resize((total/CHUNK+1)*SPREAD);
    }
    cellCount.upload(vector<int>(cellCount.getSize(), 0));
    chunkCount.upload(vector<int>(chunkCount.getSize(), 0));
}

void CommonNeighbors::update() {
    Vec3 vectors[3];
    cc.getPeriodicBoxVectors(vectors[0], vectors[1], vectors[2]);
    setBox(vectors);
    // Fewer cells than there might be do no harm, but each must be as wide as the range.
    if (*mustRebuild || periodic)
        createCells(vectors);

    // A pair that is farther apart than half the box may not be seen at its nearest image.  Where the
    // range reaches so far, everything in the adjacent cells goes into the lists.
    double smallest = min(min(vectors[0][0], vectors[1][1]), vectors[2][2]);
    double search2 = (periodic && 2*range > smallest ? 1e30 : range*range);
    evaluation++;
    if (usesOneBlock)
        updateInOneBlock(*mustRebuild, search2);
    else
        updateInKernels(*mustRebuild, search2);
    *mustRebuild = false;
}

void CommonNeighbors::updateInOneBlock(int rebuild, double search2) {
    ArrayInterface& posq = cc.getPosq();
    ArrayInterface& correction = (cc.getUseMixedPrecision() ? cc.getPosqCorrection() : posq);
    oneBlock.begin() << evaluation << rebuild << numSlots;
    oneBlock.addReal(listCutoff).addReal(range) << posq << correction << atomSlot << slotAtom << listPos << listBox << slotPos << status;
    oneBlock.addMixed4(box[0]).addMixed4(box[1]).addMixed4(box[2]) << cc.getAtomIndexArray() << types << weights << cellCount <<
            chunkCount << cellStart << atomCell << unsorted << slotCell << slotWeight << listCount << list << brokenReplica << numCells[0] << numCells[1] << numCells[2];
    oneBlock.addReal(1/(1.0001*range)) << capacity;
    oneBlock.addReal(search2);
    int threads = (cc.getIsCPU() ? 64 : min(min(1024, cc.getMaxThreadBlockSize()), oneBlock.getMaxBlockSize()/32*32));
    oneBlock.execute(threads, threads);
}

void CommonNeighbors::updateInKernels(int rebuild, double search2) {
    ArrayInterface& posq = cc.getPosq();
    ArrayInterface& correction = (cc.getUseMixedPrecision() ? cc.getPosqCorrection() : posq);
    ArrayInterface& atomIndex = cc.getAtomIndexArray();
    const int numAtoms = cc.getNumAtoms(), totalCells = getTotalCells();
    // Large blocks keep a large device busy: OpenMM launches no more than a few of them for each multiprocessor.
    const int block = (numAtoms < 128*cc.getNumThreadBlocks() ? 128 : 256);
    checkMotion.begin() << evaluation << rebuild;
    checkMotion.addReal(listCutoff).addReal(range) << posq << correction << atomSlot << listPos << listBox << slotPos << status;
    checkMotion.addMixed4(box[0]).addMixed4(box[1]).addMixed4(box[2]).execute(numAtoms, block);

    countCells.begin() << evaluation << status << posq << correction << atomIndex << types << cellCount << chunkCount << atomCell << atomSlot <<
            numCells[0] << numCells[1] << numCells[2];
    countCells.addReal(1/(1.0001*range)).addMixed4(box[0]).addMixed4(box[1]).addMixed4(box[2]).execute(numAtoms, block);

    scanCells.begin() << evaluation << status << totalCells << cellCount << chunkCount << cellStart;
    scanCells.execute((totalCells+CHUNK-1)/CHUNK*block, block);

    fillCells.begin() << evaluation << status << atomIndex << types << atomCell << cellCount << unsorted;
    fillCells.execute(numAtoms, block);

    placeSlots.begin() << evaluation << status << numSlots << totalCells << posq << correction << atomIndex << types << weights <<
            atomCell << unsorted << cellStart << cellCount << chunkCount << atomSlot << slotAtom << slotCell << slotWeight << slotPos << listPos << listBox << brokenReplica;
    placeSlots.addMixed4(box[0]).addMixed4(box[1]).addMixed4(box[2]).execute(max(numSlots, totalCells), block);

    listNeighbors.begin() << evaluation << status << numSlots << slotPos << slotCell << cellStart << listCount << list << capacity;
    listNeighbors.addReal(search2) << numCells[0] << numCells[1] << numCells[2];
    listNeighbors.addMixed4(box[0]).addMixed4(box[1]).addMixed4(box[2]).execute(numSlots, block);
}

void CommonNeighbors::addArrays(KernelArguments& arguments) {
    arguments << slotPos << slotAtom << slotWeight << slotCell << cellStart << listCount << list << status;
}

void CommonNeighbors::addSizes(KernelArguments& arguments) {
    arguments << evaluation << numSlots << capacity << numCells[0] << numCells[1] << numCells[2];
    arguments.addReal(cutoff*cutoff).addReal4(box[0]).addReal4(box[1]).addReal4(box[2]);
}

int CommonNeighbors::makeRoom() {
    // At once for new positions, later rarely.
    const int period = 256;
    if (evaluation < period ? (evaluation&(evaluation-1)) != 0 : evaluation%period != 0)
        return -1;
    vector<int> values;
    status.download(values);
    if (values[MAX_LISTED] > capacity) {
        long long wanted = (values[MAX_LISTED]+values[MAX_LISTED]/4+7)/8*8;
        long long limit = numeric_limits<int>::max()/max(1, cc.getNumAtoms());
        int newCapacity = (int) max((long long) capacity, min(wanted, limit));
        if (newCapacity > capacity) {
            capacity = newCapacity;
            list.resize((size_t) cc.getNumAtoms()*capacity);
            *mustRebuild = true;
        }
    }
    int maxNear = values[MAX_NEAR];
    values[MAX_LISTED] = values[MAX_NEAR] = 0;
    status.upload(values);
    return maxNear;
}
