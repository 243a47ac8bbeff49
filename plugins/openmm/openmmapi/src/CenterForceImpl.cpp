#include "internal/CenterForceImpl.h"
#include "CGBridgeKernels.h"
#include "openmm/OpenMMException.h"
#include "openmm/internal/ContextImpl.h"
#include "openmm/kernels.h"
#include "openmm/serialization/XmlSerializer.h"
#include <sstream>

using namespace CGBridge;
using namespace OpenMM;
using namespace std;

CenterForceImpl::CenterForceImpl(const CenterForce& owner) :
        CustomCPPForceImpl(owner), owner(owner), scales(owner.getNumReplicas(), Vec3(1, 1, 1)), hasPlatformKernel(false) {
}

bool CenterForceImpl::canMoveInOnePass(const System& system) {
    if (system.getNumConstraints() > 0)
        return false;
    for (int i = 0; i < system.getNumParticles(); i++)
        if (system.isVirtualSite(i))
            return false;
    for (int i = 0; i < system.getNumForces(); i++)
        if (dynamic_cast<const CenterForce*>(&system.getForce(i)) != nullptr)
            return true;
    return false;
}

void CenterForceImpl::initialize(ContextImpl& context) {
    const System& system = context.getSystem();
    if (owner.getNumParticles() != system.getNumParticles()) {
        stringstream message;
        message << owner.getName() << ": the force has " << owner.getNumParticles() << " particles, but the System has "
                << system.getNumParticles() << ". Add every particle, with type -1 if it takes no part";
        throw OpenMMException(message.str());
    }
    const CenterForce& force = getWeighted(context);
    computation = HostComputation::create(force);
    checkBox(context, scales);
    const string kernelName = CalcCenterForceKernel::Name(owner.getTypeName());
    hasPlatformKernel = context.getPlatform().supportsKernels({kernelName});
    if (hasPlatformKernel) {
        kernel = context.getPlatform().createKernel(kernelName, context);
        kernel.getAs<CalcCenterForceKernel>().initialize(system, force);
    }
    else {
        // OpenMM would say no more than that a kernel is missing.
        if (!context.getPlatform().supportsKernels({CalcCustomCPPForceKernel::Name()}))
            throw OpenMMException(owner.getName()+": the platform "+context.getPlatform().getName()+" has no kernel for it and"
                    " cannot run forces on the host either. Use another platform, or install OpenMM 8.6: pip install \"openmm==8.6.*\"");
        CustomCPPForceImpl::initialize(context);
    }
}

vector<string> CenterForceImpl::getKernelNames() {
    return {};
}

map<string, double> CenterForceImpl::getDefaultParameters() {
    const WeightParameter& parameter = owner.getWeightParameter();
    if (parameter.name.empty())
        return {};
    return {{parameter.name, parameter.defaultValue}};
}

const CenterForce& CenterForceImpl::getWeighted(ContextImpl& context) {
    const WeightParameter& parameter = owner.getWeightParameter();
    if (parameter.name.empty())
        return owner;
    // The Context learns of its parameters after this force is initialized.
    const map<string, double>& known = context.getParameters();
    auto value = known.find(parameter.name);
    factor = parameter.getFactor(value == known.end() ? parameter.defaultValue : value->second);
    weighted.reset(XmlSerializer::clone(owner));
    for (int i = 0; i < owner.getNumParticles(); i++) {
        int type;
        double weight;
        owner.getParticleParameters(i, type, weight);
        weighted->setParticleParameters(i, type, factor*weight);
    }
    return *weighted;
}

void CenterForceImpl::followParameter(ContextImpl& context) {
    const WeightParameter& parameter = owner.getWeightParameter();
    if (!parameter.name.empty() && parameter.getFactor(context.getParameter(parameter.name)) != factor)
        takeParameters(context);
}

void CenterForceImpl::takeParameters(ContextImpl& context) {
    const CenterForce& force = getWeighted(context);
    computation = HostComputation::create(force);
    computation->setScales(scales);
    checkBox(context, scales);
    if (hasPlatformKernel) {
        auto& calculation = kernel.getAs<CalcCenterForceKernel>();
        calculation.copyParametersToContext(context, force);
        if (calculation.canScaleReplicas())
            calculation.setReplicaScales(scales);
    }
}

double CenterForceImpl::calcForcesAndEnergy(ContextImpl& context, bool includeForces, bool includeEnergy, int groups) {
    if ((groups&(1<<owner.getForceGroup())) == 0)
        return 0.0;

    followParameter(context);
    // The check comes here and not in computeForce(), which GPU platforms call on a worker thread.
    checkBox(context, scales);
    if (hasPlatformKernel)
        return kernel.getAs<CalcCenterForceKernel>().execute(context, includeForces, includeEnergy);
    return CustomCPPForceImpl::calcForcesAndEnergy(context, includeForces, includeEnergy, groups);
}

double CenterForceImpl::computeForce(ContextImpl& context, const vector<Vec3>& positions, vector<Vec3>& forces) {
    Vec3 box[3];
    context.getPeriodicBoxVectors(box[0], box[1], box[2]);
    forces.assign(positions.size(), Vec3());
    return computation->compute(positions, box, &forces);
}

vector<double> CenterForceImpl::getParticleEnergies(ContextImpl& context) {
    vector<double> energies;
    vector<Vec3> positions;
    Vec3 box[3];
    checkBox(context, scales);
    context.getPositions(positions);
    context.getPeriodicBoxVectors(box[0], box[1], box[2]);
    computation->compute(positions, box, nullptr, &energies);
    return energies;
}

vector<double> CenterForceImpl::getVirial(ContextImpl& context) {
    vector<double> virial;
    vector<Vec3> positions;
    Vec3 box[3];
    followParameter(context);
    checkBox(context, scales);
    context.getPositions(positions);
    context.getPeriodicBoxVectors(box[0], box[1], box[2]);
    computation->compute(positions, box, nullptr, nullptr, &virial);
    return virial;
}

vector<double> CenterForceImpl::getReplicaEnergies(ContextImpl& context) {
    followParameter(context);
    checkBox(context, scales);
    // Kernels of devices can tell replicas apart where there are several only.
    if (hasPlatformKernel && owner.getNumReplicas() > 1)
        return kernel.getAs<CalcCenterForceKernel>().getReplicaEnergies(context);
    return {};
}

void CenterForceImpl::setReplicaScales(ContextImpl& context, const vector<Vec3>& newScales) {
    if (hasPlatformKernel && !kernel.getAs<CalcCenterForceKernel>().canScaleReplicas())
        throw OpenMMException(owner.getName()+".setReplicaScales: on the platform "+context.getPlatform().getName()+" all replicas have the box"
                " of the Context. Use a GPU, or a Context for each box, which is faster there");
    checkBox(context, newScales);
    scales = newScales;
    computation->setScales(scales);
    if (hasPlatformKernel)
        kernel.getAs<CalcCenterForceKernel>().setReplicaScales(scales);
    context.systemChanged();
}

void CenterForceImpl::updateParametersInContext(ContextImpl& context) {
    if (owner.getNumParticles() != context.getSystem().getNumParticles())
        throw OpenMMException(owner.getName()+".updateParametersInContext: the number of particles has changed");
    takeParameters(context);
    context.systemChanged();
}

void CenterForceImpl::checkBox(ContextImpl& context, const vector<Vec3>& scales) const {
    if (!owner.usesPeriodicBoundaryConditions())
        return;
    Vec3 a, b, c;
    context.getPeriodicBoxVectors(a, b, c);

    // In OpenMM's reduced form no lattice vector is shorter than the smallest of these three, so
    // this is exactly the condition for every particle to have at most one image in range.
    for (size_t replica = 0; replica < scales.size(); replica++) {
        double x = a[0]*scales[replica][0], y = b[1]*scales[replica][1], z = c[2]*scales[replica][2];
        if (min(min(x, y), z) < 2*computation->getCutoff()) {
            stringstream message;
            message << owner.getName() << ": the periodic box ";
            if (scales.size() > 1)
                message << "of replica " << replica << " ";
            message << "(" << x << ", " << y << ", " << z << " nm) is smaller than twice the cutoff, 2 x " <<
                    computation->getCutoff() << " nm";
            throw OpenMMException(message.str());
        }
    }
}
