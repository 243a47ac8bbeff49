#ifndef CGBRIDGE_CPUTABLES_H_
#define CGBRIDGE_CPUTABLES_H_

namespace CGBridge {

/**
 * The parameters of a form in single precision, as its loops look them up: numTypes and, for each number, a table.
 * Those of pairs are indexed by (i, j), those of triplets by (i, j, k).  The tables can be read up to CPU_MAX_WIDTH
 * elements beyond their end.
 *
 * The loops of each instruction set include the tables, so that what CpuFunctions.h says of inline code is true of
 * them as well.
 */
template <class ForceType>
struct CpuTables;

template <class ForceType>
class CpuTableMaker;

} // namespace CGBridge

#endif /*CGBRIDGE_CPUTABLES_H_*/
