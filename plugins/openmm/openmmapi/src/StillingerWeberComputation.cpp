#include "internal/StillingerWeberComputation.h"
#include <cmath>

using namespace CGBridge;
using namespace OpenMM;
using namespace std;

double StillingerWeberComputation::computeCenter(int type, vector<CenterNeighbor>& neighbors) const {
    double energy = 0;
    for (auto j = neighbors.begin(); j != neighbors.end(); ++j) {
        const StillingerWeberParameters& pj = getTriplet(type, j->type, j->type);
        if (j->r >= pj.getCutoff())
            continue;
        double inverse = 1/(j->r-pj.a*pj.sigma);
        double decay = exp(pj.sigma*inverse);
        double repulsion = pj.A*pj.epsilon*pj.B*pow(pj.sigma/j->r, pj.p);
        double attraction = pj.A*pj.epsilon*pow(pj.sigma/j->r, pj.q);
        energy += 0.5*(repulsion-attraction)*decay;
        j->gradient += j->direction*(0.5*decay*((pj.q*attraction-pj.p*repulsion)/j->r -
                       (repulsion-attraction)*pj.sigma*inverse*inverse));
        double radialJ = exp(pj.gamma*pj.sigma*inverse);
        double slopeJ = -pj.gamma*pj.sigma*inverse*inverse;
        for (auto k = j+1; k != neighbors.end(); ++k) {
            const StillingerWeberParameters& pk = getTriplet(type, k->type, k->type);
            if (k->r >= pk.getCutoff())
                continue;
            const StillingerWeberParameters& angle = getTriplet(type, j->type, k->type);
            double inverseK = 1/(k->r-pk.a*pk.sigma);
            double slopeK = -pk.gamma*pk.sigma*inverseK*inverseK;
            double factor = angle.lambda*angle.epsilon*radialJ*exp(pk.gamma*pk.sigma*inverseK);
            double cosTheta = j->direction.dot(k->direction);
            double x = cosTheta-angle.cosTheta0;
            energy += factor*x*x;
            double dCos = 2*factor*x;
            j->gradient += (k->direction-j->direction*cosTheta)*(dCos/j->r) + j->direction*(factor*x*x*slopeJ);
            k->gradient += (j->direction-k->direction*cosTheta)*(dCos/k->r) + k->direction*(factor*x*x*slopeK);
        }
    }
    return energy;
}
