#define _GNU_SOURCE

#include "vigil_linux.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

int vigil_signal_self(int number, int value) {
  siginfo_t information = {.si_signo = number, .si_errno = value, .si_code = SI_QUEUE};
  information.si_pid = getpid();
  information.si_uid = getuid();
  return syscall(SYS_rt_sigqueueinfo, getpid(), number, &information) == 0 ? 0 : errno;
}

int vigil_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC) == 0 ? 0 : errno; }
