#ifndef CGBRIDGE_TRIPLETFORMS_H_
#define CGBRIDGE_TRIPLETFORMS_H_

#include "FormList.h"
#include "StillingerWeberForce.h"
#include "TersoffForce.h"

namespace CGBridge {

/**
 * The forms there are.  Every form has a computation on the host and a way through XML; platforms have lists of those
 * they have loops for.
 */
using TripletForms = FormList<TersoffForce, StillingerWeberForce>;

} // namespace CGBridge

#endif /*CGBRIDGE_TRIPLETFORMS_H_*/
