#ifndef VIGIL_BPF_H
#define VIGIL_BPF_H

#include <stddef.h>
#include <stdint.h>

/// The commands of bpf(2) that counting system calls needs, for which the C library has no
/// functions. A result below zero is -errno; descriptors are closed on exec.

/// Lifts the limit of locked memory, which maps count as in kernels older than 5.11. Where that is
/// not permitted, making a map says so.
void vigil_bpf_unlimit_locked_memory(void);

/// An array of `entries` values that mmap(2) shows to this process.
int vigil_bpf_create_mapped_array(uint32_t value_bytes, uint32_t entries);

/// A hash with keys of 8 bytes and a value per processor.
int vigil_bpf_create_percpu_hash(uint32_t value_bytes, uint32_t entries);

/// Loads a program for raw tracepoints. `log` receives what the verifier says.
int vigil_bpf_load(const uint64_t *instructions, uint32_t count, char *log, uint32_t log_bytes);

/// Attaches a program; it is detached when the descriptor returned is closed.
int vigil_bpf_open_raw_tracepoint(const char *name, int program);

/// The key after `key`, or the first one where that is NULL; -ENOENT at the end.
int vigil_bpf_next_key(int map, const uint64_t *key, uint64_t *next);

/// The values of all possible processors, one after another.
int vigil_bpf_lookup(int map, uint64_t key, void *values);

int vigil_bpf_delete(int map, uint64_t key);

/// How often the kernel did not run the program because it was running already.
int vigil_bpf_missed_runs(int program, uint64_t *missed);

/// Whether the cgroup v2 directory with this id is there: 1 or 0. `mount` is a descriptor of any
/// directory of the hierarchy.
int vigil_cgroup_exists(int mount, uint64_t id);

/// Reads a word that the kernel may be writing.
static inline uint64_t vigil_load_shared(const uint64_t *word) {
  return __atomic_load_n(word, __ATOMIC_RELAXED);
}

/// Writes a word that the kernel may be reading, after everything written before.
static inline void vigil_store_shared(uint64_t *word, uint64_t value) {
  __atomic_store_n(word, value, __ATOMIC_RELEASE);
}

#endif
