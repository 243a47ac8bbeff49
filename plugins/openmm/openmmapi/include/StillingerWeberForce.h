#ifndef CGBRIDGE_STILLINGERWEBERFORCE_H_
#define CGBRIDGE_STILLINGERWEBERFORCE_H_

#include "TripletFormForce.h"

namespace CGBridge {

/**
 * The parameters of one ordered triplet of types of a StillingerWeberForce, in nm and kJ/mol.
 */
struct CGBRIDGE_EXPORT StillingerWeberParameters {
    double epsilon = 0, sigma = 0, a = 0, lambda = 0, gamma = 0, cosTheta0 = 0;
    double A = 0, B = 0, p = 0, q = 0, tol = 0;
    static const std::vector<TripletField<StillingerWeberParameters> >& getFields();
    /**
     * Get the distance beyond which the interaction is left out: a*sigma, or a little less if tol
     * is positive.
     */
    double getCutoff() const;
};

/**
 * The potential of Stillinger and Weber, Phys. Rev. B 31, 5262 (1985),
 * doi:10.1103/PhysRevB.31.5262, in the general form of the LAMMPS pair style "sw":
 *
 *     E   = sum_i w_i e_i
 *     e_i = 1/2 sum_j v2(r_ij) + sum_{j<k} v3(r_ij, r_ik, theta_jik)
 *     v2  = A epsilon [B (sigma/r)^p - (sigma/r)^q] exp[sigma/(r - a sigma)]
 *     v3  = lambda_ijk epsilon_ijk (cos theta - cosTheta0_ijk)^2
 *           exp[gamma_ij sigma_ij/(r_ij - a_ij sigma_ij)] exp[gamma_ik sigma_ik/(r_ik - a_ik sigma_ik)]
 *
 * Parameters belong to ordered triplets.  v2 and the radial factor of a pair (i, j) are read from
 * the triplet (i, j, j); lambda, epsilon and cosTheta0 of the angle from (i, j, k).  Those of
 * (i, j, k) and (i, k, j) must be equal but for rounding, or the energy would depend on the numbering
 * of the particles; their mean is used.  Values that the energy does not depend on may be anything
 * finite; see getEffectiveTriplet().
 *
 * With tol > 0 pairs are left out where exp[sigma/(r - a sigma)] (with gamma*sigma if gamma < 1)
 * falls below tol; values above 0.01 act as 0.01.  This is what LAMMPS does.
 *
 * LAMMPS evaluates v2 once per unordered pair, from the triplet of either partner; here each
 * partner contributes half.  The two agree for every potential whose triplets (i, j, j) and
 * (j, i, i) hold the same two-body values.
 */
class CGBRIDGE_EXPORT StillingerWeberForce : public TripletFormForce<StillingerWeberParameters> {
public:
    static constexpr const char* TYPE_NAME = "StillingerWeberForce";
    /**
     * Create a StillingerWeberForce.
     *
     * @param numTypes       the number of particle types, at least 1
     * @param numReplicas    the number of independent boxes, at least 1; see getNumReplicas()
     */
    explicit StillingerWeberForce(int numTypes, int numReplicas = 1);
    /**
     * Set the parameters of an ordered triplet of types, in the order of a LAMMPS potential file.
     *
     * The values of a pair (type2 = type3) are checked here, those of other triplets when a Context
     * is created: they matter only if both pairs of the angle do.
     *
     * @param type1       the type of the centre
     * @param type2       the type of the first neighbour
     * @param type3       the type of the second neighbour
     * @param epsilon     the energy scale, in kJ/mol, not negative
     * @param sigma       the length scale, in nm, not negative
     * @param a           the cutoff in units of sigma, not negative; without one the pair does nothing
     * @param lambda      the strength of the angular term, not negative
     * @param gamma       the decay of the angular term, not negative
     * @param cosTheta0   the cosine of the preferred angle
     * @param A           the strength of the pair term, not negative
     * @param B           the strength of the repulsion, not negative
     * @param p           the exponent of the repulsion, not negative
     * @param q           the exponent of the attraction, not negative
     * @param tol         the size below which the cutoff factor is left out, not negative; 0 keeps all
     * @param replica     the replica
     */
    void setTripletParameters(int type1, int type2, int type3, double epsilon, double sigma, double a,
                              double lambda, double gamma, double cosTheta0, double A, double B, double p,
                              double q, double tol, int replica = 0);
    /**
     * Get the parameters of an ordered triplet of types.  See setTripletParameters() for their
     * meaning.
     */
    void getTripletParameters(int type1, int type2, int type3, double& epsilon, double& sigma, double& a,
                              double& lambda, double& gamma, double& cosTheta0, double& A, double& B, double& p,
                              double& q, double& tol, int replica = 0) const;
    /**
     * Get what the energy depends on: the parameters with every value that is not used replaced by
     * one that does no harm.  Not used are
     *
     *  - all but epsilon, lambda and cosTheta0 of a triplet (i, j, k) with j != k;
     *  - all values of a triplet with a pair that has no cutoff, a*sigma = 0;
     *  - A, B, p and q of a pair, if A*epsilon is 0;
     *  - cosTheta0, if lambda*epsilon is 0.
     *
     * lambda*epsilon and cosTheta0 are the means of (i, j, k) and (i, k, j).  Throws an OpenMMException
     * if a value that is used is impossible, or if those two differ by more than rounding.
     */
    StillingerWeberParameters getEffectiveTriplet(int type1, int type2, int type3, int replica = 0) const override;
    StillingerWeberForce* extractReplica(int replica) const override;
    double getCutoffDistance() const override;
    std::unique_ptr<HostComputation> createComputation() const override;
protected:
    void checkPair(const StillingerWeberParameters& pair, int type1, int type2, int replica) const override;
};

} // namespace CGBridge

#endif /*CGBRIDGE_STILLINGERWEBERFORCE_H_*/
