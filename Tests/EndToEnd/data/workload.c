// A process whose system calls are known: it waits for commands, each a word and a number, on the
// FIFO it is given, carries them out, and says so on another. Between commands it does nothing.
//
// usage: workload COMMANDS ANSWERS [FILE]
//   calls N    N times getppid
//   opens N    opens and closes a file N times
//   forks N    N children that exit at once
//   mmaps N    maps and unmaps a page N times
//   faults N   touches N pages that it has not touched before
//   blocks N   writes N blocks of 4 KiB to FILE, past the page cache, one after another
//   eat N      allocates and touches N MiB, and keeps them
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { page = 4096 };

static void *map(size_t bytes) {
  void *memory =
      mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) perror("mmap"), exit(1);
  // A huge page would be one fault.
  madvise(memory, bytes, MADV_NOHUGEPAGE);
  return memory;
}

static void touch(char *memory, size_t bytes) {
  for (size_t at = 0; at < bytes; at += page) ((volatile char *)memory)[at] = 1;
}

static void carry_out(const char *word, long count, const char *file) {
  if (strcmp(word, "faults") == 0) {
    char *memory = map((size_t)count * page);
    touch(memory, (size_t)count * page);
    munmap(memory, (size_t)count * page);
    return;
  }
  if (strcmp(word, "eat") == 0) {
    touch(map((size_t)count << 20), (size_t)count << 20);
    return;
  }
  if (strcmp(word, "blocks") == 0) {
    int descriptor = open(file, O_WRONLY | O_CREAT | O_DIRECT, 0600);
    char *block = map(page);
    for (long i = 0; i < count; i++)
      if (descriptor < 0 || pwrite(descriptor, block, page, i * page) != page)
        perror(file), exit(1);
    close(descriptor);
    munmap(block, page);
    return;
  }
  for (long i = 0; i < count; i++) {
    if (strcmp(word, "calls") == 0) {
      syscall(SYS_getppid);
    } else if (strcmp(word, "opens") == 0) {
      int descriptor = open("/", O_RDONLY);
      if (descriptor < 0) perror("open"), exit(1);
      close(descriptor);
    } else if (strcmp(word, "mmaps") == 0) {
      munmap(mmap(NULL, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), page);
    } else if (strcmp(word, "forks") == 0) {
      pid_t child = fork();
      if (child < 0) perror("fork"), exit(1);
      if (child == 0) _exit(0);
      waitpid(child, NULL, 0);
    } else {
      fprintf(stderr, "%s: no such command\n", word);
      exit(1);
    }
  }
}

int main(int count, char **arguments) {
  if (count < 3) return 2;
  // For reading and writing, so that opening does not wait and reading does not end.
  int commands = open(arguments[1], O_RDWR);
  int answers = open(arguments[2], O_RDWR);
  if (commands < 0 || answers < 0) return perror("open"), 1;
  char line[100];
  for (;;) {
    ssize_t bytes = read(commands, line, sizeof line - 1);
    if (bytes <= 0) return 1;
    line[bytes] = 0;
    char word[20];
    long times;
    if (sscanf(line, "%19s %ld", word, &times) != 2) return fputs("no command\n", stderr), 1;
    carry_out(word, times, count > 3 ? arguments[3] : "");
    if (write(answers, line, (size_t)bytes) != bytes) return perror("write"), 1;
  }
}
