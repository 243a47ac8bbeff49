#ifndef CGBRIDGE_CENTERCOMPUTATION_H_
#define CGBRIDGE_CENTERCOMPUTATION_H_

#include "CellGrid.h"
#include "CenterForce.h"
#include "openmm/Vec3.h"
#include <memory>
#include <vector>

namespace CGBridge {

/**
 * A neighbour of the particle whose energy is being computed.
 */
struct CenterNeighbor {
    int particle;
    int type;
    double r;
    /** The unit vector from the centre to the neighbour. */
    OpenMM::Vec3 direction;
    /** The derivative of the centre's energy by the neighbour's position. */
    OpenMM::Vec3 gradient;
};

/**
 * Computes a CenterForce on the host in double precision.  It is written for clarity: the
 * Reference platform uses it, platforms without a kernel fall back to it, and faster kernels are
 * tested against it.
 */
class CGBRIDGE_EXPORT HostComputation {
public:
    /**
     * Create the computation of a force.  It throws an OpenMMException if the force cannot be computed.
     */
    static std::unique_ptr<HostComputation> create(const CenterForce& force);
    virtual ~HostComputation() = default;
    /**
     * Compute the energy, and whatever else is asked for.
     *
     * @param positions     the positions of all particles of the System
     * @param box           the three vectors of the periodic box
     * @param forces        if not null, the forces are added to this
     * @param energies      if not null, filled with the unweighted particle energies
     * @param virial        if not null, filled with the nine elements of the virial
     * @return the energy
     */
    virtual double compute(const std::vector<OpenMM::Vec3>& positions, const OpenMM::Vec3* box,
                           std::vector<OpenMM::Vec3>* forces, std::vector<double>* energies = nullptr,
                           std::vector<double>* virial = nullptr) = 0;
    /**
     * Stretch the boxes of the replicas: positions and box vectors are multiplied along the axes before
     * anything is computed.  Forces are derivatives by the positions as they are given, the virial one
     * of the stretched box.
     */
    virtual void setScales(const std::vector<OpenMM::Vec3>& scales) = 0;
    /**
     * Get the largest distance at which any two of the particles can interact.
     */
    double getCutoff() const {
        return cutoff;
    }
protected:
    double cutoff = 0;
};

/**
 * Computes the replicas of a force one by one, each as a force of its own.
 */
class CGBRIDGE_EXPORT ReplicaComputation : public HostComputation {
public:
    explicit ReplicaComputation(const CenterForce& force);
    double compute(const std::vector<OpenMM::Vec3>& positions, const OpenMM::Vec3* box,
                   std::vector<OpenMM::Vec3>* forces, std::vector<double>* energies, std::vector<double>* virial) override;
    void setScales(const std::vector<OpenMM::Vec3>& scales) override;
private:
    std::vector<std::unique_ptr<HostComputation> > replicas;
};

/**
 * Computes a force with one replica.  A subclass knows the energy of one centre; everything else is
 * the same for all forms.
 */
class CGBRIDGE_EXPORT CenterComputation : public HostComputation {
public:
    double compute(const std::vector<OpenMM::Vec3>& positions, const OpenMM::Vec3* box,
                   std::vector<OpenMM::Vec3>* forces, std::vector<double>* energies, std::vector<double>* virial) override;
    void setScales(const std::vector<OpenMM::Vec3>& scales) override;
protected:
    /**
     * Take over the particles of a force.  The subclass sets cutoff.
     */
    explicit CenterComputation(const CenterForce& force);
    /**
     * Compute the unweighted energy of one centre and add its derivatives to the gradients of the
     * neighbours.
     */
    virtual double computeCenter(int type, std::vector<CenterNeighbor>& neighbors) const = 0;
private:
    void findNeighbors(const std::vector<OpenMM::Vec3>& positions, const OpenMM::Vec3* boxVectors);
    bool periodic;
    OpenMM::Vec3 scale = OpenMM::Vec3(1, 1, 1);
    std::vector<int> types;
    std::vector<double> weights;
    std::vector<int> active;
    std::vector<OpenMM::Vec3> activePositions;
    CellGrid grid;
    std::vector<std::vector<CenterNeighbor> > neighbors;
};

} // namespace CGBridge

#endif /*CGBRIDGE_CENTERCOMPUTATION_H_*/
