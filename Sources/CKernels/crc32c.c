#include "crc32c.h"

#include <string.h>

#if defined(__x86_64__)

#include <immintrin.h>

int vigil_crc32c_hardware_available(void) { return __builtin_cpu_supports("sse4.2") ? 1 : 0; }

__attribute__((target("sse4.2"))) uint32_t vigil_crc32c_hardware(uint32_t state, const void *bytes,
                                                                  size_t count) {
  const unsigned char *at = bytes;
  uint64_t crc = state;
  for (; count >= 8; at += 8, count -= 8) {
    uint64_t word;
    memcpy(&word, at, 8);
    crc = _mm_crc32_u64(crc, word);
  }
  uint32_t tail = (uint32_t)crc;
  for (; count > 0; ++at, --count) tail = _mm_crc32_u8(tail, *at);
  return tail;
}

#else

int vigil_crc32c_hardware_available(void) { return 0; }

uint32_t vigil_crc32c_hardware(uint32_t state, const void *bytes, size_t count) {
  (void)bytes;
  (void)count;
  return state;
}

#endif
