#include "vigil_memory.h"

// For __GLIBC__, which no header of the compiler defines.
#include <stdlib.h>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

void vigil_release_free_memory(void) {
#if defined(__GLIBC__)
  malloc_trim(0);
#endif
}
