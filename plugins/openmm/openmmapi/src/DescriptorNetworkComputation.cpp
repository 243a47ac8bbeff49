#include "internal/DescriptorNetworkComputation.h"
#include <algorithm>
#include <array>
#include <cmath>

using namespace CGBridge;
using namespace OpenMM;
using namespace std;

namespace {

/** (2l+1)/(4 pi) is the factor of the descriptors of order l. */
double getFactor(int order) {
    return (2*order+1)/(4*M_PI);
}

/** The factor of tr Q^3 in q_n222, and that of |V|^4 in q_n1111. */
const double FOUR_BODY = -4.5*sqrt(2.0/35.0)*pow(5/(4*M_PI), 1.5), FIVE_BODY = 7.0/15.0*pow(3/(4*M_PI), 2);

/**
 * The functions g_n at one distance, and their derivatives.
 */
struct Functions {
    vector<double> g, dg;
};

/**
 * The polynomials f_k = 1/2 [T_k(x)+1] fC and their derivatives by r, with T' = k U_(k-1).
 */
void computeBasis(double r, double cutoff, int size, vector<double>& f, vector<double>& df) {
    const double s = r/cutoff, x = 2*(s-1)*(s-1)-1, dx = 4*(s-1)/cutoff;
    const double cut = 0.5*(1+cos(M_PI*s)), dCut = -0.5*M_PI/cutoff*sin(M_PI*s);
    f.resize(size);
    df.resize(size);
    double t = 1, nextT = x, u = 0, nextU = 1;    // T_k, T_(k+1), U_(k-1), U_k
    for (int k = 0; k < size; k++) {
        f[k] = 0.5*(t+1)*cut;
        df[k] = 0.5*(k*u*dx*cut+(t+1)*dCut);
        const double afterT = 2*x*nextT-t, afterU = 2*x*nextU-u;
        t = nextT;
        nextT = afterT;
        u = nextU;
        nextU = afterU;
    }
}

Functions computeFunctions(double r, double cutoff, int numFunctions, int basisSize, const vector<double>& coefficients) {
    vector<double> f, df;
    computeBasis(r, cutoff, basisSize, f, df);
    Functions functions = {vector<double>(numFunctions, 0.0), vector<double>(numFunctions, 0.0)};
    for (int n = 0; n < numFunctions; n++)
        for (int k = 0; k < basisSize; k++) {
            functions.g[n] += coefficients[n*basisSize+k]*f[k];
            functions.dg[n] += coefficients[n*basisSize+k]*df[k];
        }
    return functions;
}

/**
 * P_l and its derivative for l = 0 to 4.
 */
void computeLegendre(double c, array<double, 5>& p, array<double, 5>& dp) {
    p[0] = 1;
    p[1] = c;
    dp[0] = 0;
    dp[1] = 1;
    for (int l = 2; l < 5; l++) {
        p[l] = ((2*l-1)*c*p[l-1]-(l-1)*p[l-2])/l;
        dp[l] = l*p[l-1]+c*dp[l-1];
    }
}

/**
 * The sums of g_n over the neighbours with one direction, V_n, and with two, Q_n.
 */
struct Moments {
    Vec3 v;
    double q[3][3] = {};
    void add(double g, const Vec3& u) {
        v += u*g;
        for (int a = 0; a < 3; a++)
            for (int b = 0; b < 3; b++)
                q[a][b] += g*(u[a]*u[b]-(a == b ? 1.0/3.0 : 0.0));
    }
    Vec3 multiplyQ(const Vec3& u) const {
        return Vec3(q[0][0]*u[0]+q[0][1]*u[1]+q[0][2]*u[2], q[1][0]*u[0]+q[1][1]*u[1]+q[1][2]*u[2],
                    q[2][0]*u[0]+q[2][1]*u[1]+q[2][2]*u[2]);
    }
    double getTrace(int power) const {
        double trace = 0;
        for (int a = 0; a < 3; a++)
            for (int b = 0; b < 3; b++)
                if (power == 2)
                    trace += q[a][b]*q[b][a];
                else
                    for (int c = 0; c < 3; c++)
                        trace += q[a][b]*q[b][c]*q[c][a];
        return trace;
    }
};

} // namespace

DescriptorNetworkComputation::DescriptorNetworkComputation(const DescriptorNetworkForce& force) :
        CenterComputation(force), shape(force.getShape()), numTypes(force.getNumTypes()) {
    force.checkComplete();
    cutoff = shape.radialCutoff;
    for (int i = 0; i < numTypes; i++) {
        networks.push_back(force.getNetwork(i));
        for (int j = 0; j < numTypes; j++) {
            radial.push_back(force.getRadialCoefficients(i, j));
            angular.push_back(force.getAngularCoefficients(i, j));
            repulsion.push_back(force.getRepulsion(i, j));
        }
    }
}

double DescriptorNetworkComputation::computeCenter(int type, vector<CenterNeighbor>& neighbors) const {
    vector<double> q(shape.getNumDescriptors(), 0.0), slopes(q.size(), 0.0);
    vector<Functions> radialFunctions, angularFunctions;
    vector<CenterNeighbor*> near;
    for (CenterNeighbor& j : neighbors) {
        const int pair = type*numTypes+j.type;
        radialFunctions.push_back(computeFunctions(j.r, shape.radialCutoff, shape.radialFunctions, shape.radialBasis, radial[pair]));
        for (int n = 0; n < shape.radialFunctions; n++)
            q[n] += radialFunctions.back().g[n];
        if (j.r < shape.angularCutoff) {
            near.push_back(&j);
            angularFunctions.push_back(computeFunctions(j.r, shape.angularCutoff, shape.angularFunctions, shape.angularBasis, angular[pair]));
        }
    }
    array<double, 5> p, dp;
    vector<Moments> moments(shape.angularFunctions);
    for (size_t j = 0; j < near.size(); j++)
        for (int n = 0; n < shape.angularFunctions; n++)
            moments[n].add(angularFunctions[j].g[n], near[j]->direction);
    for (size_t j = 0; j < near.size(); j++)
        for (size_t k = 0; k < near.size(); k++) {
            computeLegendre(near[j]->direction.dot(near[k]->direction), p, dp);
            for (int n = 0; n < shape.angularFunctions; n++)
                for (int l = 1; l <= shape.angularOrder; l++)
                    q[getAngularIndex(n, l-1)] += getFactor(l)*angularFunctions[j].g[n]*angularFunctions[k].g[n]*p[l];
        }
    const int fourBody = shape.angularOrder, fiveBody = fourBody+(shape.hasFourBody ? 1 : 0);
    for (int n = 0; n < shape.angularFunctions; n++) {
        if (shape.hasFourBody)
            q[getAngularIndex(n, fourBody)] = FOUR_BODY*moments[n].getTrace(3);
        if (shape.hasFiveBody)
            q[getAngularIndex(n, fiveBody)] = FIVE_BODY*pow(moments[n].v.dot(moments[n].v), 2);
    }
    double energy = computeNetwork(networks[type], q, slopes);
    for (CenterNeighbor& j : neighbors) {
        const double strength = 0.5*repulsion[type*numTypes+j.type], edge = pow(shape.radialCutoff, -12);
        energy += strength*(pow(j.r, -12)-edge*(13-12*j.r/shape.radialCutoff));
        j.gradient += j.direction*(strength*12*(edge/shape.radialCutoff-pow(j.r, -13)));
    }

    // The derivatives by the distance and, times r, by the direction of each neighbour.
    for (size_t j = 0; j < neighbors.size(); j++)
        for (int n = 0; n < shape.radialFunctions; n++)
            neighbors[j].gradient += neighbors[j].direction*(slopes[n]*radialFunctions[j].dg[n]);
    for (size_t j = 0; j < near.size(); j++) {
        const Vec3 u = near[j]->direction;
        double byDistance = 0;
        Vec3 byDirection;
        for (int n = 0; n < shape.angularFunctions; n++) {
            const double g = angularFunctions[j].g[n], dg = angularFunctions[j].dg[n];
            if (shape.hasFourBody) {
                const Vec3 qu = moments[n].multiplyQ(u);
                const double slope = 3*FOUR_BODY*slopes[getAngularIndex(n, fourBody)];
                byDistance += slope*dg*(qu.dot(qu)-moments[n].getTrace(2)/3);
                byDirection += moments[n].multiplyQ(qu)*(2*slope*g);
            }
            if (shape.hasFiveBody) {
                const Vec3 v = moments[n].v;
                const double slope = 4*FIVE_BODY*slopes[getAngularIndex(n, fiveBody)]*v.dot(v);
                byDistance += slope*dg*v.dot(u);
                byDirection += v*(slope*g);
            }
        }
        for (size_t k = 0; k < near.size(); k++) {
            computeLegendre(u.dot(near[k]->direction), p, dp);
            for (int n = 0; n < shape.angularFunctions; n++)
                for (int l = 1; l <= shape.angularOrder; l++) {
                    const double slope = 2*getFactor(l)*slopes[getAngularIndex(n, l-1)]*angularFunctions[k].g[n];
                    byDistance += slope*angularFunctions[j].dg[n]*p[l];
                    byDirection += near[k]->direction*(slope*angularFunctions[j].g[n]*dp[l]);
                }
        }
        near[j]->gradient += u*byDistance+(byDirection-u*byDirection.dot(u))/near[j]->r;
    }
    return energy;
}

/**
 * Compute the output of a network and its derivatives by the descriptors.
 */
double DescriptorNetworkComputation::computeNetwork(const vector<double>& network, const vector<double>& q, vector<double>& slopes) const {
    vector<vector<double> > layers = {q};
    const double* next = network.data();
    vector<const double*> weights;
    for (int neurons : shape.hiddenLayers) {
        const vector<double> input = layers.back();
        vector<double> output(neurons);
        weights.push_back(next);
        const double* biases = next+neurons*input.size();
        for (int m = 0; m < neurons; m++) {
            double sum = biases[m];
            for (size_t d = 0; d < input.size(); d++)
                sum += weights.back()[m*input.size()+d]*input[d];
            output[m] = tanh(sum);
        }
        next = biases+neurons;
        layers.push_back(output);
    }
    double energy = next[layers.back().size()];
    vector<double> byOutput(next, next+layers.back().size());
    for (size_t m = 0; m < byOutput.size(); m++)
        energy += byOutput[m]*layers.back()[m];
    for (int layer = (int) shape.hiddenLayers.size()-1; layer >= 0; layer--) {
        const size_t width = layers[layer].size();
        vector<double> byInput(width, 0.0);
        for (size_t m = 0; m < byOutput.size(); m++) {
            const double h = layers[layer+1][m], slope = byOutput[m]*(1-h*h);
            for (size_t d = 0; d < width; d++)
                byInput[d] += slope*weights[layer][m*width+d];
        }
        byOutput = byInput;
    }
    slopes = byOutput;
    return energy;
}
