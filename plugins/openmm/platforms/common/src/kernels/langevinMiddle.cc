/**
 * A whole step of Langevin dynamics without constraints (BAOAB, Zhang et al., doi:10.1021/acs.jpca.9b02771):
 *
 *   v += dt f/m,   x += dt/2 v,   v = keep v + noise/sqrt(m) R,   x += dt/2 v,
 *
 * with keep = exp(-gamma dt), noise^2 = kT (1-keep^2) and R normally distributed.  OpenMM's own kernels do
 * this in three passes over memory, because constraints come in between.
 */
KERNEL void stepLangevinMiddle(int numAtoms, int paddedNumAtoms, GLOBAL real4* RESTRICT posq, GLOBAL real4* RESTRICT posqCorrection,
        GLOBAL mixed4* RESTRICT velm, GLOBAL const mm_long* RESTRICT force, GLOBAL const float4* RESTRICT random, int randomIndex,
        mixed stepSize, mixed keep, mixed noise) {
    for (int atom = GLOBAL_ID; atom < numAtoms; atom += GLOBAL_SIZE) {
        mixed4 velocity = velm[atom];
        // The last element is one over the mass, or zero for a particle that is held still.
        if (velocity.w == 0)
            continue;
        mixed impulse = stepSize*velocity.w/(mixed) 0x100000000;
        velocity.x += impulse*force[atom];
        velocity.y += impulse*force[atom+paddedNumAtoms];
        velocity.z += impulse*force[atom+2*paddedNumAtoms];
        mixed3 sum = make_mixed3(velocity.x, velocity.y, velocity.z);
        float4 r = random[randomIndex+atom];
        mixed size = noise*SQRT((real) velocity.w);
        velocity.x = keep*velocity.x+size*r.x;
        velocity.y = keep*velocity.y+size*r.y;
        velocity.z = keep*velocity.z+size*r.z;
        velm[atom] = velocity;

        real4 position = posq[atom];
        mixed x = position.x+0.5f*stepSize*(sum.x+velocity.x);
        mixed y = position.y+0.5f*stepSize*(sum.y+velocity.y);
        mixed z = position.z+0.5f*stepSize*(sum.z+velocity.z);
#ifdef USE_MIXED_PRECISION
        real4 correction = posqCorrection[atom];
        x += correction.x;
        y += correction.y;
        z += correction.z;
        posqCorrection[atom] = make_real4((real) (x-(real) x), (real) (y-(real) y), (real) (z-(real) z), 0);
#endif
        posq[atom] = make_real4((real) x, (real) y, (real) z, position.w);
    }
}
