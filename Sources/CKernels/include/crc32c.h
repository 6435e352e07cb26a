#ifndef VIGIL_CRC32C_H
#define VIGIL_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/// Whether this processor has the CRC32C instruction; asked once by the caller.
int vigil_crc32c_hardware_available(void);

/// Continues the raw CRC32C register (no inversion before or after) over `count` bytes with the
/// processor's instruction. To be called only where vigil_crc32c_hardware_available() is not 0.
uint32_t vigil_crc32c_hardware(uint32_t state, const void *bytes, size_t count);

#endif
