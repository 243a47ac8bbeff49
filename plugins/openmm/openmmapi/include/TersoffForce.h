#ifndef CGBRIDGE_TERSOFFFORCE_H_
#define CGBRIDGE_TERSOFFFORCE_H_

#include "TripletFormForce.h"

namespace CGBridge {

/**
 * The parameters of one ordered triplet of types of a TersoffForce, in nm and kJ/mol.
 */
struct CGBRIDGE_EXPORT TersoffParameters {
    double m = 1, gamma = 0, lambda3 = 0, c = 0, d = 1, cosTheta0 = 0;
    double n = 1, beta = 0, lambda2 = 0, B = 0, R = 0, D = 0, lambda1 = 0, A = 0;
    static const std::vector<TripletField<TersoffParameters> >& getFields();
    double getCutoff() const {
        return R+D;
    }
};

/**
 * The bond-order potential of Tersoff, Phys. Rev. B 37, 6991 (1988), doi:10.1103/PhysRevB.37.6991,
 * in the general form of the LAMMPS pair style "tersoff":
 *
 *     E      = sum_i w_i e_i
 *     e_i    = 1/2 sum_j fC(r_ij) [A exp(-lambda1 r_ij) - b_ij B exp(-lambda2 r_ij)]
 *     b_ij   = [1 + (beta zeta_ij)^n]^(-1/(2n))
 *     zeta_ij = sum_{k != i,j} fC(r_ik) g(theta_ijk) exp{[lambda3 (r_ij-r_ik)]^m}
 *     g      = gamma [1 + c^2/d^2 - c^2/(d^2 + (cos theta - cosTheta0)^2)]
 *     fC(r)  = 1 below R-D, 1/2 - 1/2 sin[pi (r-R)/(2D)] between, 0 above R+D
 *
 * Parameters belong to ordered triplets (i, j, k).  n, beta, lambda2, B, lambda1, A and the cutoff
 * function of the bond are read from the triplet (i, j, j); the triplet (i, j, k) gives m, gamma,
 * lambda3, c, d, cosTheta0 and the cutoff function fC(r_ik).  Values that the energy does not depend
 * on may be anything finite; see getEffectiveTriplet().  With D = 0 the cutoff is sharp: fC is 1
 * below R and 0 from R on.
 *
 * LAMMPS evaluates the repulsion once per unordered pair, from the triplet of either partner; here
 * each partner contributes half.  The two agree for every potential whose triplets (i, j, j) and
 * (j, i, i) hold the same A, lambda1, R and D.
 */
class CGBRIDGE_EXPORT TersoffForce : public TripletFormForce<TersoffParameters> {
public:
    static constexpr const char* TYPE_NAME = "TersoffForce";
    /**
     * Create a TersoffForce.
     *
     * @param numTypes       the number of particle types, at least 1
     * @param numReplicas    the number of independent boxes, at least 1; see getNumReplicas()
     */
    explicit TersoffForce(int numTypes, int numReplicas = 1);
    /**
     * Set the parameters of an ordered triplet of types, in the order of a LAMMPS potential file.
     *
     * The values of a bond (type2 = type3) are checked here, those of other triplets when a Context
     * is created: they matter only if the bond between type1 and type2 does.
     *
     * @param type1       the type of the centre
     * @param type2       the type of the particle bonded to it
     * @param type3       the type of the particle that weakens the bond
     * @param m           the exponent of the distance term, 1 or 3
     * @param gamma       the factor of the angular function, not negative
     * @param lambda3     the coefficient of the distance term, in 1/nm, not negative
     * @param c           the strength of the angular function, not negative
     * @param d           the width of the angular function, positive
     * @param cosTheta0   the cosine of the preferred angle
     * @param n           the exponent of the bond order, positive
     * @param beta        the coefficient of the bond order, not negative
     * @param lambda2     the decay of the attraction, in 1/nm, not negative
     * @param B           the strength of the attraction, in kJ/mol, not negative
     * @param R           the middle of the cutoff function, in nm
     * @param D           half the width of the cutoff function, in nm, not negative, at most R
     * @param lambda1     the decay of the repulsion, in 1/nm, not negative
     * @param A           the strength of the repulsion, in kJ/mol, not negative
     * @param replica     the replica
     */
    void setTripletParameters(int type1, int type2, int type3, double m, double gamma, double lambda3,
                              double c, double d, double cosTheta0, double n, double beta, double lambda2,
                              double B, double R, double D, double lambda1, double A, int replica = 0);
    /**
     * Get the parameters of an ordered triplet of types.  See setTripletParameters() for their
     * meaning.
     */
    void getTripletParameters(int type1, int type2, int type3, double& m, double& gamma, double& lambda3,
                              double& c, double& d, double& cosTheta0, double& n, double& beta, double& lambda2,
                              double& B, double& R, double& D, double& lambda1, double& A, int replica = 0) const;
    /**
     * Get what the energy depends on: the parameters with every value that is not used replaced by
     * one that does no harm.  Not used are
     *
     *  - n, beta, lambda2, B, lambda1 and A of a triplet (i, j, k) with j != k;
     *  - all values of a triplet without a cutoff, R+D = 0, and all of (i, j, k) if (i, j, j) has none;
     *  - lambda2 and beta of a bond, if its B is 0; n and all that zeta is made of, if its B or beta is 0;
     *  - d, if c is 0.
     */
    TersoffParameters getEffectiveTriplet(int type1, int type2, int type3, int replica = 0) const override;
    TersoffForce* extractReplica(int replica) const override;
    double getCutoffDistance() const override;
    std::unique_ptr<HostComputation> createComputation() const override;
protected:
    void checkPair(const TersoffParameters& bond, int type1, int type2, int replica) const override;
private:
    void checkTriplet(const TersoffParameters& used, int type1, int type2, int type3, int replica) const;
};

} // namespace CGBridge

#endif /*CGBRIDGE_TERSOFFFORCE_H_*/
