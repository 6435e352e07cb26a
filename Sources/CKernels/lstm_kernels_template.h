// The kernels of vigil_lstm.h, written once over the vector operations that the including file
// defines: V (floats in a vector), vec, LOAD, STORE, SET1, ADD, SUB, MUL, DIV, SQRT, FMA (a·b + c),
// CLAMP (x, limit; NaN stays NaN), and STEP_ROWS and GEMM_ROWS, GEMM_VECTORS: the register tiles.

#define ALWAYS static inline __attribute__((always_inline))
#define PARTS (VIGIL_LSTM_BLOCK / V)
#define PANEL (4 * VIGIL_LSTM_BLOCK)

// tanh(x) = x·P(x²)/Q(x²), relative error of the fit 2.1e-8 on |x| <= 9, where tanh is 1 in float;
// as computed, within 4e-7 of the true value.
ALWAYS vec vigil_tanh(vec x) {
  x = CLAMP(x, 9.0f);
  const vec y = MUL(x, x);
  vec p = FMA(SET1(0x1.cadcccp-27f), y, SET1(0x1.59c350p-16f));
  vec q = FMA(SET1(0x1.a1802cp-21f), y, SET1(0x1.588614p-12f));
  p = FMA(p, y, SET1(0x1.ca2c76p-9f));
  q = FMA(q, y, SET1(0x1.a7f7ecp-6f));
  p = FMA(p, y, SET1(0x1.120b1cp-3f));
  q = FMA(q, y, SET1(0x1.de5ad8p-2f));
  p = FMA(p, y, SET1(1.0f));
  q = FMA(q, y, SET1(1.0f));
  return DIV(MUL(p, x), q);
}

// σ(x) = ½ + ½·tanh(x/2): the same coefficients, scaled by powers of two.
ALWAYS vec vigil_sigmoid(vec x) {
  x = CLAMP(x, 18.0f);
  const vec y = MUL(x, x);
  vec p = FMA(SET1(0x1.cadcccp-37f), y, SET1(0x1.59c350p-24f));
  vec q = FMA(SET1(0x1.a1802cp-29f), y, SET1(0x1.588614p-18f));
  p = FMA(p, y, SET1(0x1.ca2c76p-15f));
  q = FMA(q, y, SET1(0x1.a7f7ecp-10f));
  p = FMA(p, y, SET1(0x1.120b1cp-7f));
  q = FMA(q, y, SET1(0x1.de5ad8p-4f));
  p = FMA(p, y, SET1(0.25f));
  q = FMA(q, y, SET1(1.0f));
  return ADD(DIV(MUL(p, x), q), SET1(0.5f));
}

ALWAYS void step_tile(const int rows, const struct vigil_lstm_step *s, int64_t panel, int64_t n,
                      int part) {
  vec acc[8][4];
  const float *init = s->init + panel * s->init_panel + n * s->init_row + part * V;
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int g = 0; g < 4; g++) acc[r][g] = LOAD(init + r * s->init_row + g * VIGIL_LSTM_BLOCK);
  if (s->x) {
    const float *x = s->x + n * s->x_row;
    const float *w = s->wx + panel * s->features * PANEL + part * V;
    for (int64_t k = 0; k < s->features; k++, w += PANEL) {
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; r++) {
        const vec a = SET1(x[r * s->x_row + k]);
#pragma clang loop unroll(full)
        for (int g = 0; g < 4; g++)
          acc[r][g] = FMA(a, LOAD(w + g * VIGIL_LSTM_BLOCK), acc[r][g]);
      }
    }
  }
  const int64_t width = s->width;
  if (s->h_prev) {
    const float *h = s->h_prev + n * width;
    const float *w = s->wh + panel * s->units * PANEL + part * V;
    for (int64_t k = 0; k < s->units; k++, w += PANEL) {
      vec b[4];
#pragma clang loop unroll(full)
      for (int g = 0; g < 4; g++) b[g] = LOAD(w + g * VIGIL_LSTM_BLOCK);
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; r++) {
        const vec a = SET1(h[r * width + k]);
#pragma clang loop unroll(full)
        for (int g = 0; g < 4; g++) acc[r][g] = FMA(a, b[g], acc[r][g]);
      }
    }
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) {
    const int64_t at = (n + r) * width + panel * VIGIL_LSTM_BLOCK + part * V;
    const vec i = vigil_sigmoid(acc[r][0]);
    const vec g = vigil_tanh(acc[r][2]);
    vec c = MUL(i, g);
    const vec f = vigil_sigmoid(acc[r][1]);
    if (s->c_prev) c = FMA(f, LOAD(s->c_prev + at), c);
    const vec o = vigil_sigmoid(acc[r][3]);
    const vec t = vigil_tanh(c);
    STORE(s->c + at, c);
    STORE(s->h + at, MUL(o, t));
    if (s->tanh_c) STORE(s->tanh_c + at, t);
    if (s->gates) {
      float *gates = s->gates + (panel * s->rows + n + r) * PANEL + part * V;
      STORE(gates, i);
      STORE(gates + VIGIL_LSTM_BLOCK, f);
      STORE(gates + 2 * VIGIL_LSTM_BLOCK, g);
      STORE(gates + 3 * VIGIL_LSTM_BLOCK, o);
    }
  }
}

static void forward(const struct vigil_lstm_step *s) {
  for (int64_t index = 0; index < s->panels; index++) {
    const int64_t panel = s->reverse ? s->panels - 1 - index : index;
    for (int part = 0; part < PARTS; part++) {
      int64_t n = 0;
      for (; n + STEP_ROWS <= s->rows; n += STEP_ROWS) step_tile(STEP_ROWS, s, panel, n, part);
      switch (s->rows - n) {
#if STEP_ROWS > 2
        case 5: step_tile(5, s, panel, n, part); break;
        case 4: step_tile(4, s, panel, n, part); break;
        case 3: step_tile(3, s, panel, n, part); break;
        case 2: step_tile(2, s, panel, n, part); break;
#endif
        case 1: step_tile(1, s, panel, n, part); break;
        default: break;
      }
    }
  }
}

static void backward(const struct vigil_lstm_step_gradient *s) {
  const vec one = SET1(1.0f);
  for (int64_t panel = 0; panel < s->panels; panel++)
    for (int64_t n = 0; n < s->rows; n++)
      for (int part = 0; part < PARTS; part++) {
        const int64_t gate = (panel * s->rows + n) * PANEL + part * V;
        const int64_t at = n * s->width + panel * VIGIL_LSTM_BLOCK + part * V;
        const vec i = LOAD(s->gates + gate);
        const vec f = LOAD(s->gates + gate + VIGIL_LSTM_BLOCK);
        const vec g = LOAD(s->gates + gate + 2 * VIGIL_LSTM_BLOCK);
        const vec o = LOAD(s->gates + gate + 3 * VIGIL_LSTM_BLOCK);
        const vec t = LOAD(s->tanh_c + at);
        const vec dh = LOAD(s->dh + at);
        const vec dc = FMA(MUL(dh, o), SUB(one, MUL(t, t)), LOAD(s->dc + at));
        const vec c_prev = s->c_prev ? LOAD(s->c_prev + at) : SET1(0.0f);
        const vec gradient[4] = {
            MUL(MUL(dc, g), MUL(i, SUB(one, i))),
            MUL(MUL(dc, c_prev), MUL(f, SUB(one, f))),
            MUL(MUL(dc, i), SUB(one, MUL(g, g))),
            MUL(MUL(dh, t), MUL(o, SUB(one, o))),
        };
        STORE(s->dc + at, MUL(dc, f));
#pragma clang loop unroll(full)
        for (int k = 0; k < 4; k++) STORE(s->dgates + gate + k * VIGIL_LSTM_BLOCK, gradient[k]);
        if (s->dgates_sum) {
          float *sum = s->dgates_sum + gate;
#pragma clang loop unroll(full)
          for (int k = 0; k < 4; k++)
            STORE(sum + k * VIGIL_LSTM_BLOCK, ADD(LOAD(sum + k * VIGIL_LSTM_BLOCK), gradient[k]));
        }
      }
}

struct gemm {
  int64_t depth;
  const float *a;
  int64_t a_row, a_column;
  const float *b;
  int64_t b_row;
  const float *bias;
  float *c;
  int64_t c_row, accumulate;
};

ALWAYS void gemm_tile(const int rows, const int vectors, const struct gemm *s, int64_t m,
                      int64_t n) {
  vec acc[8][4];
  float *c = s->c + m * s->c_row + n;
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++)
      acc[r][v] = s->accumulate ? LOAD(c + r * s->c_row + v * V)
                  : s->bias     ? LOAD(s->bias + n + v * V)
                                : SET1(0.0f);
  const float *a = s->a + m * s->a_row;
  const float *b = s->b + n;
  for (int64_t k = 0; k < s->depth; k++, a += s->a_column, b += s->b_row) {
    vec w[4];
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) w[v] = LOAD(b + v * V);
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) {
      const vec x = SET1(a[r * s->a_row]);
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; v++) acc[r][v] = FMA(x, w[v], acc[r][v]);
    }
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) STORE(c + r * s->c_row + v * V, acc[r][v]);
}

ALWAYS void gemm_columns(const int vectors, const struct gemm *s, int64_t rows, int64_t n) {
  int64_t m = 0;
  for (; m + GEMM_ROWS <= rows; m += GEMM_ROWS) gemm_tile(GEMM_ROWS, vectors, s, m, n);
  switch (rows - m) {
#if GEMM_ROWS > 4
    case 5: gemm_tile(5, vectors, s, m, n); break;
    case 4: gemm_tile(4, vectors, s, m, n); break;
#endif
    case 3: gemm_tile(3, vectors, s, m, n); break;
    case 2: gemm_tile(2, vectors, s, m, n); break;
    case 1: gemm_tile(1, vectors, s, m, n); break;
    default: break;
  }
}

static void gemm(int64_t rows, int64_t columns, int64_t depth, const float *a, int64_t a_row,
                 int64_t a_column, const float *b, int64_t b_row, const float *bias, float *c,
                 int64_t c_row, int64_t accumulate) {
  const struct gemm s = {depth, a, a_row, a_column, b, b_row, bias, c, c_row, accumulate};
  int64_t n = 0;
  for (; n + GEMM_VECTORS * V <= columns; n += GEMM_VECTORS * V)
    gemm_columns(GEMM_VECTORS, &s, rows, n);
  switch ((columns - n) / V) {
#if GEMM_VECTORS > 2
    case 3: gemm_columns(3, &s, rows, n); break;
    case 2: gemm_columns(2, &s, rows, n); break;
#endif
    case 1: gemm_columns(1, &s, rows, n); break;
    default: break;
  }
}

static void residual(int64_t count, const float *x, const float *y, float scale, float *dy,
                     float *squares) {
  const vec factor = SET1(scale);
  for (int64_t i = 0; i < count; i += V) {
    const vec e = SUB(LOAD(y + i), LOAD(x + i));
    STORE(squares + i, FMA(e, e, LOAD(squares + i)));
    if (dy) STORE(dy + i, MUL(e, factor));
  }
}

static void adam(int64_t count, const float *gradient, const struct vigil_adam_step *s,
                 float *parameters, float *m, float *v) {
  const vec beta1 = SET1(s->beta1), beta2 = SET1(s->beta2);
  const vec rest1 = SET1(1.0f - s->beta1), rest2 = SET1(1.0f - s->beta2);
  for (int64_t i = 0; i < count; i += V) {
    const vec g = MUL(LOAD(gradient + i), SET1(s->gradient_scale));
    const vec mi = FMA(beta1, LOAD(m + i), MUL(rest1, g));
    const vec vi = FMA(beta2, LOAD(v + i), MUL(rest2, MUL(g, g)));
    const vec size = ADD(SQRT(MUL(vi, SET1(s->correction2))), SET1(s->epsilon));
    const vec step = DIV(MUL(SET1(s->rate), MUL(mi, SET1(s->correction1))), size);
    STORE(m + i, mi);
    STORE(v + i, vi);
    STORE(parameters + i, SUB(LOAD(parameters + i), step));
  }
}

static void squares(int64_t count, const float *values, float *lanes) {
  for (int part = 0; part < PARTS; part++) {
    vec sum = SET1(0.0f);
    for (int64_t i = part * V; i < count; i += VIGIL_LSTM_BLOCK) {
      const vec value = LOAD(values + i);
      sum = FMA(value, value, sum);
    }
    STORE(lanes + part * V, sum);
  }
}

static const struct vigil_lstm_kernels kernels = {gemm, forward, backward, residual, adam, squares};
