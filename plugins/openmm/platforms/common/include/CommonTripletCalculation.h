#ifndef CGBRIDGE_COMMONTRIPLETCALCULATION_H_
#define CGBRIDGE_COMMONTRIPLETCALCULATION_H_

#include "CommonNeighbors.h"
#include "KernelArguments.h"
#include "CenterForce.h"
#include "openmm/common/ComputeArray.h"
#include "openmm/common/ComputeContext.h"
#include <memory>
#include <string>
#include <vector>

namespace CGBridge {

/**
 * What the kernels of all forms share: the neighbour lists, the tables of parameters and the launch.
 */
class CommonTripletCalculation {
public:
    /**
     * @param cc        the device
     * @param source    the source of the form's kernel "computeForces"
     * @param force     a force of the form, for the sizes of tables
     */
    CommonTripletCalculation(OpenMM::ComputeContext& cc, const std::string& source, const CenterForce& force);
    /**
     * Take over the particles of a force and the parameters of its pairs and triplets of types.
     *
     * @param cutoff     the largest distance of interaction of particles that the force has
     * @param pairs      numbers for each ordered pair of types, for each replica
     * @param triplets   numbers for each ordered triplet of types, for each replica
     */
    void setParameters(const CenterForce& force, double cutoff, const std::vector<double>& pairs, const std::vector<double>& triplets);
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
    const std::string source;
    const int numTypes, numReplicas;
    int maxNeighbors, lanes = 0, block = 0;
    std::unique_ptr<CommonNeighbors> neighbors;
    OpenMM::ComputeArray pairTable, tripletTable, scaleTable, replicaEnergies;
    KernelArguments compute, computeReplicaEnergies;
};

} // namespace CGBridge

#endif /*CGBRIDGE_COMMONTRIPLETCALCULATION_H_*/
