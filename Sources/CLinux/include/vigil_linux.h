#ifndef VIGIL_LINUX_H
#define VIGIL_LINUX_H

// Calls of Linux that Swift cannot make itself. Each returns 0, or the error's number.

/// Sends this process the signal `number` with `value` as its `si_errno`, which sigqueue(3) cannot
/// set (rt_sigqueueinfo(2)).
int vigil_signal_self(int number, int value);

/// Makes a pipe whose ends are not handed down to programs that are started: the reading end is
/// `ends[0]` (pipe2(2)).
int vigil_pipe(int ends[2]);

#endif
