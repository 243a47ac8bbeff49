#include "internal/TripletComputation.h"
#include "openmm/reference/ReferenceForce.h"
#include <cmath>

using namespace CGBridge;
using namespace OpenMM;
using namespace std;

TripletComputation::TripletComputation(const TripletForce& force) : periodic(force.usesPeriodicBoundaryConditions()) {
    int numParticles = force.getNumParticles();
    types.resize(numParticles);
    weights.resize(numParticles);
    for (int i = 0; i < numParticles; i++) {
        force.getParticleParameters(i, types[i], weights[i]);
        if (types[i] >= 0) {
            usedTypes.insert(types[i]);
            active.push_back(i);
        }
    }
    activePositions.resize(active.size());
    noExclusions.resize(active.size());
    neighbors.resize(active.size());
}

double TripletComputation::compute(const vector<Vec3>& positions, const Vec3* box, vector<Vec3>* forces,
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
        for (const TripletNeighbor& neighbor : neighbors[center]) {
            Vec3 force = neighbor.gradient*(-weights[i]);
            if (forces != nullptr) {
                (*forces)[neighbor.particle] += force;
                (*forces)[i] -= force;
            }
            if (virial != nullptr)
                for (int a = 0; a < 3; a++)
                    for (int b = 0; b < 3; b++)
                        (*virial)[3*a+b] += neighbor.r*neighbor.direction[a]*force[b];
        }
    }
    return energy;
}

void TripletComputation::findNeighbors(const vector<Vec3>& positions, const Vec3* box) {
    for (size_t center = 0; center < active.size(); center++) {
        activePositions[center] = positions[active[center]];
        neighbors[center].clear();
    }
    pairs.clear();
    computeNeighborListVoxelHash(pairs, (int) active.size(), activePositions, noExclusions, box, periodic, cutoff);
    for (const auto& pair : pairs) {
        double delta[ReferenceForce::LastDeltaRIndex];
        if (periodic)
            ReferenceForce::getDeltaRPeriodic(activePositions[pair.first], activePositions[pair.second], box, delta);
        else
            ReferenceForce::getDeltaR(activePositions[pair.first], activePositions[pair.second], delta);
        double r = delta[ReferenceForce::RIndex];
        Vec3 direction(delta[ReferenceForce::XIndex]/r, delta[ReferenceForce::YIndex]/r, delta[ReferenceForce::ZIndex]/r);
        int first = active[pair.first], second = active[pair.second];
        neighbors[pair.first].push_back({second, types[second], r, direction, Vec3()});
        neighbors[pair.second].push_back({first, types[first], r, direction*-1.0, Vec3()});
    }
}
