#include "vigil_lstm.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#define V 8
#define STEP_ROWS 2
#define GEMM_ROWS 4
#define GEMM_VECTORS 2
typedef __m256 vec;
#define LOAD(p) _mm256_loadu_ps(p)
#define STORE(p, v) _mm256_storeu_ps(p, v)
#define SET1(x) _mm256_set1_ps(x)
#define ADD(a, b) _mm256_add_ps(a, b)
#define SUB(a, b) _mm256_sub_ps(a, b)
#define MUL(a, b) _mm256_mul_ps(a, b)
#define DIV(a, b) _mm256_div_ps(a, b)
#define SQRT(a) _mm256_sqrt_ps(a)
#define FMA(a, b, c) _mm256_fmadd_ps(a, b, c)
// The second operand is returned where one is NaN.
#define CLAMP(x, limit) _mm256_max_ps(SET1(-(limit)), _mm256_min_ps(SET1(limit), x))
#include "lstm_kernels_template.h"

#pragma clang attribute pop

const struct vigil_lstm_kernels *vigil_lstm_kernels_avx2(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &kernels : 0;
}

#else

const struct vigil_lstm_kernels *vigil_lstm_kernels_avx2(void) { return 0; }

#endif
