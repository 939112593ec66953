/* SPDX-License-Identifier: MIT */
/* What is done to a process that stands at a system call (ptrace(2)). */
#ifndef REDIAL_INJECT_TRACEE_H
#define REDIAL_INJECT_TRACEE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/ptrace.h>
#include <sys/types.h>

enum { SYSCALLS = 512 };

struct range {
	uint64_t start, end;
};

/* What was made smaller, and is to be as it was behind the call. */
struct shortened {
	uint64_t at, was; /* a word of memory; or at is 0: the third argument */
};

/* Where the code of libredial.so lies; nothing as long as it is not mapped. */
struct range tracee_library(pid_t pid);

/* Does the epoll set that is its number `set` wait for its number `fd`? */
bool tracee_has(pid_t pid, int set, int fd);

/* At its entry: the call is not made. */
void tracee_skip(pid_t pid);

/* At its exit: what it returns. */
void tracee_result(pid_t pid, long result);

/* At its entry: half the bytes. false if it is no such call, or they are too few. */
bool tracee_shorten(pid_t pid, const struct __ptrace_syscall_info *info, struct shortened *kept);
void tracee_restore(pid_t pid, const struct shortened *kept);

#endif
