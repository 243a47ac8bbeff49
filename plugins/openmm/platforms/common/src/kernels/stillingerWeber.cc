/**
 * The Stillinger-Weber potential.
 */

typedef struct {
    real repulsion, attraction, p, q, sigma, gammaSigma, cut, range;
} Pair;

/**
 * The energy of a pair and its derivative, and the radial factor of its angles with its logarithmic
 * derivative.
 */
typedef struct {
    real energy, dEnergy, factor, slope;
} PairResult;

DEVICE Pair loadPair(GLOBAL const real* RESTRICT table, int type1, int type2) {
    GLOBAL const real* RESTRICT p = table+PAIR_ROW*(type1*NUM_TYPES+type2);
    Pair pair = {p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7]};
    return pair;
}

DEVICE PairResult computePair(Pair p, real r) {
    PairResult result = {0, 0, 0, 0};
    if (r < p.range) {
        real inverse = 1/(r-p.cut), inverseR = 1/r;
        real decay = EXP(p.sigma*inverse);
        real logRatio = LOG(p.sigma*inverseR);
        real repulsion = p.repulsion*EXP(p.p*logRatio), attraction = p.attraction*EXP(p.q*logRatio);
        result.energy = 0.5f*(repulsion-attraction)*decay;
        result.dEnergy = 0.5f*decay*((p.q*attraction-p.p*repulsion)*inverseR-(repulsion-attraction)*p.sigma*inverse*inverse);
        result.factor = EXP(p.gammaSigma*inverse);
        result.slope = -p.gammaSigma*inverse*inverse;
    }
    return result;
}

/**
 * Get the energy of a crowded centre.  Each lane takes every LANES-th neighbour.
 */
DEVICE real computeCrowded(int center, int type, real weight, Forces forces,
        GLOBAL const real* RESTRICT pairs, GLOBAL const real* RESTRICT centers, CELL_PARAMETERS, real3* total) {
    real energy = 0;
    int count = 0;
    FOR_EACH_NEAR(slotJ, j)
        if (count++%LANES != LOCAL_ID%LANES)
            continue;
        int typeJ = getType(slotPos[slotJ]);
        PairResult pairJ = computePair(loadPair(pairs, type, typeJ), j.w);
        if (pairJ.factor == 0 && pairJ.energy == 0)
            continue;
        energy += pairJ.energy;
        real radial = pairJ.dEnergy;
        real3 turn = make_real3(0, 0, 0);
        FOR_EACH_NEAR(slotK, k)
            if (slotK == slotJ)
                continue;
            int typeK = getType(slotPos[slotK]);
            GLOBAL const real* RESTRICT triplet = centers+TRIPLET_ROW*((type*NUM_TYPES+typeJ)*NUM_TYPES+typeK);
            real factor = triplet[0]*pairJ.factor*computePair(loadPair(pairs, type, typeK), k.w).factor;
            real x = j.x*k.x+j.y*k.y+j.z*k.z-triplet[1];
            energy += 0.5f*factor*x*x;
            radial += factor*x*x*pairJ.slope;
            turn.x += 2*factor*x*k.x;
            turn.y += 2*factor*x*k.y;
            turn.z += 2*factor*x*k.z;
        END_FOR_EACH_NEAR
        real3 gradient = getGradient(j, weight*radial, make_real3(weight*turn.x, weight*turn.y, weight*turn.z));
        total->x += gradient.x;
        total->y += gradient.y;
        total->z += gradient.z;
        addForce(forces, slotJ, scale, -gradient.x, -gradient.y, -gradient.z);
    END_FOR_EACH_NEAR
    return energy;
}

KERNEL LAUNCH_BOUNDS void computeForces(FORCE_PARAMETERS) {
    FORCE_VARIABLES
    LOCAL real neighborFactor[CENTERS*ROW], neighborSlope[CENTERS*ROW], neighborRadial[CENTERS*ROW];
    FOR_EACH_CENTER
        for (int j = lane; j < count; j += LANES) {
            int typeJ = (NUM_TYPES > 1 ? neighborType[base+j] : 0);
            PairResult pair = computePair(loadPair(pairs, type, typeJ), neighbor[base+j].w);
            energy += weight*pair.energy;
            neighborRadial[base+j] = pair.dEnergy;
            neighborFactor[base+j] = pair.factor;
            neighborSlope[base+j] = pair.slope;
        }
        SYNC_CENTER;
        for (int j = lane; j < count; j += LANES) {
            real4 unitJ = neighbor[base+j];
            real factorJ = neighborFactor[base+j];
            int typeJ = (NUM_TYPES > 1 ? neighborType[base+j] : 0);
            real angular = 0;
            real3 turn = make_real3(0, 0, 0);
            // Neighbour j itself is computed and left out: a branch would keep the others from being under way together.
            for (int k = 0; k < count; k++) {
                real4 unitK = neighbor[base+k];
                int typeK = (NUM_TYPES > 1 ? neighborType[base+k] : 0);
                GLOBAL const real* RESTRICT triplet = centers+TRIPLET_ROW*((type*NUM_TYPES+typeJ)*NUM_TYPES+typeK);
                real x = unitJ.x*unitK.x+unitJ.y*unitK.y+unitJ.z*unitK.z-triplet[1];
                real strength = (k == j ? (real) 0 : triplet[0]*factorJ*neighborFactor[base+k]*x);
                angular += strength*x;
                turn.x += strength*unitK.x;
                turn.y += strength*unitK.y;
                turn.z += strength*unitK.z;
            }
            // Each angle is met twice.
            energy += 0.5f*weight*angular;
            real3 gradient = getGradient(unitJ, weight*(neighborRadial[base+j]+angular*neighborSlope[base+j]),
                    make_real3(2*weight*turn.x, 2*weight*turn.y, 2*weight*turn.z));
            total.x += gradient.x;
            total.y += gradient.y;
            total.z += gradient.z;
            addForce(forces, neighborSlot[base+j], scale, -gradient.x, -gradient.y, -gradient.z);
        }
    END_FOR_EACH_CENTER(computeCrowded(center, type, weight, forces, pairs, centers, CELL_ARGUMENTS, &total))
}
