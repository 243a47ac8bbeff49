/*
 * Vectors of floats and the few functions the loops need, for the instruction set that the
 * translation unit is compiled for.  Everything here has internal linkage, because several
 * translation units include it with different instruction sets.
 */

#include <cstdint>
#if defined(__x86_64__) || defined(__i386__)
    #include <immintrin.h>
#endif

namespace CGBridge {
namespace {

#if defined(__AVX512F__)
constexpr int WIDTH = 16;
#else
constexpr int WIDTH = 8;
#endif

typedef float fvec __attribute__((vector_size(4*WIDTH)));
typedef int32_t ivec __attribute__((vector_size(4*WIDTH)));

#define CGBRIDGE_INLINE static inline __attribute__((always_inline))

CGBRIDGE_INLINE fvec broadcast(float value) {
    return value-fvec{};
}

CGBRIDGE_INLINE fvec select(ivec condition, fvec yes, fvec no) {
    return condition ? yes : no;
}

CGBRIDGE_INLINE fvec minimum(fvec a, fvec b) {
    return a < b ? a : b;
}

CGBRIDGE_INLINE fvec maximum(fvec a, fvec b) {
    return a > b ? a : b;
}

CGBRIDGE_INLINE fvec squareRoot(fvec x) {
#if defined(__AVX512F__)
    return (fvec) _mm512_sqrt_ps((__m512) x);
#elif defined(__AVX__)
    return (fvec) _mm256_sqrt_ps((__m256) x);
#else
    fvec result;
    for (int lane = 0; lane < WIDTH; lane++)
        result[lane] = __builtin_sqrtf(x[lane]);
    return result;
#endif
}

CGBRIDGE_INLINE float sum(fvec x) {
    float total = 0;
    for (int lane = 0; lane < WIDTH; lane++)
        total += x[lane];
    return total;
}

CGBRIDGE_INLINE fvec lookUp(const float* table, ivec index) {
    fvec result;
    for (int lane = 0; lane < WIDTH; lane++)
        result[lane] = table[index[lane]];
    return result;
}

/**
 * e^x to 1e-7 of itself.  x is limited to where the result is a normal number.
 */
CGBRIDGE_INLINE fvec exponential(fvec x) {
    x = minimum(maximum(x, broadcast(-87.0f)), broadcast(88.0f));
    // Adding and subtracting 1.5*2^23 rounds to an integer.
    fvec rounder = broadcast(12582912.0f);
    fvec n = (x*1.44269504088896341f+rounder)-rounder;
    // ln 2 in two parts, the first exact when multiplied by n.
    x = (x-n*0.693359375f)+n*2.12194440e-4f;
    fvec y = x*1.9875691500e-4f+1.3981999507e-3f;
    y = y*x+8.3334519073e-3f;
    y = y*x+4.1665795894e-2f;
    y = y*x+1.6666665459e-1f;
    y = y*x+5.0000001201e-1f;
    y = y*x*x+x+1.0f;
    ivec exponent = (__builtin_convertvector(n, ivec)+127)<<23;
    return y*(fvec) exponent;
}

/**
 * The natural logarithm of a positive normal number, to 1e-7.
 */
CGBRIDGE_INLINE fvec logarithm(fvec x) {
    // Write x as m*2^e with m between sqrt(1/2) and sqrt(2).
    ivec bits = (ivec) x;
    ivec e = ((bits-0x3f3504f3)>>23);
    fvec m = (fvec) (bits-(e<<23));
    fvec n = __builtin_convertvector(e, fvec);
    fvec z = m-1.0f;
    fvec z2 = z*z;
    fvec y = z*7.0376836292e-2f-1.1514610310e-1f;
    y = y*z+1.1676998740e-1f;
    y = y*z-1.2420140846e-1f;
    y = y*z+1.4249322787e-1f;
    y = y*z-1.6668057665e-1f;
    y = y*z+2.0000714765e-1f;
    y = y*z-2.4999993993e-1f;
    y = y*z+3.3333331174e-1f;
    y = y*z*z2-n*2.12194440e-4f-0.5f*z2;
    return z+y+n*0.693359375f;
}

/**
 * sin(pi/2 t) and cos(pi/2 t) for t between -1 and 1, to 1e-7.
 */
CGBRIDGE_INLINE void quarterWave(fvec t, fvec& sine, fvec& cosine) {
    fvec t2 = t*t;
    fvec s = t2*-3.431829304e-06f+1.602546910e-04f;
    s = s*t2-4.681657796e-03f;
    s = s*t2+7.969260372e-02f;
    s = s*t2-6.459640956e-01f;
    sine = t*(s*t2+1.570796327e+00f);
    fvec c = t2*-2.382453550e-05f+9.177238821e-04f;
    c = c*t2-2.086268755e-02f;
    c = c*t2+2.536693225e-01f;
    c = c*t2-1.233700534e+00f;
    cosine = c*t2+9.999999998e-01f;
}

} // namespace
} // namespace CGBridge
