/*
 * Random numbers and the Langevin middle step.  Included into each translation unit that is compiled
 * for an instruction set.
 */

namespace CGBridge {
namespace {

typedef uint32_t uvec __attribute__((vector_size(4*WIDTH)));

/**
 * A bijection of 32-bit numbers whose every output bit depends on every input bit (the finalizer of
 * MurmurHash3).
 */
CGBRIDGE_INLINE uvec mixBits(uvec x) {
    x = (x^(x>>16))*0x85ebca6bu;
    x = (x^(x>>13))*0xc2b2ae35u;
    return x^(x>>16);
}

/**
 * The generator xoshiro128++ (Blackman and Vigna, doi:10.1145/3460772), one in each lane.
 */
class RandomBits {
public:
    explicit RandomBits(uint64_t key) {
        uvec lane;
        for (int i = 0; i < WIDTH; i++)
            lane[i] = i;
        for (int i = 0; i < 4; i++)
            state[i] = mixBits(mixBits(lane*4+i+(uint32_t) key)^(uint32_t) (key>>32));
    }
    uvec next() {
        uvec result = rotate(state[0]+state[3], 7)+state[0], shifted = state[1]<<9;
        state[2] ^= state[0];
        state[3] ^= state[1];
        state[1] ^= state[2];
        state[0] ^= state[3];
        state[2] ^= shifted;
        state[3] = rotate(state[3], 11);
        return result;
    }
private:
    static uvec rotate(uvec x, int bits) {
        return (x<<bits)|(x>>(32-bits));
    }
    uvec state[4];
};

/**
 * The method of Box and Muller (doi:10.1214/aoms/1177706645).
 */
void fillNormal(uint64_t key, size_t count, float* values) {
    RandomBits bits(key);
    for (size_t i = 0; i < count; i += 2*WIDTH) {
        uvec first = bits.next(), second = bits.next();
        // 31 bits make the radius, which reaches 6.6; two bits choose the quadrant of the angle, and
        // 30 its place there.
        fvec uniform = (__builtin_convertvector((ivec) (first>>1), fvec)+0.5f)*4.656612873e-10f;
        fvec square = maximum(-2.0f*logarithm(uniform), broadcast(1e-12f));
        fvec radius = square*inverseSquareRoot(square), sine, cosine;
        quarterWave(__builtin_convertvector((ivec) (second>>2), fvec)*9.313225746e-10f, sine, cosine);
        ivec signOfSine = (ivec) (second<<31), signOfCosine = (ivec) ((second>>1)<<31);
        fvec pair[2] = {(fvec) ((ivec) (radius*sine)^signOfSine), (fvec) ((ivec) (radius*cosine)^signOfCosine)};
        __builtin_memcpy(values+i, pair, sizeof(pair));
    }
}

void stepLangevinMiddle(size_t count, double stepSize, double keep, const double* __restrict__ stepOverMass,
                        const double* __restrict__ noise, const float* __restrict__ random,
                        const double* __restrict__ forces, double* __restrict__ velocities, double* __restrict__ positions) {
    const double halfStep = 0.5*stepSize;
    for (size_t i = 0; i < count; i++) {
        double before = velocities[i]+stepOverMass[i]*forces[i];
        double after = keep*before+noise[i]*random[i];
        // A particle without mass stays where it is, and keeps its velocity.
        bool moves = (stepOverMass[i] != 0);
        velocities[i] = (moves ? after : velocities[i]);
        positions[i] += (moves ? halfStep*(before+after) : 0);
    }
}

} // namespace
} // namespace CGBridge
