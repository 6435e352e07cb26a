#include "vigil_scale.h"

#if defined(__x86_64__)

#pragma clang attribute push(__attribute__((target("avx512f"))), apply_to = function)

#define LANES 8
#include "scale_template.h"

#pragma clang attribute pop

vigil_scale_kernel vigil_scale_avx512(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512f") ? scale : 0;
}

#else

vigil_scale_kernel vigil_scale_avx512(void) { return 0; }

#endif
