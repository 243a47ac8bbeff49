/* What OpenMM puts in front of every kernel source that it compiles for CUDA, as far as ours use it. */
#ifdef USE_DOUBLE_PRECISION
typedef double real;
typedef double3 real3;
typedef double4 real4;
#define make_real3 make_double3
#define make_real4 make_double4
#define SQRT sqrt
#define RSQRT rsqrt
#define EXP exp
#define LOG log
#define SIN sin
#define COS cos
#else
typedef float real;
typedef float3 real3;
typedef float4 real4;
#define make_real3 make_float3
#define make_real4 make_float4
#define SQRT sqrtf
#define RSQRT rsqrtf
#define EXP expf
#define LOG logf
#define SIN sinf
#define COS cosf
#endif
#if defined(USE_DOUBLE_PRECISION) || defined(USE_MIXED_PRECISION)
typedef double mixed;
typedef double3 mixed3;
#define make_mixed3 make_double3
typedef double4 mixed4;
#else
typedef float mixed;
typedef float3 mixed3;
#define make_mixed3 make_float3
typedef float4 mixed4;
#endif
typedef long long mm_long;
typedef unsigned long long mm_ulong;
#define KERNEL extern "C" __global__
#define DEVICE __device__
#define LOCAL __shared__
#define LOCAL_ARG
#define GLOBAL
#define RESTRICT __restrict__
#define LOCAL_ID threadIdx.x
#define LOCAL_SIZE blockDim.x
#define GLOBAL_ID (blockIdx.x*blockDim.x+threadIdx.x)
#define GLOBAL_SIZE (blockDim.x*gridDim.x)
#define GROUP_ID blockIdx.x
#define NUM_GROUPS gridDim.x
#define SYNC_THREADS __syncthreads();
#define ATOMIC_ADD(target, value) atomicAdd(target, value)
DEVICE inline long long realToFixedPoint(real x) {
    return (long long) (x*0x100000000);
}
