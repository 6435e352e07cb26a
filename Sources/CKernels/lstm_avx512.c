#include "vigil_lstm.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx512f"))), apply_to = function)

#define V 16
#define STEP_ROWS 6
#define GEMM_ROWS 6
#define GEMM_VECTORS 4
typedef __m512 vec;
#define LOAD(p) _mm512_loadu_ps(p)
#define STORE(p, v) _mm512_storeu_ps(p, v)
#define SET1(x) _mm512_set1_ps(x)
#define ADD(a, b) _mm512_add_ps(a, b)
#define SUB(a, b) _mm512_sub_ps(a, b)
#define MUL(a, b) _mm512_mul_ps(a, b)
#define DIV(a, b) _mm512_div_ps(a, b)
#define SQRT(a) _mm512_sqrt_ps(a)
#define FMA(a, b, c) _mm512_fmadd_ps(a, b, c)
// The second operand is returned where one is NaN.
#define CLAMP(x, limit) _mm512_max_ps(SET1(-(limit)), _mm512_min_ps(SET1(limit), x))
#include "lstm_kernels_template.h"

#pragma clang attribute pop

const struct vigil_lstm_kernels *vigil_lstm_kernels_avx512(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512f") ? &kernels : 0;
}

#else

const struct vigil_lstm_kernels *vigil_lstm_kernels_avx512(void) { return 0; }

#endif
