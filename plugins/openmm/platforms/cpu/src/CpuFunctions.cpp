#include "CpuFunctions.h"
#include "openmm/OpenMMException.h"
#include <cstdlib>
#include <string>
#include <vector>

using namespace OpenMM;
using namespace std;

namespace CGBridge {

extern const CpuFunctions cpuFunctionsBaseline;
#ifdef CGBRIDGE_X86
extern const CpuFunctions cpuFunctionsAvx2;
extern const CpuFunctions cpuFunctionsAvx512;
#endif

/**
 * Get the loops that this machine can run, the slowest first.
 */
static vector<const CpuFunctions*> findSupported() {
    vector<const CpuFunctions*> supported = {&cpuFunctionsBaseline};
#ifdef CGBRIDGE_X86
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        supported.push_back(&cpuFunctionsAvx2);
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
            __builtin_cpu_supports("avx512bw"))
        supported.push_back(&cpuFunctionsAvx512);
#endif
    return supported;
}

const CpuFunctions& getCpuFunctions() {
    vector<const CpuFunctions*> supported = findSupported();
    const char* wanted = getenv("CGBRIDGE_CPU_ISA");
    if (wanted == nullptr || *wanted == 0)
        return *supported.back();
    string names;
    for (const CpuFunctions* functions : supported) {
        if (string(wanted) == functions->name)
            return *functions;
        names += (names.empty() ? "" : ", ")+string(functions->name);
    }
    throw OpenMMException("CGBRIDGE_CPU_ISA is '"+string(wanted)+"', but this machine can run: "+names);
}

} // namespace CGBridge
