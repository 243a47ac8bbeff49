/**
 * The Tersoff potential.
 */

typedef struct {
    real f, df;
} Value;

#define LN2 ((real) 0.69314718055994531)

/**
 * A zeta up to this counts as none, because its derivative could overflow.  A neighbour in single precision adds no
 * less than 1e-16 unless exp{[lambda3 (r_ij-r_ik)]^m} is tiny, and LAMMPS cuts that off at 1e-30 as well.
 */
#ifdef USE_DOUBLE_PRECISION
#define NO_ZETA 0
#else
#define NO_ZETA 1e-30f
#endif

/**
 * lambda1 and lambda2 for powers of two: those of the potential times log2(e).  strength is gamma c^2/d^2, slope
 * 2 gamma c^2.
 */
typedef struct {
    real lambda1, lambda1Low, A, lambda2, lambda2Low, B, n, beta, end, inverseWidth;
} Bond;

typedef struct {
    real gamma, d2, strength, slope, cosTheta0, lambda3, cubic, end, inverseWidth;
} Triplet;

/**
 * What a bond contributes when its zeta is known: the energy, its derivatives by the length of the
 * bond and by zeta.
 */
typedef struct {
    real energy, radial, order;
} BondResult;

DEVICE Bond loadBond(GLOBAL const real* RESTRICT table, int type1, int type2) {
    GLOBAL const real* RESTRICT p = table+PAIR_ROW*(type1*NUM_TYPES+type2);
    Bond bond = {p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8], p[9]};
    return bond;
}

DEVICE Triplet loadTriplet(GLOBAL const real* RESTRICT table, int type1, int type2, int type3) {
    GLOBAL const real* RESTRICT p = table+TRIPLET_ROW*((type1*NUM_TYPES+type2)*NUM_TYPES+type3);
    Triplet triplet = {p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8]};
    return triplet;
}

/**
 * sin(pi/2 x) for x between 0 and 1.  The fast sine of a GPU has an error of 4e-7 also where the sine is small;
 * this polynomial one of 2e-7 of the sine.
 */
DEVICE real quarterSine(real x) {
#ifdef USE_DOUBLE_PRECISION
    return SIN(0.5*PI*x);
#else
    real x2 = x*x;
    return x*(1.57079632f+x2*(-0.645963711f+x2*(0.0796896789f+x2*(-0.0046737666f+x2*0.000151485127f))));
#endif
}

/**
 * The cutoff function as sin^2(pi/2 v), with v the distance to the outer end in units of the width:
 * near the end it is small, and keeps its digits this way.
 */
DEVICE Value cutoffFunction(real r, real end, real inverseWidth) {
    real v = min(max((end-r)*inverseWidth, (real) 0), (real) 1);
    real sine = quarterSine(v), cosine = quarterSine(1-v);
    Value result = {sine*sine, -PI*inverseWidth*sine*cosine};
    return result;
}

/**
 * The angular function as one positive fraction, where the difference of two large numbers would
 * lose digits.
 */
DEVICE Value angularFunction(Triplet p, real cosTheta) {
    real x = cosTheta-p.cosTheta0;
    real inverse = 1/(p.d2+x*x);
    real scaled = x*inverse;
    Value result = {p.gamma+p.strength*x*scaled, p.slope*scaled*inverse};
    return result;
}

DEVICE Value distanceFunction(Triplet p, real difference) {
    Value result = {1, 0};
    if (p.lambda3 == 0)
        return result;
    real x = p.lambda3*difference;
    bool isCubic = (p.cubic > 0.5f);
    real exponent = (isCubic ? x*x*x : x);
    real slope = (isCubic ? 3*p.lambda3*x*x : p.lambda3);
    bool isInside = (exponent < 69.0776f && exponent > -69.0776f);
    result.f = EXP(exponent > 69.0776f ? (real) 69.0776f : exponent < -69.0776f ? (real) -69.0776f : exponent);
    result.df = (isInside ? slope*result.f : (real) 0);
    return result;
}

/**
 * 2^(-lambda r).  The rounding errors of lambda and of the product would come out several times
 * larger, so they are made good for.
 */
DEVICE real decay(real lambda, real low, real r) {
    real x = lambda*r;
    return exp2(-x)*(1-LN2*(fma(lambda, r, -x)+low*r));
}

/**
 * With E = (beta zeta)^n: b = exp[-ln(1+E)/(2n)], db/dzeta = -b/(2 zeta) E/(1+E).  Where E would
 * overflow, ln(1+E) is ln E.
 */
DEVICE BondResult computeBond(Bond p, Value cut, real r, real zeta) {
    real repulsion = p.A*decay(p.lambda1, p.lambda1Low, r);
    real attraction = -p.B*decay(p.lambda2, p.lambda2Low, r);
    real order = 1, dOrder = 0;
    real x = p.beta*zeta;
    if (x > 0 && zeta > NO_ZETA) {
        real logPower = p.n*LOG(x);
        real power = EXP(logPower < 40 ? logPower : (real) 40);
        order = EXP(-0.5f/p.n*(logPower < 40 ? LOG(1+power) : logPower));
        dOrder = -0.5f*order*(power/(1+power))/zeta;
    }
    BondResult result;
    result.energy = 0.5f*cut.f*(repulsion+order*attraction);
    result.radial = 0.5f*(cut.df*(repulsion+order*attraction) - LN2*cut.f*(p.lambda1*repulsion+p.lambda2*order*attraction));
    result.order = 0.5f*cut.f*attraction*dOrder;
    return result;
}

DEVICE real dot3(real4 u, real4 v) {
    return u.x*v.x+u.y*v.y+u.z*v.z;
}

/**
 * The contribution of neighbour k to zeta of the bond to j.
 */
DEVICE real computeZeta(Triplet p, real4 j, real4 k) {
    return cutoffFunction(k.w, p.end, p.inverseWidth).f*angularFunction(p, dot3(j, k)).f*distanceFunction(p, j.w-k.w).f;
}

/**
 * Get the energy of a crowded centre.  Each lane takes every LANES-th bond, and adds to the forces on
 * all neighbours, because it knows no other bond's order.
 */
DEVICE real computeCrowded(int center, int type, real weight, Forces forces,
        GLOBAL const real* RESTRICT pairs, GLOBAL const real* RESTRICT centers, CELL_PARAMETERS, real3* total) {
    real energy = 0;
    int count = 0;
    FOR_EACH_NEAR(slotJ, j)
        if (count++%LANES != LOCAL_ID%LANES)
            continue;
        int typeJ = getType(slotPos[slotJ]);
        Bond bond = loadBond(pairs, type, typeJ);
        if (j.w >= bond.end)
            continue;
        real zeta = 0;
        FOR_EACH_NEAR(slotK, k)
            if (slotK != slotJ)
                zeta += computeZeta(loadTriplet(centers, type, typeJ, getType(slotPos[slotK])), j, k);
        END_FOR_EACH_NEAR
        BondResult result = computeBond(bond, cutoffFunction(j.w, bond.end, bond.inverseWidth), j.w, zeta);
        energy += result.energy;
        real radialJ = result.radial;
        real3 turnJ = make_real3(0, 0, 0);
        FOR_EACH_NEAR(slotK, k)
            if (slotK == slotJ || result.order == 0)
                continue;
            Triplet p = loadTriplet(centers, type, typeJ, getType(slotPos[slotK]));
            Value cut = cutoffFunction(k.w, p.end, p.inverseWidth);
            Value g = angularFunction(p, dot3(j, k));
            Value e = distanceFunction(p, j.w-k.w);
            real difference = result.order*cut.f*g.f*e.df;
            real dCos = result.order*cut.f*g.df*e.f;
            radialJ += difference;
            turnJ.x += dCos*k.x;
            turnJ.y += dCos*k.y;
            turnJ.z += dCos*k.z;
            real3 gradient = getGradient(k, result.order*cut.df*g.f*e.f-difference, make_real3(dCos*j.x, dCos*j.y, dCos*j.z));
            total->x += weight*gradient.x;
            total->y += weight*gradient.y;
            total->z += weight*gradient.z;
            addForce(forces, slotK, scale, -weight*gradient.x, -weight*gradient.y, -weight*gradient.z);
        END_FOR_EACH_NEAR
        real3 gradient = getGradient(j, radialJ, turnJ);
        total->x += weight*gradient.x;
        total->y += weight*gradient.y;
        total->z += weight*gradient.z;
        addForce(forces, slotJ, scale, -weight*gradient.x, -weight*gradient.y, -weight*gradient.z);
    END_FOR_EACH_NEAR
    return energy;
}

KERNEL LAUNCH_BOUNDS void computeForces(FORCE_PARAMETERS) {
    FORCE_VARIABLES
#if NUM_TYPES == 1
    LOCAL real neighborCut[CENTERS*ROW], neighborCutSlope[CENTERS*ROW];
#endif
    LOCAL real neighborOrder[CENTERS*ROW], neighborRadial[CENTERS*ROW];
    FOR_EACH_CENTER
#if NUM_TYPES == 1
        Triplet p = loadTriplet(centers, 0, 0, 0);
        for (int j = lane; j < count; j += LANES) {
            Value cut = cutoffFunction(neighbor[base+j].w, p.end, p.inverseWidth);
            neighborCut[base+j] = cut.f;
            neighborCutSlope[base+j] = cut.df;
        }
        SYNC_CENTER;
#endif
        for (int j = lane; j < count; j += LANES) {
            real4 unitJ = neighbor[base+j];
            int typeJ = (NUM_TYPES > 1 ? neighborType[base+j] : 0);
            real zeta = 0;
            // Neighbour j itself is computed and left out: a branch would keep the others from being under way together.
            for (int k = 0; k < count; k++) {
                real4 unitK = neighbor[base+k];
#if NUM_TYPES == 1
                real term = neighborCut[base+k]*angularFunction(p, dot3(unitJ, unitK)).f*distanceFunction(p, unitJ.w-unitK.w).f;
#else
                real term = computeZeta(loadTriplet(centers, type, typeJ, neighborType[base+k]), unitJ, unitK);
#endif
                zeta += (k == j ? (real) 0 : term);
            }
            Bond bond = loadBond(pairs, type, typeJ);
#if NUM_TYPES == 1
            Value cut = {neighborCut[base+j], neighborCutSlope[base+j]};
#else
            Value cut = cutoffFunction(unitJ.w, bond.end, bond.inverseWidth);
#endif
            BondResult result = computeBond(bond, cut, unitJ.w, zeta);
            energy += weight*result.energy;
            neighborRadial[base+j] = result.radial;
            neighborOrder[base+j] = result.order;
        }
        SYNC_CENTER;
        for (int j = lane; j < count; j += LANES) {
            real4 unitJ = neighbor[base+j];
            real orderJ = neighborOrder[base+j], radial = neighborRadial[base+j];
            real3 turn = make_real3(0, 0, 0);
#if NUM_TYPES == 1
            Value cutJ = {neighborCut[base+j], neighborCutSlope[base+j]};
#else
            int typeJ = neighborType[base+j];
#endif
            for (int k = 0; k < count; k++) {
                // What k does to the bond to j, and j to the bond to k.
                real4 unitK = neighbor[base+k];
                real orderK = neighborOrder[base+k];
                real cosTheta = dot3(unitJ, unitK);
#if NUM_TYPES == 1
                Value g = angularFunction(p, cosTheta);
                Value e = distanceFunction(p, unitJ.w-unitK.w), eBack = distanceFunction(p, unitK.w-unitJ.w);
                real forJ = orderJ*neighborCut[base+k], forK = orderK*cutJ.f;
                real along = orderK*cutJ.df*eBack.f;
                if (p.lambda3 != 0)
                    along += forJ*e.df-forK*eBack.df;
                along *= g.f;
                real dCos = g.df*(forJ*e.f+forK*eBack.f);
#else
                int typeK = neighborType[base+k];
                Triplet p = loadTriplet(centers, type, typeJ, typeK), q = loadTriplet(centers, type, typeK, typeJ);
                Value cutK = cutoffFunction(unitK.w, p.end, p.inverseWidth), cutJ = cutoffFunction(unitJ.w, q.end, q.inverseWidth);
                Value g = angularFunction(p, cosTheta), gBack = angularFunction(q, cosTheta);
                Value e = distanceFunction(p, unitJ.w-unitK.w), eBack = distanceFunction(q, unitK.w-unitJ.w);
                real along = orderJ*cutK.f*g.f*e.df+orderK*gBack.f*(cutJ.df*eBack.f-cutJ.f*eBack.df);
                real dCos = orderJ*cutK.f*g.df*e.f+orderK*cutJ.f*gBack.df*eBack.f;
#endif
                radial += (k == j ? (real) 0 : along);
                dCos = (k == j ? (real) 0 : dCos);
                turn.x += dCos*unitK.x;
                turn.y += dCos*unitK.y;
                turn.z += dCos*unitK.z;
            }
            real3 gradient = getGradient(unitJ, weight*radial, make_real3(weight*turn.x, weight*turn.y, weight*turn.z));
            total.x += gradient.x;
            total.y += gradient.y;
            total.z += gradient.z;
            addForce(forces, neighborSlot[base+j], scale, -gradient.x, -gradient.y, -gradient.z);
        }
    END_FOR_EACH_CENTER(computeCrowded(center, type, weight, forces, pairs, centers, CELL_ARGUMENTS, &total))
}
