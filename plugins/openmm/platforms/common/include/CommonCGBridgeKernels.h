#ifndef CGBRIDGE_COMMONKERNELS_H_
#define CGBRIDGE_COMMONKERNELS_H_

#include "CGBridgeKernels.h"
#include "CommonTripletNeighbors.h"
#include "KernelArguments.h"
#include "openmm/common/ComputeArray.h"
#include "openmm/common/ComputeContext.h"
#include <memory>
#include <string>
#include <vector>

namespace CGBridge {

/**
 * What the kernels of both forms share: the neighbour lists, the tables of parameters and the launch.
 */
class CommonTripletCalculation {
public:
    /**
     * @param cc        the device
     * @param source    the source of the form's kernel "computeForces"
     */
    CommonTripletCalculation(OpenMM::ComputeContext& cc, const std::string& source);
    void initialize(const TripletForce& force);
    /**
     * Take over the particles of a force and the parameters of its pairs and triplets of types.
     *
     * @param cutoff     the largest distance of interaction of particles that the force has
     * @param pairs      numbers for each ordered pair of types, for each replica
     * @param triplets   numbers for each ordered triplet of types, for each replica
     */
    void setParameters(const TripletForce& force, double cutoff, const std::vector<double>& pairs, const std::vector<double>& triplets);
    double execute();
    /**
     * Stretch the boxes of the replicas by factors along the axes.
     */
    void setReplicaScales(const std::vector<OpenMM::Vec3>& scales);
    std::vector<double> getReplicaEnergies();
private:
    int getLocalMemory(int block, int run) const;
    void createKernel();
    void launch(KernelArguments& kernel);
    OpenMM::ComputeContext& cc;
    std::string source;
    int numTypes = 0, numReplicas = 0, maxNeighbors, lanes = 0, block = 0;
    std::unique_ptr<CommonTripletNeighbors> neighbors;
    OpenMM::ComputeArray pairTable, tripletTable, scaleTable, replicaEnergies;
    KernelArguments compute, computeReplicaEnergies;
};

/**
 * The kernel of a force on a device.  The forms differ in their source and in their tables of parameters.
 */
template <class KernelType, class ForceType>
class CommonCalcTripletForceKernel : public KernelType {
public:
    CommonCalcTripletForceKernel(std::string name, const OpenMM::Platform& platform, OpenMM::ComputeContext& cc, const std::string& source);
    void initialize(const OpenMM::System& system, const TripletForce& force) override;
    double execute(OpenMM::ContextImpl& context, bool includeForces, bool includeEnergy) override;
    void copyParametersToContext(OpenMM::ContextImpl& context, const TripletForce& force) override;
    bool canScaleReplicas() const override {
        return true;
    }
    void setReplicaScales(const std::vector<OpenMM::Vec3>& scales) override;
    std::vector<double> getReplicaEnergies(OpenMM::ContextImpl& context) override;
protected:
    virtual void setParameters(const ForceType& force) = 0;
    OpenMM::ComputeContext& cc;
    CommonTripletCalculation calculation;
};

/**
 * This kernel is invoked by TersoffForce to calculate the forces and energy on a device.
 */
class CommonCalcTersoffForceKernel : public CommonCalcTripletForceKernel<CalcTersoffForceKernel, TersoffForce> {
public:
    CommonCalcTersoffForceKernel(std::string name, const OpenMM::Platform& platform, OpenMM::ComputeContext& cc);
protected:
    void setParameters(const TersoffForce& force) override;
};

/**
 * This kernel is invoked by StillingerWeberForce to calculate the forces and energy on a device.
 */
class CommonCalcStillingerWeberForceKernel : public CommonCalcTripletForceKernel<CalcStillingerWeberForceKernel, StillingerWeberForce> {
public:
    CommonCalcStillingerWeberForceKernel(std::string name, const OpenMM::Platform& platform, OpenMM::ComputeContext& cc);
protected:
    void setParameters(const StillingerWeberForce& force) override;
};

} // namespace CGBridge

#endif /*CGBRIDGE_COMMONKERNELS_H_*/
