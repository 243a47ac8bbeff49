#ifndef CGBRIDGE_SERIALPLATFORM_H_
#define CGBRIDGE_SERIALPLATFORM_H_

#include "openmm/reference/ReferencePlatform.h"
#include <string>

namespace CGBridge {

/**
 * A platform for many small simulations side by side, one on each core.
 *
 * The CPU platform hands every part of a step to its threads and waits for them, even if there is
 * only one.  For some hundred particles that takes longer than the forces.  This platform does
 * everything on the calling thread: the forces of this plugin with the kernels of the CPU platform,
 * in single precision, the Langevin middle integrator with a kernel of its own, in double precision,
 * and all else as the Reference platform does.  It is never chosen unless asked for.
 */
class SerialPlatform : public OpenMM::ReferencePlatform {
public:
    static const char* const NAME;
    SerialPlatform();
    const std::string& getName() const;
    double getSpeed() const;
    bool supportsDoublePrecision() const;
};

} // namespace CGBridge

#endif /*CGBRIDGE_SERIALPLATFORM_H_*/
