#ifndef CGBRIDGE_KERNELARGUMENTS_H_
#define CGBRIDGE_KERNELARGUMENTS_H_

#include "openmm/common/ArrayInterface.h"
#include "openmm/common/ComputeContext.h"
#include "openmm/common/ComputeKernel.h"
#include "openmm/common/ComputeVectorTypes.h"

namespace CGBridge {

/**
 * A kernel whose arguments are all given again before each launch, in their order, so that none can
 * be forgotten when an array grows or a box changes.
 */
class KernelArguments {
public:
    KernelArguments() = default;
    KernelArguments(OpenMM::ComputeContext& cc, OpenMM::ComputeKernel kernel) : cc(&cc), kernel(kernel) {
    }
    KernelArguments& begin() {
        next = 0;
        return *this;
    }
    KernelArguments& operator<<(int value) {
        return add(value);
    }
    KernelArguments& operator<<(OpenMM::ArrayInterface& array) {
        if (next == count) {
            kernel->addArg(array);
            count++;
        }
        else
            kernel->setArg(next, array);
        next++;
        return *this;
    }
    /**
     * Add an argument of type "real".
     */
    KernelArguments& addReal(double value) {
        return cc->getUseDoublePrecision() ? add(value) : add((float) value);
    }
    KernelArguments& addReal4(const OpenMM::mm_double4& value) {
        return cc->getUseDoublePrecision() ? add(value) : add(toFloat(value));
    }
    /**
     * Add an argument of type "mixed".
     */
    KernelArguments& addMixed(double value) {
        return cc->getUseDoublePrecision() || cc->getUseMixedPrecision() ? add(value) : add((float) value);
    }
    /**
     * Add an argument of type "mixed4".
     */
    KernelArguments& addMixed4(const OpenMM::mm_double4& value) {
        return cc->getUseDoublePrecision() || cc->getUseMixedPrecision() ? add(value) : add(toFloat(value));
    }
    void execute(int threads, int blockSize) {
        kernel->execute(threads, blockSize);
    }
    int getMaxBlockSize() const {
        return kernel->getMaxBlockSize();
    }
private:
    template <class T>
    KernelArguments& add(const T& value) {
        if (next == count) {
            kernel->addArg(value);
            count++;
        }
        else
            kernel->setArg(next, value);
        next++;
        return *this;
    }
    static OpenMM::mm_float4 toFloat(const OpenMM::mm_double4& v) {
        return OpenMM::mm_float4((float) v.x, (float) v.y, (float) v.z, (float) v.w);
    }
    OpenMM::ComputeContext* cc = nullptr;
    OpenMM::ComputeKernel kernel;
    int count = 0, next = 0;
};

} // namespace CGBridge

#endif /*CGBRIDGE_KERNELARGUMENTS_H_*/
