#ifndef VIGIL_SCALE_H
#define VIGIL_SCALE_H

#include <stdint.h>

/// How values of a feature become a network's input; Scaler of module Detection defines it, and has
/// the same bits.
struct vigil_scaling {
  double offset;
  double scale;
  double bound;   ///< scaled values are limited to ±bound
  double linear;  ///< linear · asinh(x / linear) of the scaled value; 0 for the value itself
};

/// scaled[i] = the scaled values[i], rounded to float; values that are not finite give anything.
typedef void (*vigil_scale_kernel)(int64_t count, const double *values,
                                   const struct vigil_scaling *scaling, float *scaled);

/// Each returns NULL where the processor lacks the instructions.
vigil_scale_kernel vigil_scale_avx512(void);
vigil_scale_kernel vigil_scale_avx2(void);

#endif
