#ifndef CGBRIDGE_DESCRIPTORNETWORKFORCE_H_
#define CGBRIDGE_DESCRIPTORNETWORKFORCE_H_

#include "CenterForce.h"
#include <memory>
#include <string>
#include <vector>

namespace CGBridge {

/**
 * What the descriptors and the networks of a DescriptorNetworkForce are made of.
 */
struct CGBRIDGE_EXPORT DescriptorNetworkShape {
    double radialCutoff = 0, angularCutoff = 0;
    int radialFunctions = 0, radialBasis = 0;
    int angularFunctions = 0, angularBasis = 0, angularOrder = 0;
    bool hasFourBody = false, hasFiveBody = false;
    std::vector<int> hiddenLayers;
    /**
     * Get how many descriptors there are for each radial function of the angular ones.
     */
    int getNumAngularTerms() const {
        return angularOrder+(hasFourBody ? 1 : 0)+(hasFiveBody ? 1 : 0);
    }
    int getNumDescriptors() const {
        return radialFunctions+angularFunctions*getNumAngularTerms();
    }
    /**
     * Get how many numbers a network has.
     */
    int getNumNetworkParameters() const;
};

/**
 * A neural network of descriptors, in the form of the neuroevolution potential (NEP) of Fan et al.,
 * Phys. Rev. B 104, 104309 (2021), doi:10.1103/PhysRevB.104.104309, and J. Chem. Phys. 157, 114801 (2022),
 * doi:10.1063/5.0106617:
 *
 *     E      = sum_i w_i e_i,   e_i = network of the type of i (q_i) + 1/2 sum_j u(r_ij)
 *     f_k(r) = 1/2 [T_k(x)+1] fC(r/rc),   x = 2 (r/rc-1)^2 - 1,   fC(s) = 1/2 [1 + cos(pi s)],   k = 0, 1, ...
 *     g_n(r_ij)  = sum_k c_nk(t_i, t_j) f_k(r_ij)
 *     q_n    = sum_j g_n(r_ij)                                          with the radial cutoff and coefficients
 *     q_nl   = (2l+1)/(4 pi) sum_jk g_n(r_ij) g_n(r_ik) P_l(cos theta_ijk)      with the angular ones, l = 1, 2, ...
 *     q_n222 = -9/2 sqrt(2/35) (5/(4 pi))^(3/2) tr Q_n^3,   Q_n = sum_j g_n(r_ij) (u_j u_j - 1/3)
 *     q_n1111 = 7/15 (3/(4 pi))^2 |V_n|^4,   V_n = sum_j g_n(r_ij) u_j
 *
 * with T_k the Chebyshev polynomials, P_l those of Legendre and u_j the unit vector to neighbour j; the sums over
 * pairs j, k contain j = k.  A network has one or two hidden layers,
 *
 *     h = tanh(W q + b),   h' = tanh(W' h + b'),   e = a h' + c.
 *
 * A network is free where it has seen nothing: between particles that are nearer than any were there can be a
 * repulsion beside it, shifted and with its slope taken away at the radial cutoff rc,
 *
 *     u(r) = C(t_i, t_j) [r^-12 - rc^-12 (13 - 12 r/rc)].
 *
 * The descriptors stand in the order of n for the radial ones, and behind them, for l = 1, 2, ..., 222, 1111, in the
 * order of n.  Lengths are in nm and energies in kJ/mol.
 */
class CGBRIDGE_EXPORT DescriptorNetworkForce : public CenterForce {
public:
    static constexpr const char* TYPE_NAME = "DescriptorNetworkForce";
    /**
     * Create a DescriptorNetworkForce.
     *
     * @param numTypes       the number of particle types, at least 1
     * @param numReplicas    the number of independent boxes, at least 1; see getNumReplicas()
     */
    explicit DescriptorNetworkForce(int numTypes, int numReplicas = 1);
    /**
     * Set what the radial descriptors are made of.  All coefficients and networks are forgotten.
     *
     * @param cutoff          the distance up to which particles see each other, in nm
     * @param numFunctions    the number of functions g_n, at least 1
     * @param basisSize       the number of polynomials that they are made of, at least 1
     */
    void setRadialDescriptors(double cutoff, int numFunctions, int basisSize);
    /**
     * Set what the angular descriptors are made of.  All coefficients and networks are forgotten.
     *
     * @param cutoff          the distance up to which angles are seen, in nm; not above that of the radial ones
     * @param numFunctions    the number of functions g_n; 0 for no angular descriptors
     * @param basisSize       the number of polynomials that they are made of, at least 1
     * @param maxOrder        the highest l, 1 to 4
     * @param fourBody        whether there are the descriptors q_n222; these need an order of 2
     * @param fiveBody        whether there are the descriptors q_n1111
     */
    void setAngularDescriptors(double cutoff, int numFunctions, int basisSize, int maxOrder, bool fourBody = false, bool fiveBody = false);
    /**
     * Set the number of neurons of each hidden layer: one layer or two.  All networks are forgotten.
     */
    void setHiddenLayers(const std::vector<int>& numNeurons);
    /**
     * Get what the setters above have set.
     */
    const DescriptorNetworkShape& getShape() const {
        return shape;
    }
    /**
     * Get the number of descriptors of a particle.
     */
    int getNumDescriptors() const {
        return shape.getNumDescriptors();
    }
    /**
     * Get how many numbers setNetwork() takes.
     */
    int getNumNetworkParameters() const {
        return shape.getNumNetworkParameters();
    }
    /**
     * Set the coefficients c_nk of the radial functions of a pair of types: those of n = 0, then those of n = 1, ...
     *
     * @param type1           the type of the centre
     * @param type2           the type of its neighbour
     */
    void setRadialCoefficients(int type1, int type2, const std::vector<double>& coefficients, int replica = 0);
    /**
     * Get the coefficients of the radial functions; none if they were not set.
     */
    const std::vector<double>& getRadialCoefficients(int type1, int type2, int replica = 0) const;
    /**
     * Set the coefficients of the functions of the angular descriptors, as setRadialCoefficients() does.
     */
    void setAngularCoefficients(int type1, int type2, const std::vector<double>& coefficients, int replica = 0);
    /**
     * Get the coefficients of the functions of the angular descriptors; none if they were not set.
     */
    const std::vector<double>& getAngularCoefficients(int type1, int type2, int replica = 0) const;
    /**
     * Set the network of a type.
     *
     * @param type          the type of the centre
     * @param parameters    for each hidden layer the weights W, row by row with one row for a neuron, and the biases b;
     *                      then the weights a and the constant c of the output, in kJ/mol
     */
    void setNetwork(int type, const std::vector<double>& parameters, int replica = 0);
    /**
     * Get the network of a type; nothing if it was not set.
     */
    const std::vector<double>& getNetwork(int type, int replica = 0) const;
    /**
     * Set the repulsion of two types, of either with the other.
     *
     * @param strength      the coefficient C, in kJ/mol nm^12, not negative; 0 at first
     */
    void setRepulsion(int type1, int type2, double strength, int replica = 0);
    /**
     * Get the coefficient C of the repulsion of two types.
     */
    double getRepulsion(int type1, int type2, int replica = 0) const;
    /**
     * Throw an OpenMMException unless everything is set that the particles of a replica need.
     */
    void checkComplete(int replica = 0) const;
    DescriptorNetworkForce* extractReplica(int replica) const override;
    double getCutoffDistance() const override;
    std::unique_ptr<HostComputation> createComputation() const override;
private:
    int getPairIndex(int type1, int type2, int replica) const;
    int getTypeIndex(int type, int replica) const;
    void checkNumbers(const std::vector<double>& numbers, int expected, const std::string& what) const;
    void forgetNetworks();
    DescriptorNetworkShape shape;
    std::vector<std::vector<double> > radial, angular, networks;
    std::vector<double> repulsion;
};

} // namespace CGBridge

#endif /*CGBRIDGE_DESCRIPTORNETWORKFORCE_H_*/
