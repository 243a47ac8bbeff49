#ifndef CGBRIDGE_COMMONCENTERCALCULATION_H_
#define CGBRIDGE_COMMONCENTERCALCULATION_H_

#include "CommonForms.h"
#include "CommonNeighbors.h"
#include "KernelArguments.h"
#include "CenterForce.h"
#include "openmm/common/ComputeArray.h"
#include "openmm/common/ComputeContext.h"
#include <memory>
#include <vector>

namespace CGBridge {

/**
 * What the kernels of all forms share: the neighbour lists, the tables of parameters and the launch.
 */
class CommonCenterCalculation {
public:
    /**
     * @param cc        the device
     * @param form      the kernel of the form
     * @param force     a force of the form, for the sizes of tables
     */
    CommonCenterCalculation(OpenMM::ComputeContext& cc, const CommonForm& form, const CenterForce& force);
    /**
     * Take over the particles of a force and its parameters.
     *
     * @param tables    those of all replicas, one after the other
     */
    void setParameters(const CenterForce& force, const CommonTables& tables);
    double execute();
    /**
     * Stretch the boxes of the replicas by factors along the axes.
     */
    void setReplicaScales(const std::vector<OpenMM::Vec3>& scales);
    std::vector<double> getReplicaEnergies();
private:
    void expectNeighbors(double cutoff);
    int getLocalMemory(int block, int run) const;
    void createKernel();
    void launch(KernelArguments& kernel);
    OpenMM::ComputeContext& cc;
    const CommonForm form;
    const int numTypes, numReplicas;
    int maxNeighbors, lanes = 0, block = 0;
    std::unique_ptr<CommonNeighbors> neighbors;
    OpenMM::ComputeArray pairTable, centerTable, scaleTable, replicaEnergies;
    KernelArguments compute, computeReplicaEnergies;
};

} // namespace CGBridge

#endif /*CGBRIDGE_COMMONCENTERCALCULATION_H_*/
