#ifndef CGBRIDGE_COMMONFORMS_H_
#define CGBRIDGE_COMMONFORMS_H_

#include "internal/CenterForms.h"
#include <string>
#include <vector>

namespace CGBridge {

/**
 * The forms that devices have kernels for.
 */
using CommonForms = FormList<TersoffForce, StillingerWeberForce>;

/**
 * The numbers that the source of a form reads for a pair and for a triplet of types, PAIR_ROW and TRIPLET_ROW of them.
 */
struct CommonRows {
    std::vector<double> pair, triplet;
};

/**
 * Get the rows of a triplet of types; that of a pair (i, j) is taken from (i, j, j).
 *
 * @param useDoublePrecision   whether the device keeps all digits of the numbers
 */
CommonRows getRows(const TersoffParameters& p, bool useDoublePrecision);
CommonRows getRows(const StillingerWeberParameters& p, bool useDoublePrecision);

/**
 * Get the source of the kernel of a form.
 */
const std::string& getSource(FormTag<TersoffForce>);
const std::string& getSource(FormTag<StillingerWeberForce>);

} // namespace CGBridge

#endif /*CGBRIDGE_COMMONFORMS_H_*/
