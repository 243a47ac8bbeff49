#ifndef CGBRIDGE_KERNELS_H_
#define CGBRIDGE_KERNELS_H_

#include "CenterForce.h"
#include "openmm/KernelImpl.h"
#include "openmm/System.h"
#include "openmm/internal/ContextImpl.h"
#include <string>
#include <vector>

namespace CGBridge {

/**
 * This kernel is invoked by CenterForceImpl to calculate the forces and energy of a CenterForce.
 * Each kind of force has its own kernel name, so that a platform may implement one and not the other.
 */
class CalcCenterForceKernel : public OpenMM::KernelImpl {
public:
    /**
     * Get the name of the kernel of a kind of force, which its TYPE_NAME tells.
     */
    static std::string Name(const std::string& typeName) {
        return "CGBridgeCalc"+typeName;
    }
    CalcCenterForceKernel(std::string name, const OpenMM::Platform& platform) : OpenMM::KernelImpl(name, platform) {
    }
    /**
     * Initialize the kernel.
     *
     * @param system     the System this kernel will be applied to
     * @param force      the force this kernel will be used for
     */
    virtual void initialize(const OpenMM::System& system, const CenterForce& force) = 0;
    /**
     * Execute the kernel to calculate the forces and/or energy.
     *
     * @param context        the context in which to execute this kernel
     * @param includeForces  true if forces should be calculated
     * @param includeEnergy  true if the energy should be calculated
     * @return the potential energy due to the force
     */
    virtual double execute(OpenMM::ContextImpl& context, bool includeForces, bool includeEnergy) = 0;
    /**
     * Copy changed parameters over to a context.
     *
     * @param context    the context to copy parameters to
     * @param force      the force to copy the parameters from
     */
    virtual void copyParametersToContext(OpenMM::ContextImpl& context, const CenterForce& force) = 0;
    /**
     * Get whether replicas can have boxes of their own.
     */
    virtual bool canScaleReplicas() const {
        return false;
    }
    /**
     * Stretch the boxes of the replicas.  They are as the Context's at first, and again when parameters
     * were copied.
     *
     * @param scales     the factors along the axes for each replica
     */
    virtual void setReplicaScales(const std::vector<OpenMM::Vec3>& scales) {
    }
    /**
     * Get the energies of the replicas, or nothing if the host shall compute them.
     */
    virtual std::vector<double> getReplicaEnergies(OpenMM::ContextImpl& context) {
        return {};
    }
};

} // namespace CGBridge

#endif /*CGBRIDGE_KERNELS_H_*/
