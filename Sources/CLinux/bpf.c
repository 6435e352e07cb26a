#define _GNU_SOURCE
#include "vigil_bpf.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/btf.h>
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static int command(enum bpf_cmd name, union bpf_attr *arguments, size_t bytes) {
  long result = syscall(SYS_bpf, name, arguments, bytes);
  return result < 0 ? -errno : (int)result;
}

void vigil_bpf_unlimit_locked_memory(void) {
  struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
  (void)setrlimit(RLIMIT_MEMLOCK, &unlimited);
}

static int create_map(uint32_t type, uint32_t flags, uint32_t key_bytes, uint32_t value_bytes,
                      uint32_t entries) {
  union bpf_attr arguments;
  memset(&arguments, 0, sizeof arguments);
  arguments.map_type = type;
  arguments.map_flags = flags;
  arguments.key_size = key_bytes;
  arguments.value_size = value_bytes;
  arguments.max_entries = entries;
  return command(BPF_MAP_CREATE, &arguments, sizeof arguments);
}

int vigil_bpf_create_mapped_array(uint32_t value_bytes, uint32_t entries) {
  return create_map(BPF_MAP_TYPE_ARRAY, BPF_F_MMAPABLE, sizeof(uint32_t), value_bytes, entries);
}

int vigil_bpf_create_percpu_hash(uint32_t value_bytes, uint32_t entries) {
  return create_map(BPF_MAP_TYPE_PERCPU_HASH, 0, sizeof(uint64_t), value_bytes, entries);
}

int vigil_bpf_create_task_storage(uint32_t value_bytes) {
  // The kernel wants to be told the types of key and value: numbers of 4 and of 8 bytes.
  struct {
    struct btf_header header;
    struct {
      struct btf_type type;
      uint32_t encoding;
    } types[2];
    char strings[1 + sizeof "number"];
  } described;
  memset(&described, 0, sizeof described);
  described.header.magic = BTF_MAGIC;
  described.header.version = BTF_VERSION;
  described.header.hdr_len = sizeof described.header;
  described.header.type_len = sizeof described.types;
  described.header.str_off = sizeof described.types;
  described.header.str_len = sizeof described.strings;
  memcpy(described.strings + 1, "number", sizeof "number");
  for (int i = 0; i < 2; i++) {
    uint32_t bytes = i == 0 ? sizeof(uint32_t) : value_bytes;
    described.types[i].type.name_off = 1;
    described.types[i].type.info = BTF_KIND_INT << 24;
    described.types[i].type.size = bytes;
    described.types[i].encoding = 8 * bytes;
  }
  union bpf_attr arguments;
  memset(&arguments, 0, sizeof arguments);
  arguments.btf = (uint64_t)(uintptr_t)&described;
  arguments.btf_size = offsetof(__typeof__(described), strings) + sizeof described.strings;
  int types = command(BPF_BTF_LOAD, &arguments, sizeof arguments);
  if (types < 0) return types;

  memset(&arguments, 0, sizeof arguments);
  arguments.map_type = BPF_MAP_TYPE_TASK_STORAGE;
  arguments.map_flags = BPF_F_NO_PREALLOC;
  arguments.key_size = sizeof(uint32_t);
  arguments.value_size = value_bytes;
  arguments.btf_fd = (uint32_t)types;
  arguments.btf_key_type_id = 1;
  arguments.btf_value_type_id = 2;
  int result = command(BPF_MAP_CREATE, &arguments, sizeof arguments);
  close(types);
  return result;
}

int vigil_bpf_load(enum vigil_bpf_kind kind, uint32_t type, const uint64_t *instructions,
                   uint32_t count, char *log, uint32_t log_bytes) {
  // The kernel shows its own structures to programs under the GPL only, and takes ours for one.
  static const char license[] = "Dual MIT/GPL";
  union bpf_attr arguments;
  memset(&arguments, 0, sizeof arguments);
  switch (kind) {
    case VIGIL_BPF_RAW_TRACEPOINT:
      arguments.prog_type = BPF_PROG_TYPE_RAW_TRACEPOINT;
      break;
    case VIGIL_BPF_TYPED_TRACEPOINT:
      arguments.prog_type = BPF_PROG_TYPE_TRACING;
      arguments.expected_attach_type = BPF_TRACE_RAW_TP;
      break;
    case VIGIL_BPF_ITERATOR:
      arguments.prog_type = BPF_PROG_TYPE_TRACING;
      arguments.expected_attach_type = BPF_TRACE_ITER;
      break;
  }
  arguments.attach_btf_id = type;
  arguments.insns = (uint64_t)(uintptr_t)instructions;
  arguments.insn_cnt = count;
  arguments.license = (uint64_t)(uintptr_t)license;
  arguments.log_buf = log_bytes > 0 ? (uint64_t)(uintptr_t)log : 0;
  arguments.log_size = log_bytes;
  arguments.log_level = log_bytes > 0;
  return command(BPF_PROG_LOAD, &arguments, sizeof arguments);
}

int vigil_bpf_open_raw_tracepoint(const char *name, int program) {
  union bpf_attr arguments;
  memset(&arguments, 0, sizeof arguments);
  arguments.raw_tracepoint.name = (uint64_t)(uintptr_t)name;
  arguments.raw_tracepoint.prog_fd = (uint32_t)program;
  return command(BPF_RAW_TRACEPOINT_OPEN, &arguments, sizeof arguments);
}

int vigil_bpf_link_iterator(int program) {
  union bpf_attr arguments;
  memset(&arguments, 0, sizeof arguments);
  arguments.link_create.prog_fd = (uint32_t)program;
  arguments.link_create.attach_type = BPF_TRACE_ITER;
  return command(BPF_LINK_CREATE, &arguments, sizeof arguments);
}

int vigil_bpf_run_iterator(int link) {
  union bpf_attr arguments;
  memset(&arguments, 0, sizeof arguments);
  arguments.iter_create.link_fd = (uint32_t)link;
  int iterator = command(BPF_ITER_CREATE, &arguments, sizeof arguments);
  if (iterator < 0) return iterator;
  char output[64];
  ssize_t got;
  // The kernel pauses after many objects.
  do {
    got = read(iterator, output, sizeof output);
  } while (got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR)));
  int result = got < 0 ? -errno : 0;
  close(iterator);
  return result;
}

int vigil_bpf_next_key(int map, const uint64_t *key, uint64_t *next) {
  union bpf_attr arguments;
  memset(&arguments, 0, sizeof arguments);
  arguments.map_fd = (uint32_t)map;
  arguments.key = (uint64_t)(uintptr_t)key;
  arguments.next_key = (uint64_t)(uintptr_t)next;
  return command(BPF_MAP_GET_NEXT_KEY, &arguments, sizeof arguments);
}

int vigil_bpf_lookup(int map, uint64_t key, void *values) {
  union bpf_attr arguments;
  memset(&arguments, 0, sizeof arguments);
  arguments.map_fd = (uint32_t)map;
  arguments.key = (uint64_t)(uintptr_t)&key;
  arguments.value = (uint64_t)(uintptr_t)values;
  return command(BPF_MAP_LOOKUP_ELEM, &arguments, sizeof arguments);
}

int vigil_bpf_delete(int map, uint64_t key) {
  union bpf_attr arguments;
  memset(&arguments, 0, sizeof arguments);
  arguments.map_fd = (uint32_t)map;
  arguments.key = (uint64_t)(uintptr_t)&key;
  return command(BPF_MAP_DELETE_ELEM, &arguments, sizeof arguments);
}

int vigil_bpf_missed_runs(int program, uint64_t *missed) {
  struct bpf_prog_info info;
  union bpf_attr arguments;
  memset(&info, 0, sizeof info);
  memset(&arguments, 0, sizeof arguments);
  arguments.info.bpf_fd = (uint32_t)program;
  arguments.info.info_len = sizeof info;
  arguments.info.info = (uint64_t)(uintptr_t)&info;
  int result = command(BPF_OBJ_GET_INFO_BY_FD, &arguments, sizeof arguments);
  *missed = info.recursion_misses;
  return result;
}

int vigil_cgroup_exists(int mount, uint64_t id) {
  // FILEID_KERNFS of the kernel's exportfs.h: a file of a kernfs by its id.
  union {
    struct file_handle handle;
    char bytes[sizeof(struct file_handle) + sizeof(uint64_t)];
  } file;
  memset(&file, 0, sizeof file);
  file.handle.handle_bytes = sizeof id;
  file.handle.handle_type = 0xfe;
  memcpy(file.handle.f_handle, &id, sizeof id);
  int descriptor = open_by_handle_at(mount, &file.handle, O_PATH | O_CLOEXEC);
  if (descriptor < 0) return errno == ESTALE ? 0 : -errno;
  close(descriptor);
  return 1;
}
