/*
 * The Tersoff energy and its gradient for batches of centres.  Included into each translation unit
 * that is compiled for an instruction set.
 *
 * The derivatives by the angles are collected as turns, so that the loop over pairs of neighbours only adds up scalars
 * and unit vectors.
 */

namespace CGBridge {
namespace {

struct Cutoff {
    fvec f, df;
};

/**
 * The cutoff function as sin^2(pi/2 v), with v the distance to the outer end in units of the width
 * 2D: near the end it is small, and what a small zeta is made of must keep its digits.
 */
CGBRIDGE_INLINE Cutoff cutoffFunction(fvec r, fvec end, fvec inverseWidth) {
    fvec sine, cosine, zero = {}, one = broadcast(1.0f);
    fvec v = maximum((end-r)*inverseWidth, zero);
    ivec isInside = v >= 1.0f;
    quarterWave(minimum(v, one), sine, cosine);
    return {select(isInside, one, sine*sine), select(isInside, zero, -3.14159265f*inverseWidth*sine*cosine)};
}

/**
 * exp{[lambda3 (r_ij-r_ik)]^m} and its derivative by r_ij.
 */
CGBRIDGE_INLINE Cutoff distanceFunction(fvec difference, fvec lambda3, fvec cubic) {
    fvec x = lambda3*difference;
    ivec isCubic = cubic > 0.5f;
    fvec exponent = select(isCubic, x*x*x, x);
    fvec slope = select(isCubic, 3.0f*lambda3*x*x, lambda3);
    fvec f = exponential(minimum(maximum(exponent, broadcast(-69.0776f)), broadcast(69.0776f)));
    return {f, slope*f};
}

struct AngularParameters {
    fvec gamma, c2, d2, cosTheta0, lambda3, cubic;
};

CGBRIDGE_INLINE void angularFunction(const AngularParameters& p, fvec cosTheta, fvec& g, fvec& dg) {
    fvec x = cosTheta-p.cosTheta0;
    fvec inverse = 1.0f/(p.d2+x*x);
    fvec scaled = p.gamma*p.c2*inverse*x;
    // One positive fraction instead of the difference of two large numbers.
    g = p.gamma+scaled*x/p.d2;
    dg = 2.0f*scaled*inverse;
}

struct TersoffArrays {
    fvec *cut, *dCut, *zeta, *order, *radial;
    Turns turns;
    fvec *g, *dg, *cosine;
    TersoffArrays(Workspace& s, const CpuTables<TersoffForce>& tables) : cut(s.perNeighbor()), dCut(s.perNeighbor()), zeta(s.perNeighbor()), order(s.perNeighbor()),
            radial(s.perNeighbor()), turns(s), g(s.perPair()), dg(s.perPair()), cosine(s.perPair()) {
    }
};

/**
 * Given zeta of each bond, compute the energy, its radial derivative, and dE/dzeta as a.order.
 */
template <bool OneType>
CGBRIDGE_INLINE fvec computeBonds(const CpuTables<TersoffForce>& t, const NeighborBatch& b, TersoffArrays& a, int type) {
    fvec energy = {};
    const PairParameters<OneType> parameter(b, type, t.numTypes);
    for (int k = 0; k < b.count; k++) {
        fvec r = b.r[k], cut = a.cut[k], dCut = a.dCut[k];
        if (!t.centerOnly) {
            Cutoff bond = cutoffFunction(r, parameter(t.bondEnd, k), parameter(t.bondInverseWidth, k));
            cut = bond.f;
            dCut = bond.df;
        }
        fvec lambda1 = parameter(t.lambda1, k), lambda2 = parameter(t.lambda2, k);
        fvec repulsion = parameter(t.A, k)*decay(lambda1, parameter(t.lambda1Low, k), r);
        fvec attraction = -parameter(t.B, k)*decay(lambda2, parameter(t.lambda2Low, k), r);

        // With E = (beta zeta)^n: b = exp[-ln(1+E)/(2n)], db/dzeta = -b/(2 zeta) E/(1+E).  Where E
        // would overflow, ln(1+E) is ln E.  However small n is, zeta = 0 makes E = 0.  So does a zeta
        // whose derivative could overflow: a neighbour in single precision adds no less than 1e-16
        // unless exp{[lambda3 (r_ij-r_ik)]^m} is tiny, and LAMMPS cuts that off at 1e-30 as well.
        fvec zeta = a.zeta[k], scaled = parameter(t.beta, k)*zeta;
        ivec isAlone = (zeta < 1e-30f) | (scaled < 1e-37f);
        fvec logPower = parameter(t.n, k)*logarithm(maximum(scaled, broadcast(1e-37f)));
        fvec power = select(isAlone, fvec{}, exponential(minimum(logPower, broadcast(20.0f))));
        fvec softPlus = select(logPower > 20.0f, logPower, logarithm(1.0f+power));
        fvec order = exponential(parameter(t.minusHalfOverN, k)*softPlus);
        fvec dOrder = -0.5f*order*power/(maximum(zeta, broadcast(1e-30f))*(1.0f+power));
        energy += 0.5f*cut*(repulsion+order*attraction);
        a.radial[k] = 0.5f*(dCut*(repulsion+order*attraction) - cut*(lambda1*repulsion+lambda2*order*attraction));
        a.order[k] = 0.5f*cut*attraction*dOrder;
    }
    return energy;
}

/**
 * The pair loops if the angular function is the same for all neighbours of the centre.
 */
template <bool HasLambda3, bool OneType>
CGBRIDGE_INLINE fvec computeCenterOnly(const CpuTables<TersoffForce>& t, const NeighborBatch& b, TersoffArrays& a, int type) {
    const PairParameters<OneType> parameter(b, type, t.numTypes);
    const int triplet = (OneType ? 0 : (type*t.numTypes+t.someType)*t.numTypes+t.someType);
    AngularParameters p = {broadcast(t.gamma[triplet]), broadcast(t.c2[triplet]), broadcast(t.d2[triplet]),
            broadcast(t.cosTheta0[triplet]), broadcast(t.lambda3[triplet]), broadcast(t.cubic[triplet])};
    for (int k = 0; k < b.count; k++) {
        Cutoff cut = cutoffFunction(b.r[k], parameter(t.bondEnd, k), parameter(t.bondInverseWidth, k));
        a.cut[k] = cut.f;
        a.dCut[k] = cut.df;
    }
    int pair = 0;
    for (int j = 1; j < b.count; j++) {
        fvec zeta = a.zeta[j];
        for (int k = 0; k < j; k++, pair++) {
            fvec cosTheta = cosine(b, j, k), g, dg;
            angularFunction(p, cosTheta, g, dg);
            a.cosine[pair] = cosTheta;
            a.g[pair] = g;
            a.dg[pair] = dg;
            fvec forJ = a.cut[k]*g, forK = a.cut[j]*g;
            if (HasLambda3) {
                forJ = forJ*distanceFunction(b.r[j]-b.r[k], p.lambda3, p.cubic).f;
                forK = forK*distanceFunction(b.r[k]-b.r[j], p.lambda3, p.cubic).f;
            }
            zeta += forJ;
            a.zeta[k] += forK;
        }
        a.zeta[j] = zeta;
    }
    fvec energy = computeBonds<OneType>(t, b, a, type);
    pair = 0;
    for (int j = 1; j < b.count; j++)
        for (int k = 0; k < j; k++, pair++) {
            fvec forJ = a.order[j], forK = a.order[k], g = a.g[pair];
            if (HasLambda3) {
                Cutoff distanceJ = distanceFunction(b.r[j]-b.r[k], p.lambda3, p.cubic);
                Cutoff distanceK = distanceFunction(b.r[k]-b.r[j], p.lambda3, p.cubic);
                fvec difference = g*(forJ*a.cut[k]*distanceJ.df - forK*a.cut[j]*distanceK.df);
                a.radial[j] += difference;
                a.radial[k] -= difference;
                forJ *= distanceJ.f;
                forK *= distanceK.f;
            }
            a.radial[k] += forJ*g*a.dCut[k];
            a.radial[j] += forK*g*a.dCut[j];
            a.turns.add(b, j, k, a.cosine[pair], (forJ*a.cut[k]+forK*a.cut[j])*a.dg[pair]);
        }
    return energy;
}

/**
 * The contribution of neighbour k to zeta of the bond to j, for parameters that depend on the triplet.
 */
struct TripletTerm {
    Cutoff cut, distance;
    fvec g, dg;
};

template <bool HasLambda3>
CGBRIDGE_INLINE TripletTerm computeTriplet(const CpuTables<TersoffForce>& t, const NeighborBatch& b, int type, int j, int k, fvec cosTheta) {
    const int numPairs = t.numTypes*t.numTypes;
    const ivec index = b.type[j]*t.numTypes+b.type[k];
    auto parameter = [&] (const float* table) __attribute__((always_inline)) {
        return lookUp(table+type*numPairs, index, numPairs);
    };
    AngularParameters p = {parameter(t.gamma), parameter(t.c2), parameter(t.d2), parameter(t.cosTheta0), {}, {}};
    TripletTerm term;
    term.cut = cutoffFunction(b.r[k], parameter(t.end), parameter(t.inverseWidth));
    if (HasLambda3)
        term.distance = distanceFunction(b.r[j]-b.r[k], parameter(t.lambda3), parameter(t.cubic));
    else
        term.distance = {broadcast(1.0f), fvec{}};
    angularFunction(p, cosTheta, term.g, term.dg);
    return term;
}

template <bool HasLambda3>
CGBRIDGE_INLINE fvec computePerTriplet(const CpuTables<TersoffForce>& t, const NeighborBatch& b, TersoffArrays& a, int type) {
    for (int j = 0; j < b.count; j++)
        for (int k = 0; k < b.count; k++)
            if (j != k) {
                TripletTerm term = computeTriplet<HasLambda3>(t, b, type, j, k, cosine(b, j, k));
                a.zeta[j] += term.cut.f*term.g*term.distance.f;
            }
    fvec energy = computeBonds<false>(t, b, a, type);
    for (int j = 0; j < b.count; j++)
        for (int k = 0; k < b.count; k++)
            if (j != k) {
                fvec cosTheta = cosine(b, j, k);
                TripletTerm term = computeTriplet<HasLambda3>(t, b, type, j, k, cosTheta);
                fvec forJ = a.order[j]*term.distance.f;
                fvec difference = HasLambda3 ? a.order[j]*term.cut.f*term.g*term.distance.df : fvec{};
                a.radial[j] += difference;
                a.radial[k] += forJ*term.cut.df*term.g - difference;
                a.turns.add(b, j, k, cosTheta, forJ*term.cut.f*term.dg);
            }
    return energy;
}

template <bool HasLambda3>
struct TersoffLoops {
    using Force = TersoffForce;
    using Arrays = TersoffArrays;
    CGBRIDGE_INLINE fvec compute(const CpuTables<Force>& t, NeighborBatch& b, Arrays& a, int type) {
        for (int k = 0; k < b.count; k++) {
            a.zeta[k] = fvec{};
            a.turns.clear(k);
        }
        fvec energy;
        if (!t.centerOnly)
            energy = computePerTriplet<HasLambda3>(t, b, a, type);
        else if (t.numTypes == 1)
            energy = computeCenterOnly<HasLambda3, true>(t, b, a, 0);
        else
            energy = computeCenterOnly<HasLambda3, false>(t, b, a, type);
        for (int k = 0; k < b.count; k++)
            b.setGradient(k, a.radial[k], a.turns.getOverR(b, k));
        return energy;
    }
};

template <>
struct FormLoops<TersoffForce> {
    using Arrays = TersoffArrays;
    static auto choose(const CpuTables<TersoffForce>& t) {
        return t.hasLambda3 ? computeBatches<TersoffLoops<true> > : computeBatches<TersoffLoops<false> >;
    }
};

} // namespace
} // namespace CGBridge
