#include "CommonCGBridgeKernelSources.h"
#include "CommonForms.h"

using namespace CGBridge;
using namespace std;

CommonRows CGBridge::getRows(const StillingerWeberParameters& p, bool useDoublePrecision) {
    return {{p.A*p.epsilon*p.B, p.A*p.epsilon, p.p, p.q, p.sigma, p.gamma*p.sigma, p.a*p.sigma, p.getCutoff()},
            {p.lambda*p.epsilon, p.cosTheta0}};
}

const string& CGBridge::getSource(FormTag<StillingerWeberForce>) {
    return CommonCGBridgeKernelSources::stillingerWeber;
}
