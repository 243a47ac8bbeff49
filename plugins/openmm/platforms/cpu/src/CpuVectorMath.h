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

/**
 * 1/sqrt(x) of a positive normal number, to 1e-7.
 */
CGBRIDGE_INLINE fvec inverseSquareRoot(fvec x) {
#if defined(__AVX512F__)
    // The estimate is good to 14 bits, and a Newton step doubles that.
    fvec y = (fvec) _mm512_rsqrt14_ps((__m512) x);
    return y+0.5f*y*(1.0f-x*y*y);
#elif defined(__AVX__)
    return 1.0f/(fvec) _mm256_sqrt_ps((__m256) x);
#else
    fvec result;
    for (int lane = 0; lane < WIDTH; lane++)
        result[lane] = 1.0f/__builtin_sqrtf(x[lane]);
    return result;
#endif
}

#if defined(__AVX512F__)
/**
 * Write the first columns of a square matrix as rows.
 */
CGBRIDGE_INLINE void transpose(const __m512* rows, fvec* columns, int numColumns) {
    // Blocks of four rows: element l of quad[b][i] has the elements 4l+i of rows 4b to 4b+3.
    __m512 quad[4][4];
    for (int b = 0; b < 4; b++) {
        const __m512* r = rows+4*b;
        __m512 low01 = _mm512_unpacklo_ps(r[0], r[1]), high01 = _mm512_unpackhi_ps(r[0], r[1]);
        __m512 low23 = _mm512_unpacklo_ps(r[2], r[3]), high23 = _mm512_unpackhi_ps(r[2], r[3]);
        quad[b][0] = _mm512_shuffle_ps(low01, low23, 0x44);
        quad[b][1] = _mm512_shuffle_ps(low01, low23, 0xee);
        quad[b][2] = _mm512_shuffle_ps(high01, high23, 0x44);
        quad[b][3] = _mm512_shuffle_ps(high01, high23, 0xee);
    }
    for (int i = 0; i < 4; i++) {
        __m512 first = _mm512_shuffle_f32x4(quad[0][i], quad[1][i], 0x44), second = _mm512_shuffle_f32x4(quad[2][i], quad[3][i], 0x44);
        columns[i] = _mm512_shuffle_f32x4(first, second, 0x88);
        columns[4+i] = _mm512_shuffle_f32x4(first, second, 0xdd);
        if (numColumns > 8) {
            first = _mm512_shuffle_f32x4(quad[0][i], quad[1][i], 0xee);
            second = _mm512_shuffle_f32x4(quad[2][i], quad[3][i], 0xee);
            columns[8+i] = _mm512_shuffle_f32x4(first, second, 0x88);
            columns[12+i] = _mm512_shuffle_f32x4(first, second, 0xdd);
        }
    }
}
#endif

CGBRIDGE_INLINE float sum(fvec x) {
    float total = 0;
    for (int lane = 0; lane < WIDTH; lane++)
        total += x[lane];
    return total;
}

/**
 * Look up numbers of a table, of which at least WIDTH can be read.
 *
 * @param size    all indices are less than this
 */
CGBRIDGE_INLINE fvec lookUp(const float* table, ivec index, int size) {
#if defined(__AVX512F__)
    if (size <= WIDTH)
        return (fvec) _mm512_permutexvar_ps((__m512i) index, _mm512_loadu_ps(table));
#elif defined(__AVX2__)
    if (size <= WIDTH)
        return (fvec) _mm256_permutevar8x32_ps(_mm256_loadu_ps(table), (__m256i) index);
#endif
    fvec result;
    for (int lane = 0; lane < WIDTH; lane++)
        result[lane] = table[index[lane]];
    return result;
}

CGBRIDGE_INLINE ivec lookUp(const int32_t* table, ivec index) {
#if defined(__AVX512F__)
    return (ivec) _mm512_i32gather_epi32((__m512i) index, table, 4);
#else
    ivec result;
    for (int lane = 0; lane < WIDTH; lane++)
        result[lane] = table[index[lane]];
    return result;
#endif
}

/**
 * a*b-product, where product is a*b rounded.
 */
CGBRIDGE_INLINE fvec roundingOfProduct(fvec a, fvec b, fvec product) {
#if defined(__AVX512F__)
    return (fvec) _mm512_fmsub_ps((__m512) a, (__m512) b, (__m512) product);
#elif defined(__FMA__)
    return (fvec) _mm256_fmsub_ps((__m256) a, (__m256) b, (__m256) product);
#else
    // Products of halves are exact.
    fvec aHigh = (fvec) ((ivec) a&~0xfff), bHigh = (fvec) ((ivec) b&~0xfff), aRest = a-aHigh, bRest = b-bHigh;
    return ((aHigh*bHigh-product)+aHigh*bRest+aRest*bHigh)+aRest*bRest;
#endif
}

/**
 * e^(x+low) to 1e-7 of itself, where low is much smaller than x.  x is limited to where the result is
 * a normal number.
 */
CGBRIDGE_INLINE fvec exponential(fvec x, fvec low) {
    x = minimum(maximum(x, broadcast(-87.0f)), broadcast(88.0f));
    // Adding and subtracting 1.5*2^23 rounds to an integer.
    fvec rounder = broadcast(12582912.0f);
    fvec n = (x*1.44269504088896341f+rounder)-rounder;
    // ln 2 in two parts, the first exact when multiplied by n.
    x = (x-n*0.693359375f)+(n*2.12194440e-4f+low);
    fvec y = x*1.9875691500e-4f+1.3981999507e-3f;
    y = y*x+8.3334519073e-3f;
    y = y*x+4.1665795894e-2f;
    y = y*x+1.6666665459e-1f;
    y = y*x+5.0000001201e-1f;
    y = y*x*x+x+1.0f;
#if defined(__AVX512F__)
    return (fvec) _mm512_scalef_ps((__m512) y, (__m512) n);
#else
    ivec exponent = (__builtin_convertvector(n, ivec)+127)<<23;
    return y*(fvec) exponent;
#endif
}

CGBRIDGE_INLINE fvec exponential(fvec x) {
    return exponential(x, fvec{});
}

/**
 * e^(-(a+aLow)*b), where aLow is what single precision leaves of a.  The rounding of a large exponent
 * would be an error of the result.
 */
CGBRIDGE_INLINE fvec decay(fvec a, fvec aLow, fvec b) {
    fvec product = a*b;
    return exponential(-product, -(roundingOfProduct(a, b, product)+aLow*b));
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
 * sin(pi/2 t) and cos(pi/2 t) for t between 0 and 1, to 1e-7; the sine keeps all its digits near 0.
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
