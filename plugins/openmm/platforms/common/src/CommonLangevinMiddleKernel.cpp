#include "CommonLangevinMiddleKernel.h"
#include "CommonCGBridgeKernelSources.h"
#include "openmm/common/ContextSelector.h"
#include "openmm/common/IntegrationUtilities.h"
#include "openmm/reference/SimTKOpenMMRealType.h"
#include <cmath>

using namespace CGBridge;
using namespace OpenMM;
using namespace std;

CommonLangevinMiddleKernel::CommonLangevinMiddleKernel(string name, const Platform& platform, ComputeContext& cc) :
        IntegrateLangevinMiddleStepKernel(name, platform), cc(cc), theirs(name, platform, cc) {
}

void CommonLangevinMiddleKernel::initialize(const System& system, const LangevinMiddleIntegrator& integrator) {
    theirs.initialize(system, integrator);
    ContextSelector selector(cc);
    ComputeProgram program = cc.compileProgram(CommonCGBridgeKernelSources::langevinMiddle);
    step = KernelArguments(cc, program->createKernel("stepLangevinMiddle"));
}

void CommonLangevinMiddleKernel::execute(ContextImpl& context, const LangevinMiddleIntegrator& integrator) {
    ContextSelector selector(cc);
    IntegrationUtilities& integration = cc.getIntegrationUtilities();
    const int numAtoms = cc.getNumAtoms(), paddedNumAtoms = cc.getPaddedNumAtoms();
    const double stepSize = integrator.getStepSize(), keep = exp(-integrator.getFriction()*stepSize);
    const double noise = sqrt(BOLTZ*integrator.getTemperature()*(1-keep*keep));
    integration.setNextStepSize(stepSize);
    int randomIndex = integration.prepareRandomNumbers(paddedNumAtoms);
    ArrayInterface& correction = (cc.getUseMixedPrecision() ? cc.getPosqCorrection() : cc.getPosq());
    step.begin() << numAtoms << paddedNumAtoms << cc.getPosq() << correction << cc.getVelm() << cc.getLongForceBuffer() <<
            integration.getRandom() << randomIndex;
    step.addMixed(stepSize).addMixed(keep).addMixed(noise).execute(numAtoms, 128);
    cc.setTime(cc.getTime()+stepSize);
    cc.setStepCount(cc.getStepCount()+1);
    cc.reorderAtoms();
}

double CommonLangevinMiddleKernel::computeKineticEnergy(ContextImpl& context, const LangevinMiddleIntegrator& integrator) {
    return theirs.computeKineticEnergy(context, integrator);
}
