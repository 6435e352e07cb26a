#ifndef VIGIL_LSTM_H
#define VIGIL_LSTM_H

#include <stdint.h>

/// Float kernels of the LSTM autoencoder.
///
/// Units come in blocks of VIGIL_LSTM_BLOCK; a panel is the four gates i, f, g, o of one block, 64
/// floats. Every output element is one chain of fused multiply-adds over ascending k, so the bits
/// do not depend on the vector width, on the number of rows of a call, nor on a row's place in it.
/// The plain Swift kernels of module Detection compute the same bits.
#define VIGIL_LSTM_BLOCK 16

/// One time step of an LSTM for `rows` windows.
///
/// gates[n] = init[n] + x[n]·wx + h_prev[n]·wh; i, f, o = σ, g = tanh; c = f·c_prev + i·g;
/// h = o·tanh(c).
struct vigil_lstm_step {
  int64_t rows;
  int64_t units;    ///< contraction length of h_prev
  int64_t panels;   ///< panels of 16 units
  int64_t width;    ///< floats from one row to the next in h, c, tanh_c: 16·panels
  int64_t reverse;  ///< non-zero: panels in descending order, so that weights stay in the cache
  const float *init;
  int64_t init_panel;  ///< floats from one panel of init to the next
  int64_t init_row;    ///< floats from one row of init to the next, 0 for a bias
  const float *x;      ///< [rows][x_row], or NULL
  int64_t x_row;
  int64_t features;
  const float *wx;      ///< [panels][features][64]
  const float *wh;      ///< [panels][units][64]
  const float *h_prev;  ///< [rows][width], or NULL for zero
  const float *c_prev;  ///< [rows][width], or NULL for zero
  float *h;             ///< [rows][width], not h_prev
  float *c;             ///< [rows][width], may be c_prev
  float *gates;         ///< [panels][rows][64] activated gates, or NULL
  float *tanh_c;        ///< [rows][width], or NULL
};

/// The gradient of one time step with respect to the gates before their activation.
struct vigil_lstm_step_gradient {
  int64_t rows;
  int64_t panels;
  int64_t width;
  const float *gates;   ///< [panels][rows][64] as the forward step left them
  const float *tanh_c;  ///< [rows][width]
  const float *c_prev;  ///< [rows][width], or NULL for zero
  const float *dh;      ///< [rows][width]
  float *dc;            ///< [rows][width], in: of c at this step; out: of c_prev
  float *dgates;        ///< [panels][rows][64]
  float *dgates_sum;    ///< the same shape, dgates is added, or NULL
};

struct vigil_adam_step {
  float beta1, beta2;
  float rate;              ///< learning rate
  float correction1;       ///< 1 / (1 - beta1^t)
  float correction2;       ///< 1 / (1 - beta2^t)
  float epsilon;
  float gradient_scale;    ///< multiplies each gradient first
};

struct vigil_lstm_kernels {
  /// c[m][n] = start + Σ_k a[m·a_row + k·a_column] · b[k·b_row + n]; start is c where `accumulate`,
  /// else bias[n], else 0. `columns` is a multiple of 16.
  void (*gemm)(int64_t rows, int64_t columns, int64_t depth, const float *a, int64_t a_row,
               int64_t a_column, const float *b, int64_t b_row, const float *bias, float *c,
               int64_t c_row, int64_t accumulate);
  void (*forward)(const struct vigil_lstm_step *step);
  void (*backward)(const struct vigil_lstm_step_gradient *step);
  /// e = y - x; squares += e·e; dy = scale·e where dy is not NULL. `count` is a multiple of 16.
  void (*residual)(int64_t count, const float *x, const float *y, float scale, float *dy,
                   float *squares);
  /// `count` is a multiple of 16.
  void (*adam)(int64_t count, const float *gradient, const struct vigil_adam_step *step,
               float *parameters, float *m, float *v);
  /// lanes[j] = Σ_i values[16i + j]². `count` is a multiple of 16.
  void (*squares)(int64_t count, const float *values, float *lanes);
};

/// Each returns NULL where the processor lacks the instructions.
const struct vigil_lstm_kernels *vigil_lstm_kernels_avx512(void);
const struct vigil_lstm_kernels *vigil_lstm_kernels_avx2(void);
const struct vigil_lstm_kernels *vigil_lstm_kernels_neon(void);

#endif
