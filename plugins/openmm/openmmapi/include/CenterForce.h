#ifndef CGBRIDGE_CENTERFORCE_H_
#define CGBRIDGE_CENTERFORCE_H_

#include "internal/windowsExportCGBridge.h"
#include "openmm/Context.h"
#include "openmm/Force.h"
#include <memory>
#include <string>
#include <vector>

namespace CGBridge {

class HostComputation;

/**
 * A parameter of the Context that the weights of a CenterForce follow: all are multiplied by
 *
 *     x = 2 (p-low)/(high-low) - 1,   -1 below low and 1 above high.
 *
 * No parameter has the name "".
 */
struct CGBRIDGE_EXPORT WeightParameter {
    std::string name;
    double low = 0, high = 1, defaultValue = 0;
    double getFactor(double value) const;
};

/**
 * The part that all forces of this plugin share: a potential whose energy is a weighted sum of
 * particle energies,
 *
 *     E = sum_i w_i e_i,
 *
 * where e_i depends on the neighbours of particle i, on where they are and which types they have.
 *
 * A particle of type -1 takes no part in the force: it has no energy and is nobody's neighbour.
 * The weight scales the energy of the particle as a centre only; a particle of weight 0 still
 * enters the energies of its neighbours.
 */
class CGBRIDGE_EXPORT CenterForce : public OpenMM::Force {
public:
    /**
     * Get what kind of force this is: the name of its class.
     */
    const std::string& getTypeName() const {
        return typeName;
    }
    /**
     * Get the number of particle types.
     */
    int getNumTypes() const {
        return numTypes;
    }
    /**
     * Get the number of replicas: independent boxes that share the Context and its box vectors.
     * Particles of different replicas do not interact, and every replica has parameters of its own.
     */
    int getNumReplicas() const {
        return numReplicas;
    }
    /**
     * Get the number of particles.  It must equal the number of particles in the System.
     */
    int getNumParticles() const {
        return (int) particles.size();
    }
    /**
     * Add a particle.  Particles must be added in the order of the System.
     *
     * @param type      the particle type, between 0 and getNumTypes()-1, or -1 to leave the
     *                  particle out of this force
     * @param weight    the dimensionless factor w_i of the particle energy e_i
     * @param replica   the replica it belongs to, between 0 and getNumReplicas()-1
     * @return the index of the particle that was added
     */
    int addParticle(int type, double weight = 1.0, int replica = 0);
    /**
     * Get the parameters of a particle.
     *
     * @param index           the index of the particle
     * @param[out] type       the particle type, or -1
     * @param[out] weight     the factor of the particle energy
     */
    void getParticleParameters(int index, int& type, double& weight) const;
    /**
     * Set the parameters of a particle.
     *
     * @param index     the index of the particle
     * @param type      the particle type, or -1
     * @param weight    the factor of the particle energy
     */
    void setParticleParameters(int index, int type, double weight);
    /**
     * Get the replica that a particle belongs to.
     */
    int getParticleReplica(int index) const;
    /**
     * Set the replica that a particle belongs to.
     */
    void setParticleReplica(int index, int replica);
    /**
     * Let the weights follow a parameter of the Context, as an energy does that changes with the temperature: all are
     * multiplied by a factor that goes from -1 to 1, see WeightParameter.  The energies of getParticleEnergies() have
     * neither the weights nor the factor.  The name "" ends that.
     *
     * @param name            the name of the parameter
     * @param low             its value at which, and below which, the factor is -1
     * @param high            its value at which, and above which, the factor is 1; more than low
     * @param defaultValue    its value in a new Context
     */
    void setWeightParameter(const std::string& name, double low, double high, double defaultValue);
    /**
     * Get the parameter that the weights follow.
     */
    const WeightParameter& getWeightParameter() const {
        return weightParameter;
    }
    /**
     * Always throws an OpenMMException.  Leaving out one pair would change the bond orders and
     * angles of all its neighbours, so an exclusion has no meaning here.  Particles that must not
     * feel this force get the type -1.
     */
    int addExclusion(int particle1, int particle2);
    /**
     * Set whether distances follow the periodic boundary conditions of the Context.  The default
     * is true.
     */
    void setUsesPeriodicBoundaryConditions(bool periodic);
    /**
     * Get whether this force uses periodic boundary conditions.
     */
    bool usesPeriodicBoundaryConditions() const override;
    /**
     * Get the largest distance, in nm, at which two particles interact.
     */
    virtual double getCutoffDistance() const = 0;
    /**
     * Get the unweighted particle energies e_i = dE/dw_i, in kJ/mol, at the current positions of
     * a Context.  They are computed on the host in double precision.
     */
    std::vector<double> getParticleEnergies(OpenMM::Context& context) const;
    /**
     * Get the virial W_ab = sum r_a f_b, in kJ/mol, at the current positions of a Context, as nine
     * numbers in the order xx, xy, xz, yx, ... zz.  The sum runs over the neighbours j of every
     * centre i, with r = r_j-r_i and f the force that w_i e_i puts on j.  This is the sign of the
     * pressure: P_ab = (sum m v_a v_b + W_ab)/V, and tr(W) = -3 V dE/dV.  It is computed on the
     * host in double precision.
     */
    std::vector<double> getVirial(OpenMM::Context& context) const;
    /**
     * Get the energy sum_i w_i e_i of each replica, in kJ/mol, at the current positions of a Context.
     * A device computes those of several replicas in its own precision; elsewhere the host does, in double precision.
     */
    std::vector<double> getReplicaEnergies(OpenMM::Context& context) const;
    /**
     * Give each replica a box of its own in a Context: that of the Context, stretched along the axes.
     * A particle of the replica, at y in the Context, is then at s*y for this force, factor by factor,
     * and the force on it is the derivative by y.  So y moves as in a fixed box while the replica has
     * another.  The factors stay with the Context, but are no part of its State.  Platforms CPU and
     * CPUSerial, where several replicas in one Context do not pay, cannot do this.
     *
     * @param scales    the factors along x, y and z of each replica, one replica after the other
     */
    void setReplicaScales(OpenMM::Context& context, const std::vector<double>& scales);
    /**
     * Get the factors that setReplicaScales() has set, all 1 before.
     */
    std::vector<double> getReplicaScales(OpenMM::Context& context) const;
    /**
     * Create the force of one replica alone.  It has all particles, of which those of the other
     * replicas are left out, and the parameters of the replica.  The caller owns it.
     */
    virtual CenterForce* extractReplica(int replica) const = 0;
    /**
     * Create the computation of this force, which has one replica, on the host.  It throws an OpenMMException if the
     * parameters of types that occur among the particles are missing or impossible.
     */
    virtual std::unique_ptr<HostComputation> createComputation() const = 0;
    /**
     * Copy the parameters, types, weights and replicas of this object into a Context that was
     * created before they were changed.  Nothing else can be changed that way.
     */
    void updateParametersInContext(OpenMM::Context& context);
protected:
    CenterForce(int numTypes, int numReplicas, const std::string& typeName);
    OpenMM::ForceImpl* createImpl() const override;
    /**
     * Copy all of a replica but its parameters to a new force with one replica.
     */
    void copyReplica(CenterForce& target, int replica) const;
    /**
     * Throw an OpenMMException for a replica out of range.
     */
    void checkReplica(int replica) const;
private:
    struct ParticleInfo {
        int type;
        double weight;
        int replica;
    };
    void checkType(int type) const;
    void checkParticle(int index) const;
    const std::string typeName;
    int numTypes, numReplicas;
    bool periodic;
    std::vector<ParticleInfo> particles;
    WeightParameter weightParameter;
};

} // namespace CGBridge

#endif /*CGBRIDGE_CENTERFORCE_H_*/
