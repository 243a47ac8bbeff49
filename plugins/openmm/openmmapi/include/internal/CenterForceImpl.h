#ifndef CGBRIDGE_CENTERFORCEIMPL_H_
#define CGBRIDGE_CENTERFORCEIMPL_H_

#include "CenterComputation.h"
#include "CenterForce.h"
#include "openmm/Kernel.h"
#include "openmm/internal/CustomCPPForceImpl.h"
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace CGBridge {

/**
 * This is the internal implementation of CenterForce.
 *
 * A platform that registers the kernel of the force runs it.  On every other platform the host
 * computes the forces in double precision, through the mechanism OpenMM has for forces written in
 * plain C++, so that the force runs wherever OpenMM does.
 */
class CGBRIDGE_EXPORT CenterForceImpl : public OpenMM::CustomCPPForceImpl {
public:
    /**
     * Get whether a System has such a force, and neither constraints nor virtual sites: then the platforms take
     * steps of Langevin dynamics in one pass over memory, which OpenMM's own kernels cannot.
     */
    static bool canMoveInOnePass(const OpenMM::System& system);
    explicit CenterForceImpl(const CenterForce& owner);
    void initialize(OpenMM::ContextImpl& context);
    const CenterForce& getOwner() const {
        return owner;
    }
    /**
     * Names no kernel, because initialize() finds out what the platform can do and says what is missing.
     */
    std::vector<std::string> getKernelNames();
    std::map<std::string, double> getDefaultParameters();
    double calcForcesAndEnergy(OpenMM::ContextImpl& context, bool includeForces, bool includeEnergy, int groups);
    double computeForce(OpenMM::ContextImpl& context, const std::vector<OpenMM::Vec3>& positions,
                        std::vector<OpenMM::Vec3>& forces);
    std::vector<double> getParticleEnergies(OpenMM::ContextImpl& context);
    std::vector<double> getVirial(OpenMM::ContextImpl& context);
    /**
     * Get the energies of the replicas as the platform computes them; empty if it cannot.
     */
    std::vector<double> getReplicaEnergies(OpenMM::ContextImpl& context);
    /**
     * Get what all weights were multiplied by when something was computed last.
     */
    double getWeightFactor() const {
        return factor;
    }
    void setReplicaScales(OpenMM::ContextImpl& context, const std::vector<OpenMM::Vec3>& scales);
    const std::vector<OpenMM::Vec3>& getReplicaScales() const {
        return scales;
    }
    void updateParametersInContext(OpenMM::ContextImpl& context);
private:
    /**
     * Get the force as it is computed at the present value of the parameter that its weights follow.
     */
    const CenterForce& getWeighted(OpenMM::ContextImpl& context);
    /**
     * Compute with other weights from now on if that parameter has changed.
     */
    void followParameter(OpenMM::ContextImpl& context);
    void takeParameters(OpenMM::ContextImpl& context);
    void checkBox(OpenMM::ContextImpl& context, const std::vector<OpenMM::Vec3>& scales) const;
    const CenterForce& owner;
    /** The force with its weights multiplied by the factor, if there is one. */
    std::unique_ptr<CenterForce> weighted;
    double factor = 1;
    std::unique_ptr<HostComputation> computation;
    std::vector<OpenMM::Vec3> scales;
    OpenMM::Kernel kernel;
    bool hasPlatformKernel;
};

} // namespace CGBridge

#endif /*CGBRIDGE_CENTERFORCEIMPL_H_*/
