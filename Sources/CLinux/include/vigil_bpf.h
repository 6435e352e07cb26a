#ifndef VIGIL_BPF_H
#define VIGIL_BPF_H

#include <stddef.h>
#include <stdint.h>

/// The commands of bpf(2) that counting in the kernel needs, for which the C library has no
/// functions. A result below zero is -errno; descriptors are closed on exec.

/// Lifts the limit of locked memory, which maps count as in kernels older than 5.11. Where that is
/// not permitted, making a map says so.
void vigil_bpf_unlimit_locked_memory(void);

/// An array of `entries` values that mmap(2) shows to this process.
int vigil_bpf_create_mapped_array(uint32_t value_bytes, uint32_t entries);

/// A hash with keys of 8 bytes and a value per processor.
int vigil_bpf_create_percpu_hash(uint32_t value_bytes, uint32_t entries);

/// A value of 4 or 8 bytes for each task, which goes when the task does.
int vigil_bpf_create_task_storage(uint32_t value_bytes);

/// Where a program runs, and how its arguments are shown to it.
enum vigil_bpf_kind {
  /// At a tracepoint: as plain numbers.
  VIGIL_BPF_RAW_TRACEPOINT,
  /// At a tracepoint: pointers have types, what they point to can be read.
  VIGIL_BPF_TYPED_TRACEPOINT,
  /// For each object of a kind that the kernel has.
  VIGIL_BPF_ITERATOR,
};

/// Loads a program. `type` is the number that the kernel gives to the type of a typed tracepoint
/// (`btf_trace_NAME`) or the function of an iterator. `log`, if it has room, receives what the
/// verifier says.
int vigil_bpf_load(enum vigil_bpf_kind kind, uint32_t type, const uint64_t *instructions,
                   uint32_t count, char *log, uint32_t log_bytes);

/// Attaches a program; it is detached when the descriptor returned is closed. `name` is NULL for a
/// typed tracepoint, of which the program knows the name.
int vigil_bpf_open_raw_tracepoint(const char *name, int program);

/// Makes an iterator, which vigil_bpf_run_iterator has run its program for every object.
int vigil_bpf_link_iterator(int program);

/// 0 when the program has run for all objects. What it writes is not read.
int vigil_bpf_run_iterator(int link);

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
