#ifndef CGBRIDGE_CPUSTILLINGERWEBERTABLES_H_
#define CGBRIDGE_CPUSTILLINGERWEBERTABLES_H_

#include "CpuTables.h"

namespace CGBridge {

class StillingerWeberForce;

template <>
struct CpuTables<StillingerWeberForce> {
    int numTypes;
    const float *repulsion, *attraction, *p, *q, *sigma, *gammaSigma, *cut, *range;
    const float *lambdaEpsilon, *cosTheta0;
};

CpuTables<StillingerWeberForce> makeTables(CpuTableMaker<StillingerWeberForce>& make);

} // namespace CGBridge

#endif /*CGBRIDGE_CPUSTILLINGERWEBERTABLES_H_*/
