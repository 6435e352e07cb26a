// The scaling of vigil_scale.h over vectors of LANES doubles. Each operation is one that IEEE 754
// rounds correctly, in the order of the plain Swift code, so the bits are the same.

#pragma clang fp contract(off)

typedef double vec __attribute__((vector_size(8 * LANES)));
typedef int64_t bits __attribute__((vector_size(8 * LANES)));
typedef int32_t whole __attribute__((vector_size(4 * LANES)));
typedef float single __attribute__((vector_size(4 * LANES)));

static inline __attribute__((always_inline)) vec select(bits mask, vec a, vec b) {
  return (vec)((mask & (bits)a) | (~mask & (bits)b));
}

// See inverseHyperbolicSine in module Detection.
static inline __attribute__((always_inline)) vec asinh_of(vec x) {
  const vec size = __builtin_elementwise_abs(x);
  const vec r = size + __builtin_elementwise_sqrt(size * size + 1.0);
  const bits pattern = (bits)r;
  const vec significand = (vec)((pattern & 0x000fffffffffffff) | 0x3ff0000000000000);
  const bits upper = significand > 1.4142135623730951;
  const vec m = select(upper, significand / 2.0, significand);
  const vec exponent =
      __builtin_convertvector(__builtin_convertvector((pattern >> 52) - 1023 - upper, whole), vec);
  const vec s = (m - 1.0) / (m + 1.0);
  const vec square = s * s;
  vec sum = square * (1.0 / 21) + 1.0 / 19;
  sum = sum * square + 1.0 / 17;
  sum = sum * square + 1.0 / 15;
  sum = sum * square + 1.0 / 13;
  sum = sum * square + 1.0 / 11;
  sum = sum * square + 1.0 / 9;
  sum = sum * square + 1.0 / 7;
  sum = sum * square + 1.0 / 5;
  sum = sum * square + 1.0 / 3;
  sum = sum * square + 1.0;
  const vec value = exponent * 0.6931471805599453 + 2.0 * s * sum;
  return select(x < 0.0, -value, value);
}

static void scale(int64_t count, const double *values, const struct vigil_scaling *scaling,
                  float *scaled) {
  const double linear = scaling->linear;
  for (int64_t i = 0; i < count; i += LANES) {
    const int64_t left = count - i;
    vec x = {0};
    if (left >= LANES) {
      __builtin_memcpy(&x, values + i, sizeof x);
    } else {
      __builtin_memcpy(&x, values + i, left * sizeof(double));
    }
    x = (x - scaling->offset) / scaling->scale;
    x = __builtin_elementwise_min(__builtin_elementwise_max(x, (vec){0} - scaling->bound),
                                  (vec){0} + scaling->bound);
    if (linear > 0) x = linear * asinh_of(x / linear);
    const single result = __builtin_convertvector(x, single);
    __builtin_memcpy(scaled + i, &result, (left < LANES ? left : LANES) * sizeof(float));
  }
}
