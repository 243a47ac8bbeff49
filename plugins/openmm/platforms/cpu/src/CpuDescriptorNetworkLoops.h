/*
 * The energy of a network of descriptors and its gradient for batches of centres.  Included into each translation
 * unit that is compiled for an instruction set.
 *
 * Angular descriptors are squares of moments,
 *
 *     sum_jk g_j g_k P_l(u_j.u_k) = sum_m a_lm (sum_j g_j Y_lm(u_j))^2,
 *
 * with the real harmonics Y_lm as polynomials and the factors a_lm of the addition theorem.  The work grows with the
 * number of neighbours and not with its square.
 */

namespace CGBridge {
namespace {

/**
 * Angles are seen up to a shorter distance.
 */
template <>
inline __attribute__((always_inline)) float getNearCutoff(const CpuTables<DescriptorNetworkForce>& t) {
    return t.angularFunctions > 0 ? t.angularCutoff : 0.0f;
}

/**
 * The harmonics of order l stand from l*l-1 on: 3, 5, 7 and 9 of them.
 */
constexpr int countHarmonics(int order) {
    return order*(order+2);
}

constexpr int MAX_HARMONICS = countHarmonics(4);

/**
 * a_lm times (2l+1)/(4 pi).
 */
constexpr float HARMONIC_FACTORS[MAX_HARMONICS] = {
        0.238732414637843f, 0.238732414637843f, 0.238732414637843f,
        0.099471839432435f, 1.193662073189216f, 1.193662073189216f, 0.298415518297304f, 0.298415518297304f,
        0.139260575205408f, 0.208890862808112f, 0.208890862808112f, 2.088908628081126f, 2.088908628081126f,
        0.348151438013521f, 0.348151438013521f,
        0.011190581936149f, 0.447623277445966f, 0.447623277445966f, 0.223811638722983f, 0.223811638722983f,
        3.133362942121762f, 3.133362942121762f, 0.391670367765220f, 0.391670367765220f};

/** The factors of q_n222 and q_n1111, see DescriptorNetworkForce. */
constexpr float FOUR_BODY = -0.269981309759908f, FIVE_BODY = 0.0265968107061137f;

template <int Order>
CGBRIDGE_INLINE void computeHarmonics(fvec x, fvec y, fvec z, fvec* h) {
    h[0] = x;
    h[1] = y;
    h[2] = z;
    if constexpr (Order > 1) {
        const fvec z2 = z*z, difference = x*x-y*y, product = 2.0f*x*y;
        h[3] = 3.0f*z2-1.0f;
        h[4] = x*z;
        h[5] = y*z;
        h[6] = difference;
        h[7] = product;
        if constexpr (Order > 2) {
            const fvec five = 5.0f*z2-1.0f, c3 = (difference-2.0f*y*y)*x, s3 = (difference+2.0f*x*x)*y;
            h[8] = (five-2.0f)*z;
            h[9] = five*x;
            h[10] = five*y;
            h[11] = difference*z;
            h[12] = product*z;
            h[13] = c3;
            h[14] = s3;
            if constexpr (Order > 3) {
                const fvec seven = 7.0f*z2-1.0f;
                h[15] = (35.0f*z2-30.0f)*z2+3.0f;
                h[16] = (seven-2.0f)*h[4];
                h[17] = (seven-2.0f)*h[5];
                h[18] = seven*difference;
                h[19] = seven*product;
                h[20] = c3*z;
                h[21] = s3*z;
                h[22] = difference*difference-product*product;
                h[23] = 2.0f*difference*product;
            }
        }
    }
}

/**
 * The derivatives by x, y and z of a sum of the polynomials, of which w are the weights.
 */
template <int Order>
CGBRIDGE_INLINE void differentiateHarmonics(fvec x, fvec y, fvec z, const fvec* w, fvec& dx, fvec& dy, fvec& dz) {
    dx = w[0];
    dy = w[1];
    dz = w[2];
    if constexpr (Order > 1) {
        const fvec z2 = z*z, difference = x*x-y*y, product = 2.0f*x*y, x2 = 2.0f*x, y2 = 2.0f*y;
        dx += w[4]*z+w[6]*x2+w[7]*y2;
        dy += w[5]*z-w[6]*y2+w[7]*x2;
        dz += 6.0f*z*w[3]+w[4]*x+w[5]*y;
        if constexpr (Order > 2) {
            const fvec five = 5.0f*z2-1.0f, d3 = 3.0f*difference, p3 = 3.0f*product;
            dx += w[9]*five+z*(w[11]*x2+w[12]*y2)+w[13]*d3+w[14]*p3;
            dy += w[10]*five+z*(w[12]*x2-w[11]*y2)+w[14]*d3-w[13]*p3;
            dz += w[8]*(3.0f*five)+10.0f*z*(w[9]*x+w[10]*y)+w[11]*difference+w[12]*product;
            if constexpr (Order > 3) {
                const fvec seven = 7.0f*z2-1.0f, inner = (seven-2.0f)*z;
                const fvec c3 = (difference-2.0f*y*y)*x, s3 = (difference+2.0f*x*x)*y;
                dx += w[16]*inner+seven*(w[18]*x2+w[19]*y2)+z*(w[20]*d3+w[21]*p3)+4.0f*(w[22]*c3+w[23]*s3);
                dy += w[17]*inner+seven*(w[19]*x2-w[18]*y2)+z*(w[21]*d3-w[20]*p3)+4.0f*(w[23]*c3-w[22]*s3);
                dz += w[15]*(20.0f*inner)+(3.0f*seven)*(w[16]*x+w[17]*y)+14.0f*z*(w[18]*difference+w[19]*product)+
                        w[20]*c3+w[21]*s3;
            }
        }
    }
}

/**
 * The polynomials f_k = h (T_k(x)+1) with h = fC/2, and their derivatives by r, one after the other.
 */
class ChebyshevBasis {
public:
    __attribute__((always_inline)) ChebyshevBasis(fvec r, float inverseCutoff) {
        // From the distance to the end in units of the cutoff: near the end all is small and keeps its digits.
        fvec sine, cosine, v = maximum(1.0f-r*inverseCutoff, fvec{});
        quarterWave(v, sine, cosine);
        h = 0.5f*sine*sine;
        dh = (-3.14159265f*inverseCutoff)*sine*cosine*0.5f;
        twoX = 4.0f*v*v-2.0f;
        hdx = h*v*(-4.0f*inverseCutoff);
        t = broadcast(1.0f);
        nextT = 0.5f*twoX;
        u = fvec{};
        nextU = broadcast(1.0f);
    }
    __attribute__((always_inline)) fvec getValue() const {
        return h*t+h;
    }
    __attribute__((always_inline)) fvec getDerivative() const {
        return k*u*hdx+(t*dh+dh);
    }
    __attribute__((always_inline)) void next() {
        fvec afterT = twoX*nextT-t, afterU = twoX*nextU-u;
        t = nextT;
        nextT = afterT;
        u = nextU;
        nextU = afterU;
        k += 1.0f;
    }
private:
    fvec h, dh, hdx, twoX, t, nextT, u, nextU;
    float k = 0;
};

CGBRIDGE_INLINE fvec hyperbolicTangent(fvec x) {
    fvec e = exponential(2.0f*minimum(maximum(x, broadcast(-10.0f)), broadcast(10.0f)));
    return 1.0f-2.0f/(e+1.0f);
}

struct DescriptorNetworkArrays {
    /** For each neighbour: the functions g_n of the angular descriptors, their derivatives, and the harmonics; then the
        derivatives of the energy by g_n and by the harmonics. */
    fvec *g, *dg, *harmonics, *byG, *byHarmonics;
    /** The polynomials of one neighbour, and their derivatives. */
    fvec *f, *df;
    /** The derivative by the distance. */
    fvec *radial;
    /** The sums of the polynomials over the neighbours of each type, and the derivatives of the energy by them. */
    fvec *sums, *bySums;
    /** For each g_n: the moments, and the derivatives of the energy by them. */
    fvec *moments, *byMoments;
    fvec *q, *byQ, *hidden[2], *byHidden;
    DescriptorNetworkArrays(Workspace& s, const CpuTables<DescriptorNetworkForce>& t) {
        g = s.perNeighbor(t.angularFunctions);
        dg = s.perNeighbor(t.angularFunctions);
        harmonics = s.perNeighbor(MAX_HARMONICS);
        byG = s.perNeighbor(t.angularFunctions);
        byHarmonics = s.perNeighbor(MAX_HARMONICS);
        f = s.take(t.angularBasis);
        df = s.take(t.angularBasis);
        radial = s.perNeighbor();
        sums = s.take(t.numTypes*t.radialBasis);
        bySums = s.take(t.numTypes*t.radialBasis);
        moments = s.take(t.angularFunctions*MAX_HARMONICS);
        byMoments = s.take(t.angularFunctions*MAX_HARMONICS);
        q = s.take(t.numDescriptors);
        byQ = s.take(t.numDescriptors);
        hidden[0] = s.take(t.maxNeurons);
        hidden[1] = s.take(t.maxNeurons);
        byHidden = s.take(t.maxNeurons);
    }
};

template <int N>
struct Size {
    static constexpr int value = N;
};

/**
 * The products of a matrix with a vector, several rows at once, so that their sums do not wait for each other:
 * calls result(row, sum) for each of them.
 *
 * @param stride, step    how far it is to the next row, and to the next element of a row
 */
template <class Result>
CGBRIDGE_INLINE void multiply(const float* matrix, int numRows, int stride, int numColumns, int step, const fvec* x, Result result) {
    int row = 0;
    auto next = [&] (auto size) __attribute__((always_inline)) {
        fvec sums[size.value] = {};
        for (int column = 0; column < numColumns; column++) {
            const fvec value = x[column];
            for (int i = 0; i < size.value; i++)
                sums[i] += matrix[(row+i)*stride+column*step]*value;
        }
        for (int i = 0; i < size.value; i++)
            result(row+i, sums[i]);
        row += size.value;
    };
    while (row+8 <= numRows)
        next(Size<8>());
    if (row+4 <= numRows)
        next(Size<4>());
    while (row < numRows)
        next(Size<1>());
}

/**
 * The energy of the network of a type, and its derivatives by the descriptors.
 */
CGBRIDGE_INLINE fvec computeNetwork(const CpuTables<DescriptorNetworkForce>& t, DescriptorNetworkArrays& a, int type) {
    const float* layers[2];
    const float* next = t.networks+(size_t) type*t.networkSize;
    const fvec* input = a.q;
    int width = t.numDescriptors;
    for (int layer = 0; layer < t.numLayers; layer++) {
        const float *weights = next, *biases = next+t.neurons[layer]*width;
        fvec* output = a.hidden[layer];
        multiply(weights, t.neurons[layer], width, width, 1, input, [&] (int neuron, fvec sum) __attribute__((always_inline)) {
            output[neuron] = hyperbolicTangent(sum+biases[neuron]);
        });
        layers[layer] = weights;
        next = biases+t.neurons[layer];
        input = output;
        width = t.neurons[layer];
    }
    fvec energy = broadcast(next[width]);
    for (int neuron = 0; neuron < width; neuron++) {
        energy += next[neuron]*input[neuron];
        a.byHidden[neuron] = next[neuron]*(1.0f-input[neuron]*input[neuron]);
    }
    for (int layer = t.numLayers-1; layer >= 0; layer--) {
        const int inputs = (layer == 0 ? t.numDescriptors : t.neurons[layer-1]);
        fvec* byInput = (layer == 0 ? a.byQ : a.hidden[layer]);
        multiply(layers[layer], inputs, 1, t.neurons[layer], inputs, a.byHidden, [&] (int row, fvec sum) __attribute__((always_inline)) {
            byInput[row] = sum;
        });
        if (layer > 0)
            for (int neuron = 0; neuron < inputs; neuron++)
                a.byHidden[neuron] = byInput[neuron]*(1.0f-a.hidden[layer-1][neuron]*a.hidden[layer-1][neuron]);
    }
    return energy;
}

/**
 * A matrix of vectors: how far it is to the next row, and to the next element of a row.
 */
struct LaneMatrix {
    fvec* elements;
    int row, step;
};

/**
 * Rows and Columns elements of c_ab = sum_s a_as b_bs, each lane for itself, at once: what is loaded serves several
 * sums, which do not wait for each other.
 */
template <int Rows, int Columns>
CGBRIDGE_INLINE void multiplyBlock(LaneMatrix a, LaneMatrix b, int length, LaneMatrix c) {
    fvec sums[Rows][Columns] = {};
    for (int s = 0; s < length; s++) {
        fvec left[Rows], right[Columns];
        for (int i = 0; i < Rows; i++)
            left[i] = a.elements[i*a.row+s*a.step];
        for (int j = 0; j < Columns; j++)
            right[j] = b.elements[j*b.row+s*b.step];
        for (int i = 0; i < Rows; i++)
            for (int j = 0; j < Columns; j++)
                sums[i][j] += left[i]*right[j];
    }
    for (int i = 0; i < Rows; i++)
        for (int j = 0; j < Columns; j++)
            c.elements[i*c.row+j*c.step] = sums[i][j];
}

template <int Rows>
CGBRIDGE_INLINE void multiplyRows(LaneMatrix a, LaneMatrix b, int numColumns, int length, LaneMatrix c) {
    int column = 0;
    auto next = [&] (auto size) __attribute__((always_inline)) {
        multiplyBlock<Rows, size.value>(a, b, length, c);
        b.elements += size.value*b.row;
        c.elements += size.value*c.step;
        column += size.value;
    };
    while (column+4 <= numColumns)
        next(Size<4>());
    while (column < numColumns)
        next(Size<1>());
}

/**
 * c_ab = sum_s a_as b_bs for all rows of a and b.
 */
CGBRIDGE_INLINE void multiply(LaneMatrix a, int numRows, LaneMatrix b, int numColumns, int length, LaneMatrix c) {
    int row = 0;
    auto next = [&] (auto size) __attribute__((always_inline)) {
        multiplyRows<size.value>(a, b, numColumns, length, c);
        a.elements += size.value*a.row;
        c.elements += size.value*c.row;
        row += size.value;
    };
    while (row+4 <= numRows)
        next(Size<4>());
    if (row+2 <= numRows)
        next(Size<2>());
    if (row < numRows)
        next(Size<1>());
}

/**
 * The descriptors of one g_n, at q[l*stride].
 */
template <int Order>
CGBRIDGE_INLINE void computeAngularDescriptors(const CpuTables<DescriptorNetworkForce>& t, const fvec* s, fvec* q) {
    for (int l = 1; l <= Order; l++) {
        fvec sum = {};
        for (int m = l*l-1; m < countHarmonics(l); m++)
            sum += HARMONIC_FACTORS[m]*s[m]*s[m];
        q[(l-1)*t.angularFunctions] = sum;
    }
    int term = Order;
    if (Order > 1 && t.hasFourBody) {
        const fvec s12 = s[4]*s[4]+s[5]*s[5], s34 = s[6]*s[6]+s[7]*s[7];
        q[term*t.angularFunctions] = FOUR_BODY*(s[3]*(s[3]*s[3]*(1.0f/36)+0.5f*s12-0.25f*s34)+
                1.5f*s[6]*(s[4]*s[4]-s[5]*s[5])+3.0f*s[4]*s[5]*s[7]);
        term++;
    }
    if (t.hasFiveBody) {
        const fvec v2 = s[0]*s[0]+s[1]*s[1]+s[2]*s[2];
        q[term*t.angularFunctions] = FIVE_BODY*v2*v2;
    }
}

/**
 * The derivatives of the energy by the moments of one g_n, from those by the descriptors.
 */
template <int Order>
CGBRIDGE_INLINE void differentiateAngularDescriptors(const CpuTables<DescriptorNetworkForce>& t, const fvec* s, const fvec* byQ, fvec* bySum) {
    for (int l = 1; l <= Order; l++) {
        const fvec slope = 2.0f*byQ[(l-1)*t.angularFunctions];
        for (int m = l*l-1; m < countHarmonics(l); m++)
            bySum[m] = slope*HARMONIC_FACTORS[m]*s[m];
    }
    int term = Order;
    if (Order > 1 && t.hasFourBody) {
        const fvec slope = FOUR_BODY*byQ[term*t.angularFunctions];
        const fvec s12 = s[4]*s[4]+s[5]*s[5], s34 = s[6]*s[6]+s[7]*s[7];
        bySum[3] += slope*(s[3]*s[3]*(1.0f/12)+0.5f*s12-0.25f*s34);
        bySum[4] += slope*(s[4]*(s[3]+3.0f*s[6])+3.0f*s[5]*s[7]);
        bySum[5] += slope*(s[5]*(s[3]-3.0f*s[6])+3.0f*s[4]*s[7]);
        bySum[6] += slope*(1.5f*(s[4]*s[4]-s[5]*s[5])-0.5f*s[3]*s[6]);
        bySum[7] += slope*(3.0f*s[4]*s[5]-0.5f*s[3]*s[7]);
        term++;
    }
    if (t.hasFiveBody) {
        const fvec slope = 4.0f*FIVE_BODY*byQ[term*t.angularFunctions]*(s[0]*s[0]+s[1]*s[1]+s[2]*s[2]);
        for (int m = 0; m < 3; m++)
            bySum[m] += slope*s[m];
    }
}

/**
 * The radial descriptors: sums of the polynomials first, coefficients afterwards.
 */
template <bool OneType>
CGBRIDGE_INLINE void computeRadialDescriptors(const CpuTables<DescriptorNetworkForce>& t, const NeighborBatch& b, DescriptorNetworkArrays& a, int type) {
    const int size = t.radialFunctions*t.radialBasis;
    for (int index = 0; index < t.numTypes*t.radialBasis; index++)
        a.sums[index] = fvec{};
    for (int j = 0; j < b.count; j++) {
        ChebyshevBasis basis(b.r[j], t.inverseRadialCutoff);
        for (int k = 0; k < t.radialBasis; k++, basis.next()) {
            const fvec value = basis.getValue();
            if (OneType)
                a.sums[k] += value;
            else
                for (int other = 0; other < t.numTypes; other++)
                    a.sums[other*t.radialBasis+k] += select(b.type[j] == other, value, fvec{});
        }
    }
    for (int n = 0; n < t.radialFunctions; n++)
        a.q[n] = fvec{};
    for (int other = 0; other < t.numTypes; other++)
        multiply(t.radial+(size_t) (type*t.numTypes+other)*size, t.radialFunctions, t.radialBasis, t.radialBasis, 1,
                 a.sums+other*t.radialBasis, [&] (int n, fvec sum) __attribute__((always_inline)) {
            a.q[n] += sum;
        });
}

template <bool OneType>
CGBRIDGE_INLINE void differentiateRadialDescriptors(const CpuTables<DescriptorNetworkForce>& t, const NeighborBatch& b, DescriptorNetworkArrays& a, int type) {
    const int size = t.radialFunctions*t.radialBasis;
    for (int other = 0; other < t.numTypes; other++) {
        fvec* bySum = a.bySums+other*t.radialBasis;
        multiply(t.radial+(size_t) (type*t.numTypes+other)*size, t.radialBasis, 1, t.radialFunctions, t.radialBasis, a.byQ,
                 [&] (int k, fvec sum) __attribute__((always_inline)) {
            bySum[k] = sum;
        });
    }
    for (int j = 0; j < b.count; j++) {
        ChebyshevBasis basis(b.r[j], t.inverseRadialCutoff);
        fvec slope = {};
        for (int k = 0; k < t.radialBasis; k++, basis.next()) {
            fvec bySum = a.bySums[k];
            if (!OneType)
                for (int other = 1; other < t.numTypes; other++)
                    bySum = select(b.type[j] == other, a.bySums[other*t.radialBasis+k], bySum);
            slope += bySum*basis.getDerivative();
        }
        a.radial[j] = slope;
    }
}

/**
 * The energy of the repulsion, whose derivatives are added to those of the radial descriptors.
 */
template <bool OneType>
CGBRIDGE_INLINE fvec computeRepulsion(const CpuTables<DescriptorNetworkForce>& t, const NeighborBatch& b, DescriptorNetworkArrays& a, int type) {
    const PairParameters<OneType> parameter(b, type, t.numTypes);
    const fvec zero = {};
    fvec energy = {};
    for (int j = 0; j < b.count; j++) {
        // What fills up a lane lies beyond the cutoff.
        const fvec strength = select(b.r[j]*t.inverseRadialCutoff < 1.0f, parameter(t.halfRepulsion, j), zero);
        const fvec inverse2 = b.inverseR[j]*b.inverseR[j], inverse6 = inverse2*inverse2*inverse2, inverse12 = inverse6*inverse6;
        energy += strength*(inverse12-13.0f*t.repulsionEdge+12.0f*t.repulsionSlope*b.r[j]);
        a.radial[j] += 12.0f*strength*(t.repulsionSlope-inverse12*b.inverseR[j]);
    }
    return energy;
}

/**
 * Order is 0 without angular descriptors.
 */
template <int Order, bool OneType>
struct DescriptorNetworkLoops {
    using Force = DescriptorNetworkForce;
    using Arrays = DescriptorNetworkArrays;
    CGBRIDGE_INLINE fvec compute(const CpuTables<Force>& t, NeighborBatch& b, Arrays& a, int type) {
        computeRadialDescriptors<OneType>(t, b, a, type);
        if constexpr (Order > 0)
            computeAngular(t, b, a, type);
        fvec energy = computeNetwork(t, a, type);
        differentiateRadialDescriptors<OneType>(t, b, a, type);
        if (t.hasRepulsion)
            energy += computeRepulsion<OneType>(t, b, a, type);
        if constexpr (Order > 0)
            differentiateAngular(t, b, a);
        for (int j = (Order > 0 ? b.countNear : 0); j < b.count; j++)
            b.setGradient(j, a.radial[j], Turn());
        return energy;
    }
private:
    static constexpr int M = countHarmonics(Order);
    /**
     * The functions g_n of a neighbour and their derivatives, four at once.
     */
    CGBRIDGE_INLINE void computeFunctions(const CpuTables<Force>& t, const NeighborBatch& b, Arrays& a, const float* coefficients, int j) {
        ChebyshevBasis basis(b.r[j], t.inverseAngularCutoff);
        for (int k = 0; k < t.angularBasis; k++, basis.next()) {
            a.f[k] = basis.getValue();
            a.df[k] = basis.getDerivative();
        }
        int n = 0;
        auto next = [&] (auto size) __attribute__((always_inline)) {
            fvec g[size.value] = {}, dg[size.value] = {};
            for (int k = 0; k < t.angularBasis; k++) {
                const fvec value = a.f[k], derivative = a.df[k];
                for (int i = 0; i < size.value; i++) {
                    const float* table = coefficients+((n+i)*t.angularBasis+k)*t.numTypes;
                    const fvec c = OneType ? broadcast(*table) : lookUp(table, b.type[j], t.numTypes);
                    g[i] += c*value;
                    dg[i] += c*derivative;
                }
            }
            for (int i = 0; i < size.value; i++) {
                a.g[(n+i)*b.maxCount+j] = g[i];
                a.dg[(n+i)*b.maxCount+j] = dg[i];
            }
            n += size.value;
        };
        while (n+4 <= t.angularFunctions)
            next(Size<4>());
        while (n < t.angularFunctions)
            next(Size<1>());
    }
    CGBRIDGE_INLINE void computeAngular(const CpuTables<Force>& t, NeighborBatch& b, Arrays& a, int type) {
        const float* coefficients = t.angular+(size_t) type*t.angularFunctions*t.angularBasis*t.numTypes;
        for (int j = 0; j < b.countNear; j++) {
            computeHarmonics<Order>(b.x[j], b.y[j], b.z[j], a.harmonics+j*M);
            computeFunctions(t, b, a, coefficients, j);
        }
        multiply({a.g, b.maxCount, 1}, t.angularFunctions, {a.harmonics, 1, M}, M, b.countNear, {a.moments, M, 1});
        for (int n = 0; n < t.angularFunctions; n++)
            computeAngularDescriptors<Order>(t, a.moments+n*M, a.q+t.radialFunctions+n);
    }
    CGBRIDGE_INLINE void differentiateAngular(const CpuTables<Force>& t, NeighborBatch& b, Arrays& a) {
        for (int n = 0; n < t.angularFunctions; n++)
            differentiateAngularDescriptors<Order>(t, a.moments+n*M, a.byQ+t.radialFunctions+n, a.byMoments+n*M);
        multiply({a.g, 1, b.maxCount}, b.countNear, {a.byMoments, 1, M}, M, t.angularFunctions, {a.byHarmonics, M, 1});
        multiply({a.byMoments, M, 1}, t.angularFunctions, {a.harmonics, M, 1}, b.countNear, M, {a.byG, b.maxCount, 1});
        for (int j = 0; j < b.countNear; j++) {
            fvec slope = a.radial[j];
            for (int n = 0; n < t.angularFunctions; n++)
                slope += a.dg[n*b.maxCount+j]*a.byG[n*b.maxCount+j];
            const fvec x = b.x[j], y = b.y[j], z = b.z[j], inverseR = b.inverseR[j];
            fvec dx, dy, dz;
            differentiateHarmonics<Order>(x, y, z, a.byHarmonics+j*M, dx, dy, dz);
            b.setGradient(j, slope, Turn{dx*inverseR, dy*inverseR, dz*inverseR, (dx*x+dy*y+dz*z)*inverseR});
        }
    }
};

template <>
struct FormLoops<DescriptorNetworkForce> {
    using Arrays = DescriptorNetworkArrays;
    template <bool OneType>
    static auto chooseOrder(const CpuTables<DescriptorNetworkForce>& t) {
        switch (t.angularOrder) {
            case 0: return computeBatches<DescriptorNetworkLoops<0, OneType> >;
            case 1: return computeBatches<DescriptorNetworkLoops<1, OneType> >;
            case 2: return computeBatches<DescriptorNetworkLoops<2, OneType> >;
            case 3: return computeBatches<DescriptorNetworkLoops<3, OneType> >;
            default: return computeBatches<DescriptorNetworkLoops<4, OneType> >;
        }
    }
    static auto choose(const CpuTables<DescriptorNetworkForce>& t) {
        return t.numTypes == 1 ? chooseOrder<true>(t) : chooseOrder<false>(t);
    }
};

} // namespace
} // namespace CGBridge
