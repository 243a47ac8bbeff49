#include "CommonCGBridgeKernelSources.h"
#include "CommonForms.h"
#include <algorithm>
#include <cmath>

using namespace CGBridge;
using namespace OpenMM;
using namespace std;

CommonRows CGBridge::getRows(const TersoffParameters& p, bool useDoublePrecision) {
    // What single precision leaves of a number.
    auto low = [&] (double x) { return useDoublePrecision ? 0.0 : x-(double) (float) x; };
    const double lambda1 = p.lambda1/log(2.0), lambda2 = p.lambda2/log(2.0), c2 = p.c*p.c, d2 = p.d*p.d;
    // A cutoff without width becomes one of negligible width.
    const double end = p.R+p.D, inverseWidth = 0.5/max(p.D, 1e-9);
    return {{lambda1, low(lambda1), p.A, lambda2, low(lambda2), p.B, p.n, p.beta, end, inverseWidth},
            {p.gamma, d2, p.gamma*c2/d2, 2*p.gamma*c2, p.cosTheta0, p.lambda3, p.m == 3 ? 1.0 : 0.0, end, inverseWidth}};
}

CommonForm CGBridge::getForm(const TersoffForce& force, ComputeContext& cc) {
    CommonForm form;
    form.source = CommonCGBridgeKernelSources::tersoff;
    form.defines["TRIPLET_ROW"] = "9";
    form.realsPerNeighbor = 4;
    return form;
}
