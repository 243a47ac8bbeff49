#include "CommonCGBridgeKernelSources.h"
#include "CommonForms.h"

using namespace CGBridge;
using namespace OpenMM;
using namespace std;

CommonRows CGBridge::getRows(const StillingerWeberParameters& p, bool useDoublePrecision) {
    return {{p.A*p.epsilon*p.B, p.A*p.epsilon, p.p, p.q, p.sigma, p.gamma*p.sigma, p.a*p.sigma, p.getCutoff()},
            {p.lambda*p.epsilon, p.cosTheta0}};
}

CommonForm CGBridge::getForm(const StillingerWeberForce& force, ComputeContext& cc) {
    CommonForm form;
    form.source = CommonCGBridgeKernelSources::stillingerWeber;
    form.defines["TRIPLET_ROW"] = "2";
    form.realsPerNeighbor = 3;
    return form;
}
