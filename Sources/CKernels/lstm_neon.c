#include "vigil_lstm.h"

#if defined(__aarch64__)
#include <arm_neon.h>

#define V 4
#define STEP_ROWS 6
#define GEMM_ROWS 6
#define GEMM_VECTORS 4
typedef float32x4_t vec;
#define LOAD(p) vld1q_f32(p)
#define STORE(p, v) vst1q_f32(p, v)
#define SET1(x) vdupq_n_f32(x)
#define ADD(a, b) vaddq_f32(a, b)
#define SUB(a, b) vsubq_f32(a, b)
#define MUL(a, b) vmulq_f32(a, b)
#define DIV(a, b) vdivq_f32(a, b)
#define SQRT(a) vsqrtq_f32(a)
#define FMA(a, b, c) vfmaq_f32(c, a, b)
#define CLAMP(x, limit) vmaxq_f32(SET1(-(limit)), vminq_f32(SET1(limit), x))
#include "lstm_kernels_template.h"

const struct vigil_lstm_kernels *vigil_lstm_kernels_neon(void) { return &kernels; }

#else

const struct vigil_lstm_kernels *vigil_lstm_kernels_neon(void) { return 0; }

#endif
