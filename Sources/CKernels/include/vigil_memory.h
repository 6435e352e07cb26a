#ifndef VIGIL_MEMORY_H
#define VIGIL_MEMORY_H

/// Gives the pages that the allocator holds free back to the system, where the C library has a call
/// for it. Swift's Glibc module does not have <malloc.h>.
void vigil_release_free_memory(void);

#endif
