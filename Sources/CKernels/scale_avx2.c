#include "vigil_scale.h"

#if defined(__x86_64__)

#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)

#define LANES 4
#include "scale_template.h"

#pragma clang attribute pop

vigil_scale_kernel vigil_scale_avx2(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") ? scale : 0;
}

#else

vigil_scale_kernel vigil_scale_avx2(void) { return 0; }

#endif
