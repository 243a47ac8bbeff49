#include "internal/CenterComputation.h"
#include "openmm/OpenMMException.h"
#include <algorithm>
#include <array>
#include <cmath>

using namespace CGBridge;
using namespace OpenMM;
using namespace std;

/**
 * Multiply element by element.
 */
static Vec3 stretch(const Vec3& v, const Vec3& scale) {
    return Vec3(v[0]*scale[0], v[1]*scale[1], v[2]*scale[2]);
}

unique_ptr<HostComputation> HostComputation::create(const CenterForce& force) {
    if (force.getNumReplicas() > 1)
        return make_unique<ReplicaComputation>(force);
    return force.createComputation();
}

ReplicaComputation::ReplicaComputation(const CenterForce& force) {
    for (int replica = 0; replica < force.getNumReplicas(); replica++) {
        unique_ptr<CenterForce> one(force.extractReplica(replica));
        try {
            replicas.push_back(one->createComputation());
        }
        catch (const OpenMMException& error) {
            throw OpenMMException("Replica "+to_string(replica)+": "+error.what());
        }
        cutoff = max(cutoff, replicas.back()->getCutoff());
    }
}

double ReplicaComputation::compute(const vector<Vec3>& positions, const Vec3* box, vector<Vec3>* forces,
                                   vector<double>* energies, vector<double>* virial) {
    double energy = 0;
    vector<double> partEnergies, partVirial;
    auto begin = [] (vector<double>* whole, vector<double>& part, size_t size) {
        if (whole != nullptr)
            whole->assign(size, 0.0);
        return whole == nullptr ? nullptr : &part;
    };
    auto add = [] (vector<double>* whole, const vector<double>& part) {
        if (whole != nullptr)
            transform(part.begin(), part.end(), whole->begin(), whole->begin(), plus<double>());
    };
    vector<double> *toEnergies = begin(energies, partEnergies, positions.size()), *toVirial = begin(virial, partVirial, 9);
    for (auto& replica : replicas) {
        energy += replica->compute(positions, box, forces, toEnergies, toVirial);
        add(energies, partEnergies);
        add(virial, partVirial);
    }
    return energy;
}

void ReplicaComputation::setScales(const vector<Vec3>& scales) {
    for (size_t replica = 0; replica < replicas.size(); replica++)
        replicas[replica]->setScales({scales[replica]});
}

CenterComputation::CenterComputation(const CenterForce& force) : periodic(force.usesPeriodicBoundaryConditions()) {
    int numParticles = force.getNumParticles();
    types.resize(numParticles);
    weights.resize(numParticles);
    for (int i = 0; i < numParticles; i++) {
        force.getParticleParameters(i, types[i], weights[i]);
        if (types[i] >= 0)
            active.push_back(i);
    }
    activePositions.resize(active.size());
    neighbors.resize(active.size());
}

void CenterComputation::setScales(const vector<Vec3>& scales) {
    scale = scales[0];
}

double CenterComputation::compute(const vector<Vec3>& positions, const Vec3* box, vector<Vec3>* forces,
                                  vector<double>* energies, vector<double>* virial) {
    if (energies != nullptr)
        energies->assign(types.size(), 0.0);
    if (virial != nullptr)
        virial->assign(9, 0.0);
    findNeighbors(positions, box);
    double energy = 0;
    for (size_t center = 0; center < active.size(); center++) {
        int i = active[center];
        double centerEnergy = computeCenter(types[i], neighbors[center]);
        energy += weights[i]*centerEnergy;
        if (energies != nullptr)
            (*energies)[i] = centerEnergy;
        for (const CenterNeighbor& neighbor : neighbors[center]) {
            Vec3 force = neighbor.gradient*(-weights[i]);
            if (forces != nullptr) {
                (*forces)[neighbor.particle] += stretch(force, scale);
                (*forces)[i] -= stretch(force, scale);
            }
            if (virial != nullptr)
                for (int a = 0; a < 3; a++)
                    for (int b = 0; b < 3; b++)
                        (*virial)[3*a+b] += neighbor.r*neighbor.direction[a]*force[b];
        }
    }
    return energy;
}

void CenterComputation::findNeighbors(const vector<Vec3>& positions, const Vec3* boxVectors) {
    Vec3 stretchedVectors[3];
    for (int axis = 0; axis < 3; axis++)
        stretchedVectors[axis] = stretch(boxVectors[axis], scale);
    PeriodicBox box(stretchedVectors, periodic);
    for (size_t center = 0; center < active.size(); center++) {
        activePositions[center] = box.wrap(stretch(positions[active[center]], scale));
        neighbors[center].clear();
    }
    grid.build(activePositions, box, cutoff);
    const vector<int>& order = grid.getOrder();
    array<int, 27> adjacent;
    for (int cell = 0; cell < grid.getNumCells(); cell++) {
        int numAdjacent = grid.getAdjacentCells(cell, adjacent);
        for (int i = grid.getCellStart(cell); i < grid.getCellStart(cell+1); i++)
            for (int index = 0; index < numAdjacent; index++)
                for (int j = grid.getCellStart(adjacent[index]); j < grid.getCellStart(adjacent[index]+1); j++) {
                    int center = order[i], other = order[j];
                    Vec3 delta = box.image(activePositions[other]-activePositions[center]);
                    double r2 = delta.dot(delta);
                    if (center == other || r2 >= cutoff*cutoff)
                        continue;
                    double r = sqrt(r2);
                    int particle = active[other];
                    neighbors[center].push_back({particle, types[particle], r, delta/r, Vec3()});
                }
    }
}
