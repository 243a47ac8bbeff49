/**
 * Networks of descriptors; DescriptorNetworkForce.h has the formulas.  The host defines
 *
 *   RADIAL_FUNCTIONS, RADIAL_BASIS     the numbers of functions and of polynomials of the radial descriptors
 *   ANGULAR_FUNCTIONS, ANGULAR_BASIS   those of the angular ones, and ORDER their highest l; all 0 if there are none
 *   NUM_DESCRIPTORS                    the number of all descriptors
 *   FIRST_LAYER, SECOND_LAYER          the numbers of neurons; 0 for no second layer
 *   RADIAL_CUTOFF, ANGULAR_CUTOFF      the distances up to which neighbours are seen
 *   FOUR_BODY, FIVE_BODY               the factors of q_n222 and q_n1111, where there are these descriptors
 *
 * Angular descriptors are squares of moments,
 *
 *     sum_jk g_j g_k P_l(u_j.u_k) = sum_m a_lm (sum_j g_j Y_lm(u_j))^2,
 *
 * with the real harmonics Y_lm as polynomials and the factors a_lm of the addition theorem.  Of the threads of a centre
 * each has some neighbours, some functions g_n with their moments, and some neurons.  What one can compute is a function
 * of the first element and the stride, because one thread alone does all for a crowded centre.
 */

#define ANGULAR_COEFFICIENTS (RADIAL_FUNCTIONS*RADIAL_BASIS)
#define HALF_REPULSION (ANGULAR_COEFFICIENTS+ANGULAR_FUNCTIONS*ANGULAR_BASIS)
#define NUM_HARMONICS (ORDER*(ORDER+2))
#define NUM_MOMENTS (ANGULAR_FUNCTIONS*NUM_HARMONICS)
// The descriptors of a g_n are those of l = 1 to ORDER, then q_n222, then q_n1111.
#ifdef FOUR_BODY
#define FIVE_BODY_TERM (ORDER+1)
#else
#define FIVE_BODY_TERM ORDER
#endif

/**
 * The polynomials f_k = h (T_k(x)+1) with h = fC/2, and their derivatives by r, one after the other.
 */
typedef struct {
    real h, dh, hdx, twoX, t, nextT, u, nextU;
} Basis;

DEVICE Basis startBasis(real r, real inverseCutoff) {
    // From the distance to the end in units of the cutoff: near the end all is small and keeps its digits.
    real v = 1-r*inverseCutoff, sine = SIN(v*(0.5f*PI)), cosine = COS(v*(0.5f*PI));
    real h = 0.5f*sine*sine, x = 2*v*v-1;
    Basis basis = {h, -0.5f*PI*inverseCutoff*sine*cosine, -4*v*inverseCutoff*h, 2*x, 1, x, 0, 1};
    return basis;
}

DEVICE real getValue(Basis b) {
    return b.h*b.t+b.h;
}

DEVICE real getDerivative(Basis b, int k) {
    return k*b.u*b.hdx+(b.t*b.dh+b.dh);
}

DEVICE void nextPolynomial(Basis* b) {
    real afterT = b->twoX*b->nextT-b->t, afterU = b->twoX*b->nextU-b->u;
    b->t = b->nextT;
    b->nextT = afterT;
    b->u = b->nextU;
    b->nextU = afterU;
}

DEVICE GLOBAL const real* getPair(GLOBAL const real* pairs, int type1, int type2) {
    return pairs+PAIR_ROW*(type1*NUM_TYPES+type2);
}

DEVICE void addRadialFunctions(GLOBAL const real* RESTRICT pair, real r, real* sums) {
    Basis basis = startBasis(r, 1/(real) RADIAL_CUTOFF);
    for (int k = 0; k < RADIAL_BASIS; k++) {
        real value = getValue(basis);
        for (int n = 0; n < RADIAL_FUNCTIONS; n++)
            sums[n] += pair[n*RADIAL_BASIS+k]*value;
        nextPolynomial(&basis);
    }
}

/**
 * Get half the energy of the repulsion, or its derivative.
 */
DEVICE real getRepulsion(real strength, real r) {
    const real edge = 1/(real) RADIAL_CUTOFF;
    real inverse2 = 1/(r*r), edge2 = edge*edge;
    return strength*(inverse2*inverse2*inverse2*inverse2*inverse2*inverse2-edge2*edge2*edge2*edge2*edge2*edge2*(13-12*edge*r));
}

DEVICE real getRepulsionSlope(real strength, real r) {
    const real edge = 1/(real) RADIAL_CUTOFF;
    real inverse = 1/r, inverse2 = inverse*inverse, edge2 = edge*edge;
    return 12*strength*(edge2*edge2*edge2*edge2*edge2*edge2*edge-inverse2*inverse2*inverse2*inverse2*inverse2*inverse2*inverse);
}

#if ORDER > 0
DEVICE real getAngularFunction(GLOBAL const real* RESTRICT pair, int n, real r) {
    GLOBAL const real* RESTRICT coefficients = pair+ANGULAR_COEFFICIENTS+n*ANGULAR_BASIS;
    Basis basis = startBasis(r, 1/(real) ANGULAR_CUTOFF);
    real g = 0;
    for (int k = 0; k < ANGULAR_BASIS; k++) {
        g += coefficients[k]*getValue(basis);
        nextPolynomial(&basis);
    }
    return g;
}

/**
 * The harmonics of order l stand from l*l-1 on: 3, 5, 7 and 9 of them.
 */
DEVICE void computeHarmonics(real x, real y, real z, real* h) {
    h[0] = x;
    h[1] = y;
    h[2] = z;
#if ORDER > 1
    const real z2 = z*z, difference = x*x-y*y, product = 2*x*y;
    h[3] = 3*z2-1;
    h[4] = x*z;
    h[5] = y*z;
    h[6] = difference;
    h[7] = product;
#endif
#if ORDER > 2
    const real five = 5*z2-1, c3 = (difference-2*y*y)*x, s3 = (difference+2*x*x)*y;
    h[8] = (five-2)*z;
    h[9] = five*x;
    h[10] = five*y;
    h[11] = difference*z;
    h[12] = product*z;
    h[13] = c3;
    h[14] = s3;
#endif
#if ORDER > 3
    const real seven = 7*z2-1;
    h[15] = (35*z2-30)*z2+3;
    h[16] = (seven-2)*h[4];
    h[17] = (seven-2)*h[5];
    h[18] = seven*difference;
    h[19] = seven*product;
    h[20] = c3*z;
    h[21] = s3*z;
    h[22] = difference*difference-product*product;
    h[23] = 2*difference*product;
#endif
}

/**
 * The derivatives by x, y and z of a sum of the polynomials, of which w are the weights.
 */
DEVICE real3 differentiateHarmonics(real x, real y, real z, const real* w) {
    real3 d = make_real3(w[0], w[1], w[2]);
#if ORDER > 1
    const real z2 = z*z, difference = x*x-y*y, product = 2*x*y, x2 = 2*x, y2 = 2*y;
    d.x += w[4]*z+w[6]*x2+w[7]*y2;
    d.y += w[5]*z-w[6]*y2+w[7]*x2;
    d.z += 6*z*w[3]+w[4]*x+w[5]*y;
#endif
#if ORDER > 2
    const real five = 5*z2-1, d3 = 3*difference, p3 = 3*product;
    d.x += w[9]*five+z*(w[11]*x2+w[12]*y2)+w[13]*d3+w[14]*p3;
    d.y += w[10]*five+z*(w[12]*x2-w[11]*y2)+w[14]*d3-w[13]*p3;
    d.z += w[8]*(3*five)+10*z*(w[9]*x+w[10]*y)+w[11]*difference+w[12]*product;
#endif
#if ORDER > 3
    const real seven = 7*z2-1, inner = (seven-2)*z, c3 = (difference-2*y*y)*x, s3 = (difference+2*x*x)*y;
    d.x += w[16]*inner+seven*(w[18]*x2+w[19]*y2)+z*(w[20]*d3+w[21]*p3)+4*(w[22]*c3+w[23]*s3);
    d.y += w[17]*inner+seven*(w[19]*x2-w[18]*y2)+z*(w[21]*d3-w[20]*p3)+4*(w[23]*c3-w[22]*s3);
    d.z += w[15]*(20*inner)+(3*seven)*(w[16]*x+w[17]*y)+14*z*(w[18]*difference+w[19]*product)+w[20]*c3+w[21]*s3;
#endif
    return d;
}

/**
 * Get a_lm times (2l+1)/(4 pi).
 */
DEVICE real getFactor(int index) {
    const real f1 = 3/(4*PI), f2 = 5/(4*PI), f3 = 7/(4*PI), f4 = 9/(4*PI);
    const real factors[24] = {f1, f1, f1, f2/4, 3*f2, 3*f2, 3*f2/4, 3*f2/4,
            f3/4, 3*f3/8, 3*f3/8, 15*f3/4, 15*f3/4, 5*f3/8, 5*f3/8,
            f4/64, 5*f4/8, 5*f4/8, 5*f4/16, 5*f4/16, 35*f4/8, 35*f4/8, 35*f4/64, 35*f4/64};
    return factors[index];
}

/**
 * Compute the descriptors of one g_n from its moments.
 *
 * @param q    those of n, ANGULAR_FUNCTIONS apart
 */
DEVICE void computeDescriptors(const real* s, LOCAL_ARG real* q) {
    for (int l = 1; l <= ORDER; l++) {
        real sum = 0;
        for (int m = l*l-1; m < l*(l+2); m++)
            sum += getFactor(m)*s[m]*s[m];
        q[(l-1)*ANGULAR_FUNCTIONS] = sum;
    }
#ifdef FOUR_BODY
    real s12 = s[4]*s[4]+s[5]*s[5], s34 = s[6]*s[6]+s[7]*s[7];
    q[ORDER*ANGULAR_FUNCTIONS] = FOUR_BODY*(s[3]*(s[3]*s[3]/36+s12/2-s34/4)+3*s[6]*(s[4]*s[4]-s[5]*s[5])/2+3*s[4]*s[5]*s[7]);
#endif
#ifdef FIVE_BODY
    real v2 = s[0]*s[0]+s[1]*s[1]+s[2]*s[2];
    q[FIVE_BODY_TERM*ANGULAR_FUNCTIONS] = FIVE_BODY*v2*v2;
#endif
}

/**
 * Replace the moments of one g_n by the derivatives of the energy by them.
 *
 * @param byQ    the derivatives by the descriptors of n, ANGULAR_FUNCTIONS apart
 */
DEVICE void differentiateDescriptors(LOCAL_ARG real* moments, LOCAL_ARG const real* byQ) {
    real s[NUM_HARMONICS];
    for (int m = 0; m < NUM_HARMONICS; m++)
        s[m] = moments[m];
    for (int l = 1; l <= ORDER; l++) {
        real slope = 2*byQ[(l-1)*ANGULAR_FUNCTIONS];
        for (int m = l*l-1; m < l*(l+2); m++)
            moments[m] = slope*getFactor(m)*s[m];
    }
#ifdef FOUR_BODY
    real slope4 = FOUR_BODY*byQ[ORDER*ANGULAR_FUNCTIONS], s12 = s[4]*s[4]+s[5]*s[5], s34 = s[6]*s[6]+s[7]*s[7];
    moments[3] += slope4*(s[3]*s[3]/12+s12/2-s34/4);
    moments[4] += slope4*(s[4]*(s[3]+3*s[6])+3*s[5]*s[7]);
    moments[5] += slope4*(s[5]*(s[3]-3*s[6])+3*s[4]*s[7]);
    moments[6] += slope4*(3*(s[4]*s[4]-s[5]*s[5])-s[3]*s[6])/2;
    moments[7] += slope4*(3*s[4]*s[5]-s[3]*s[7]/2);
#endif
#ifdef FIVE_BODY
    real slope5 = 4*FIVE_BODY*byQ[FIVE_BODY_TERM*ANGULAR_FUNCTIONS]*(s[0]*s[0]+s[1]*s[1]+s[2]*s[2]);
    for (int m = 0; m < 3; m++)
        moments[m] += slope5*s[m];
#endif
}

/**
 * Add what one neighbour gives to the moments of one g_n.
 */
DEVICE void addToMoments(GLOBAL const real* RESTRICT pair, int n, real4 unit, real* s) {
    real h[NUM_HARMONICS], g = getAngularFunction(pair, n, unit.w);
    computeHarmonics(unit.x, unit.y, unit.z, h);
    for (int m = 0; m < NUM_HARMONICS; m++)
        s[m] += g*h[m];
}
#endif

/**
 * Get the derivative of the energy of a centre by the position of one of its neighbours.
 */
DEVICE real3 getNeighborGradient(GLOBAL const real* RESTRICT pair, real4 unit, real weight, LOCAL_ARG const real* RESTRICT byQ,
        LOCAL_ARG const real* RESTRICT byMoments) {
    real slope = getRepulsionSlope(pair[HALF_REPULSION], unit.w);
    real3 turn = make_real3(0, 0, 0);
    Basis basis = startBasis(unit.w, 1/(real) RADIAL_CUTOFF);
    for (int k = 0; k < RADIAL_BASIS; k++) {
        real byF = 0;
        for (int n = 0; n < RADIAL_FUNCTIONS; n++)
            byF += pair[n*RADIAL_BASIS+k]*byQ[n];
        slope += byF*getDerivative(basis, k);
        nextPolynomial(&basis);
    }
#if ORDER > 0
    if (unit.w < ANGULAR_CUTOFF) {
        GLOBAL const real* RESTRICT coefficients = pair+ANGULAR_COEFFICIENTS;
        real h[NUM_HARMONICS], byH[NUM_HARMONICS], f[ANGULAR_BASIS], byF[ANGULAR_BASIS];
        basis = startBasis(unit.w, 1/(real) ANGULAR_CUTOFF);
        for (int k = 0; k < ANGULAR_BASIS; k++) {
            f[k] = getValue(basis);
            byF[k] = 0;
            nextPolynomial(&basis);
        }
        computeHarmonics(unit.x, unit.y, unit.z, h);
        for (int m = 0; m < NUM_HARMONICS; m++)
            byH[m] = 0;
        for (int n = 0; n < ANGULAR_FUNCTIONS; n++) {
            real g = 0, byG = 0;
            for (int k = 0; k < ANGULAR_BASIS; k++)
                g += coefficients[n*ANGULAR_BASIS+k]*f[k];
            for (int m = 0; m < NUM_HARMONICS; m++) {
                real byMoment = byMoments[n*NUM_HARMONICS+m];
                byG += byMoment*h[m];
                byH[m] += byMoment*g;
            }
            for (int k = 0; k < ANGULAR_BASIS; k++)
                byF[k] += coefficients[n*ANGULAR_BASIS+k]*byG;
        }
        basis = startBasis(unit.w, 1/(real) ANGULAR_CUTOFF);
        for (int k = 0; k < ANGULAR_BASIS; k++) {
            slope += byF[k]*getDerivative(basis, k);
            nextPolynomial(&basis);
        }
        turn = differentiateHarmonics(unit.x, unit.y, unit.z, byH);
    }
#endif
    return getGradient(unit, weight*slope, make_real3(weight*turn.x, weight*turn.y, weight*turn.z));
}

/**
 * A network stands layer by layer: weights, with one row for a neuron, and biases; at last the output.
 */
#define SECOND_WEIGHTS (FIRST_LAYER*(NUM_DESCRIPTORS+1))
#define LAST_LAYER (SECOND_LAYER > 0 ? SECOND_LAYER : FIRST_LAYER)
#define OUTPUT (SECOND_LAYER > 0 ? SECOND_WEIGHTS+SECOND_LAYER*(FIRST_LAYER+1) : SECOND_WEIGHTS)

DEVICE void computeLayer(int first, int stride, GLOBAL const real* RESTRICT weights, int numInputs, int numNeurons,
        LOCAL_ARG const real* RESTRICT input, LOCAL_ARG real* RESTRICT output) {
    for (int neuron = first; neuron < numNeurons; neuron += stride) {
        real sum = weights[numNeurons*numInputs+neuron];
        for (int i = 0; i < numInputs; i++)
            sum += weights[neuron*numInputs+i]*input[i];
        output[neuron] = tanh(sum);
    }
}

/**
 * Compute the energy, and replace the neurons of the last layer by the derivatives by what goes into them.
 */
DEVICE real computeOutput(int first, int stride, GLOBAL const real* RESTRICT network, LOCAL_ARG real* RESTRICT last) {
    GLOBAL const real* RESTRICT weights = network+OUTPUT;
    real energy = (first == 0 ? weights[LAST_LAYER] : (real) 0);
    for (int neuron = first; neuron < LAST_LAYER; neuron += stride) {
        real value = last[neuron];
        energy += weights[neuron]*value;
        last[neuron] = weights[neuron]*(1-value*value);
    }
    return energy;
}

/**
 * Get the derivative by one input of a layer.
 */
DEVICE real differentiateLayer(int input, GLOBAL const real* RESTRICT weights, int numInputs, int numNeurons, LOCAL_ARG const real* RESTRICT slopes) {
    real sum = 0;
    for (int neuron = 0; neuron < numNeurons; neuron++)
        sum += weights[neuron*numInputs+input]*slopes[neuron];
    return sum;
}

DEVICE void differentiateSecondLayer(int first, int stride, GLOBAL const real* RESTRICT network, LOCAL_ARG real* RESTRICT hidden) {
    for (int neuron = first; neuron < FIRST_LAYER; neuron += stride)
        hidden[neuron] = (1-hidden[neuron]*hidden[neuron])*
                differentiateLayer(neuron, network+SECOND_WEIGHTS, FIRST_LAYER, SECOND_LAYER, hidden+FIRST_LAYER);
}

/**
 * Replace the descriptors by the derivatives of the energy by them.
 */
DEVICE void differentiateFirstLayer(int first, int stride, GLOBAL const real* RESTRICT network, LOCAL_ARG const real* RESTRICT hidden,
        LOCAL_ARG real* RESTRICT q) {
    for (int i = first; i < NUM_DESCRIPTORS; i += stride)
        q[i] = differentiateLayer(i, network, NUM_DESCRIPTORS, FIRST_LAYER, hidden);
}

/**
 * Get the energy of a crowded centre, whose first lane does it all.
 */
DEVICE real computeCrowded(int center, int type, real weight, Forces forces, GLOBAL const real* RESTRICT pairs, GLOBAL const real* RESTRICT network,
        LOCAL_ARG real* q, LOCAL_ARG real* hidden, LOCAL_ARG real* moments, CELL_PARAMETERS, real3* total) {
    if (LOCAL_ID%LANES != 0)
        return 0;
    real energy = 0, sums[RADIAL_FUNCTIONS];
    for (int n = 0; n < RADIAL_FUNCTIONS; n++)
        sums[n] = 0;
    FOR_EACH_NEAR(slot, unit)
        GLOBAL const real* pair = getPair(pairs, type, getType(slotPos[slot]));
        addRadialFunctions(pair, unit.w, sums);
        energy += getRepulsion(pair[HALF_REPULSION], unit.w);
    END_FOR_EACH_NEAR
    for (int n = 0; n < RADIAL_FUNCTIONS; n++)
        q[n] = sums[n];
#if ORDER > 0
    for (int n = 0; n < ANGULAR_FUNCTIONS; n++) {
        real s[NUM_HARMONICS];
        for (int m = 0; m < NUM_HARMONICS; m++)
            s[m] = 0;
        FOR_EACH_NEAR(slot, unit)
            if (unit.w < ANGULAR_CUTOFF)
                addToMoments(getPair(pairs, type, getType(slotPos[slot])), n, unit, s);
        END_FOR_EACH_NEAR
        computeDescriptors(s, q+RADIAL_FUNCTIONS+n);
        for (int m = 0; m < NUM_HARMONICS; m++)
            moments[n*NUM_HARMONICS+m] = s[m];
    }
#endif
    computeLayer(0, 1, network, NUM_DESCRIPTORS, FIRST_LAYER, q, hidden);
    if (SECOND_LAYER > 0)
        computeLayer(0, 1, network+SECOND_WEIGHTS, FIRST_LAYER, SECOND_LAYER, hidden, hidden+FIRST_LAYER);
    energy += computeOutput(0, 1, network, hidden+(SECOND_LAYER > 0 ? FIRST_LAYER : 0));
    if (SECOND_LAYER > 0)
        differentiateSecondLayer(0, 1, network, hidden);
    differentiateFirstLayer(0, 1, network, hidden, q);
#if ORDER > 0
    for (int n = 0; n < ANGULAR_FUNCTIONS; n++)
        differentiateDescriptors(moments+n*NUM_HARMONICS, q+RADIAL_FUNCTIONS+n);
#endif
    FOR_EACH_NEAR(slot, unit)
        real3 gradient = getNeighborGradient(getPair(pairs, type, getType(slotPos[slot])), unit, weight, q, moments);
        total->x += gradient.x;
        total->y += gradient.y;
        total->z += gradient.z;
        addForce(forces, slot, scale, -gradient.x, -gradient.y, -gradient.z);
    END_FOR_EACH_NEAR
    return energy;
}

KERNEL LAUNCH_BOUNDS void computeForces(FORCE_PARAMETERS) {
    FORCE_VARIABLES
#if ORDER > 0
    LOCAL int order[CENTERS*ROW], numNear[CENTERS];
#endif
    LOCAL real partial[BLOCK*RADIAL_FUNCTIONS];
    LOCAL real allDescriptors[CENTERS*NUM_DESCRIPTORS], allHidden[CENTERS*(FIRST_LAYER+SECOND_LAYER)], allMoments[CENTERS*NUM_MOMENTS+1];
    LOCAL_ARG real *q = allDescriptors+group*NUM_DESCRIPTORS, *hidden = allHidden+group*(FIRST_LAYER+SECOND_LAYER);
    LOCAL_ARG real* moments = allMoments+group*NUM_MOMENTS;
    FOR_EACH_CENTER
        GLOBAL const real* RESTRICT network = centers+type*CENTER_ROW;
        // A centre without weight, and here a crowded one, is nobody's.
        const int mine = (count < 0 || weight == 0 ? NUM_DESCRIPTORS+FIRST_LAYER+SECOND_LAYER : lane);
        real own[RADIAL_FUNCTIONS];
        for (int n = 0; n < RADIAL_FUNCTIONS; n++)
            own[n] = 0;
        for (int j = lane; j < count; j += LANES) {
            GLOBAL const real* pair = getPair(pairs, type, NUM_TYPES > 1 ? neighborType[base+j] : 0);
            addRadialFunctions(pair, neighbor[base+j].w, own);
            energy += weight*getRepulsion(pair[HALF_REPULSION], neighbor[base+j].w);
        }
        for (int n = 0; n < RADIAL_FUNCTIONS; n++)
            partial[LOCAL_ID*RADIAL_FUNCTIONS+n] = own[n];
#if ORDER > 0
        // Those within the cutoff of the angular descriptors come first: lanes side by side have the same to do.
        if (mine == 0) {
            int near = 0, far = count;
            for (int j = 0; j < count; j++)
                order[base+(neighbor[base+j].w < ANGULAR_CUTOFF ? near++ : --far)] = j;
            numNear[group] = near;
        }
#endif
        SYNC_CENTER;
        for (int n = mine; n < RADIAL_FUNCTIONS; n += LANES) {
            real sum = 0;
            for (int i = 0; i < LANES; i++)
                sum += partial[(LOCAL_ID-lane+i)*RADIAL_FUNCTIONS+n];
            q[n] = sum;
        }
#if ORDER > 0
        for (int n = mine; n < ANGULAR_FUNCTIONS; n += LANES) {
            real s[NUM_HARMONICS];
            for (int m = 0; m < NUM_HARMONICS; m++)
                s[m] = 0;
            for (int i = 0; i < numNear[group]; i++) {
                int j = order[base+i];
                addToMoments(getPair(pairs, type, NUM_TYPES > 1 ? neighborType[base+j] : 0), n, neighbor[base+j], s);
            }
            computeDescriptors(s, q+RADIAL_FUNCTIONS+n);
            for (int m = 0; m < NUM_HARMONICS; m++)
                moments[n*NUM_HARMONICS+m] = s[m];
        }
#endif
        SYNC_CENTER;
        computeLayer(mine, LANES, network, NUM_DESCRIPTORS, FIRST_LAYER, q, hidden);
        SYNC_CENTER;
#if SECOND_LAYER > 0
        computeLayer(mine, LANES, network+SECOND_WEIGHTS, FIRST_LAYER, SECOND_LAYER, hidden, hidden+FIRST_LAYER);
        SYNC_CENTER;
#endif
        energy += weight*computeOutput(mine, LANES, network, hidden+(SECOND_LAYER > 0 ? FIRST_LAYER : 0));
        SYNC_CENTER;
#if SECOND_LAYER > 0
        differentiateSecondLayer(mine, LANES, network, hidden);
        SYNC_CENTER;
#endif
        differentiateFirstLayer(mine, LANES, network, hidden, q);
        SYNC_CENTER;
#if ORDER > 0
        for (int n = mine; n < ANGULAR_FUNCTIONS; n += LANES)
            differentiateDescriptors(moments+n*NUM_HARMONICS, q+RADIAL_FUNCTIONS+n);
        SYNC_CENTER;
#endif
        for (int i = lane; i < count; i += LANES) {
#if ORDER > 0
            int j = order[base+i];
#else
            int j = i;
#endif
            GLOBAL const real* pair = getPair(pairs, type, NUM_TYPES > 1 ? neighborType[base+j] : 0);
            real3 gradient = getNeighborGradient(pair, neighbor[base+j], weight, q, moments);
            total.x += gradient.x;
            total.y += gradient.y;
            total.z += gradient.z;
            addForce(forces, neighborSlot[base+j], scale, -gradient.x, -gradient.y, -gradient.z);
        }
    END_FOR_EACH_CENTER(computeCrowded(center, type, weight, forces, pairs, network, q, hidden, moments, CELL_ARGUMENTS, &total))
}
