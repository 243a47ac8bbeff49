/*
 * The Stillinger-Weber energy and its gradient for batches of centres.  Included into each
 * translation unit that is compiled for an instruction set.
 *
 * The angular function is a polynomial of the cosine, so the sum over pairs of neighbours follows
 * from moments of the neighbours of each type,
 *
 *     m0 = sum_j h_j,   m1 = sum_j h_j u_j,   m2 = sum_j h_j u_j (x) u_j,
 *     sum_{j,k} h_j h_k (u_j.u_k - c)^2 = m2:m2 - 2 c m1.m1 + c^2 m0^2,
 *
 * less the terms with j = k, sum_j h_j^2 (1-c)^2.  The work grows with the number of neighbours and
 * not with its square.
 */

namespace CGBridge {
namespace {

struct Moments {
    fvec m0, x, y, z, xx, xy, xz, yy, yz, zz;
};

CGBRIDGE_INLINE void add(Moments& m, fvec h, fvec x, fvec y, fvec z) {
    fvec hx = h*x, hy = h*y, hz = h*z;
    m.m0 += h;
    m.x += hx;
    m.y += hy;
    m.z += hz;
    m.xx += hx*x;
    m.xy += hx*y;
    m.xz += hx*z;
    m.yy += hy*y;
    m.yz += hy*z;
    m.zz += hz*z;
}

/**
 * Add the moments of one type, weighted for the energy of a neighbour of another.
 */
CGBRIDGE_INLINE void addWeighted(Moments& sum, const Moments& m, float strength, float cosTheta0) {
    float first = -2*cosTheta0*strength, zeroth = cosTheta0*cosTheta0*strength;
    sum.m0 += zeroth*m.m0;
    sum.x += first*m.x;
    sum.y += first*m.y;
    sum.z += first*m.z;
    sum.xx += strength*m.xx;
    sum.xy += strength*m.xy;
    sum.xz += strength*m.xz;
    sum.yy += strength*m.yy;
    sum.yz += strength*m.yz;
    sum.zz += strength*m.zz;
}

struct StillingerWeberArrays {
    fvec *h, *dh, *radial;
    StillingerWeberArrays(Workspace& s, const CpuTables<StillingerWeberForce>& tables) : h(s.perNeighbor()), dh(s.perNeighbor()), radial(s.perNeighbor()) {
    }
};

/**
 * Compute the pair energy and the radial factor h of the angular energy, with their derivatives.
 */
template <bool OneType>
CGBRIDGE_INLINE fvec computePairs(const CpuTables<StillingerWeberForce>& t, const NeighborBatch& b, StillingerWeberArrays& a, int type) {
    fvec energy = {}, zero = {};
    const PairParameters<OneType> parameter(b, type, t.numTypes);
    for (int k = 0; k < b.count; k++) {
        fvec r = b.r[k];
        fvec sigma = parameter(t.sigma, k), gammaSigma = parameter(t.gammaSigma, k), p = parameter(t.p, k), q = parameter(t.q, k);
        ivec inRange = r < parameter(t.range, k);

        // Out of range the distance to the cutoff is replaced by one that makes both factors vanish.
        fvec inverse = 1.0f/select(inRange, minimum(r-parameter(t.cut, k), broadcast(-1e-12f)), broadcast(-1e-12f));
        fvec inverse2 = select(inRange, inverse*inverse, zero);
        fvec logRatio = logarithm(sigma*b.inverseR[k]);
        fvec decay = select(inRange, exponential(sigma*inverse), zero);
        fvec repulsion = parameter(t.repulsion, k)*exponential(p*logRatio)*decay;
        fvec attraction = parameter(t.attraction, k)*exponential(q*logRatio)*decay;
        energy += 0.5f*(repulsion-attraction);
        a.radial[k] = 0.5f*((q*attraction-p*repulsion)*b.inverseR[k] - (repulsion-attraction)*sigma*inverse2);
        fvec h = select(inRange, exponential(gammaSigma*inverse), zero);
        a.h[k] = h;
        a.dh[k] = select(h > 0.0f, -gammaSigma*inverse2*h, zero);
    }
    return energy;
}

/**
 * Compute the angular energy of the neighbours with given effective moments: returns twice their
 * share and sets the gradient.
 */
CGBRIDGE_INLINE fvec computeAngles(NeighborBatch& b, StillingerWeberArrays& a, int k, const Moments& m, fvec self) {
    fvec x = b.x[k], y = b.y[k], z = b.z[k], h = a.h[k];
    fvec qx = m.xx*x+m.xy*y+m.xz*z, qy = m.xy*x+m.yy*y+m.yz*z, qz = m.xz*x+m.yz*y+m.zz*z;
    fvec second = qx*x+qy*y+qz*z, first = m.x*x+m.y*y+m.z*z;
    fvec perH = second+first+m.m0-self*h;
    fvec radial = a.radial[k]+a.dh[k]*perH;
    fvec turn = h*b.inverseR[k];
    fvec tx = 2.0f*qx+m.x, ty = 2.0f*qy+m.y, tz = 2.0f*qz+m.z;
    b.setGradient(k, radial, {turn*tx, turn*ty, turn*tz, turn*(2.0f*second+first)});
    return h*perH;
}

CGBRIDGE_INLINE fvec computeOneType(const CpuTables<StillingerWeberForce>& t, NeighborBatch& b, StillingerWeberArrays& a) {
    fvec energy = computePairs<true>(t, b, a, 0);
    Moments moments = {}, weighted = {};
    for (int k = 0; k < b.count; k++)
        add(moments, a.h[k], b.x[k], b.y[k], b.z[k]);
    float strength = t.lambdaEpsilon[0], cosTheta0 = t.cosTheta0[0];
    addWeighted(weighted, moments, strength, cosTheta0);
    fvec self = broadcast(strength*(1-cosTheta0)*(1-cosTheta0)), angles = {};
    for (int k = 0; k < b.count; k++)
        angles += computeAngles(b, a, k, weighted, self);
    return energy+0.5f*angles;
}

CGBRIDGE_INLINE fvec computeManyTypes(const CpuTables<StillingerWeberForce>& t, NeighborBatch& b, StillingerWeberArrays& a, int type) {
    fvec energy = computePairs<false>(t, b, a, type), angles = {};
    const int numTypes = t.numTypes;
    for (int own = 0; own < numTypes; own++) {
        const int row = (type*numTypes+own)*numTypes;
        Moments weighted = {};
        for (int k = 0; k < b.count; k++) {
            // The moments of all types are added with the weight they have for a neighbour of this type.
            fvec strength = lookUp(t.lambdaEpsilon+row, b.type[k], numTypes), cosTheta0 = lookUp(t.cosTheta0+row, b.type[k], numTypes);
            fvec h = strength*a.h[k], x = b.x[k], y = b.y[k], z = b.z[k];
            fvec h1 = -2.0f*cosTheta0*h;
            weighted.m0 += cosTheta0*cosTheta0*h;
            weighted.x += h1*x;
            weighted.y += h1*y;
            weighted.z += h1*z;
            weighted.xx += h*x*x;
            weighted.xy += h*x*y;
            weighted.xz += h*x*z;
            weighted.yy += h*y*y;
            weighted.yz += h*y*z;
            weighted.zz += h*z*z;
        }
        float strength = t.lambdaEpsilon[row+own], cosTheta0 = t.cosTheta0[row+own];
        fvec self = broadcast(strength*(1-cosTheta0)*(1-cosTheta0)), zero = {};
        for (int k = 0; k < b.count; k++) {
            ivec isOwn = (b.type[k] == own);
            fvec gradX = b.gradX[k], gradY = b.gradY[k], gradZ = b.gradZ[k];
            angles += select(isOwn, computeAngles(b, a, k, weighted, self), zero);
            b.gradX[k] = select(isOwn, b.gradX[k], gradX);
            b.gradY[k] = select(isOwn, b.gradY[k], gradY);
            b.gradZ[k] = select(isOwn, b.gradZ[k], gradZ);
        }
    }
    return energy+0.5f*angles;
}

template <bool OneType>
struct StillingerWeberLoops {
    using Force = StillingerWeberForce;
    using Arrays = StillingerWeberArrays;
    CGBRIDGE_INLINE fvec compute(const CpuTables<Force>& t, NeighborBatch& b, Arrays& a, int type) {
        return OneType ? computeOneType(t, b, a) : computeManyTypes(t, b, a, type);
    }
};

template <>
struct FormLoops<StillingerWeberForce> {
    using Arrays = StillingerWeberArrays;
    static auto choose(const CpuTables<StillingerWeberForce>& t) {
        return t.numTypes == 1 ? computeBatches<StillingerWeberLoops<true> > : computeBatches<StillingerWeberLoops<false> >;
    }
};

} // namespace
} // namespace CGBridge
