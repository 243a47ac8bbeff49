#ifndef CGBRIDGE_CENTERFORMS_H_
#define CGBRIDGE_CENTERFORMS_H_

#include "DescriptorNetworkForce.h"
#include "FormList.h"
#include "StillingerWeberForce.h"
#include "TersoffForce.h"

namespace CGBridge {

/**
 * The forces there are.  Each has a computation on the host and a way through XML; platforms have lists of those
 * they have loops for.
 */
using CenterForms = FormList<TersoffForce, StillingerWeberForce, DescriptorNetworkForce>;

} // namespace CGBridge

#endif /*CGBRIDGE_CENTERFORMS_H_*/
