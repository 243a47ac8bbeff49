#include "CpuTripletBatch.h"

namespace CGBridge {

extern const CpuTripletFunctions cpuTripletFunctionsBaseline;
#ifdef CGBRIDGE_X86
extern const CpuTripletFunctions cpuTripletFunctionsAvx2;
extern const CpuTripletFunctions cpuTripletFunctionsAvx512;
#endif

const CpuTripletFunctions& getCpuTripletFunctions() {
#ifdef CGBRIDGE_X86
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
            __builtin_cpu_supports("avx512bw"))
        return cpuTripletFunctionsAvx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return cpuTripletFunctionsAvx2;
#endif
    return cpuTripletFunctionsBaseline;
}

} // namespace CGBridge
