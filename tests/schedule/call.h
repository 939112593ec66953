/* SPDX-License-Identifier: MIT */
/* System calls, by number. */
#ifndef SCHEDULE_CALL_H
#define SCHEDULE_CALL_H

#include <stddef.h>
#include <stdint.h>

/* No system call's result. */
#define CALL_UNKNOWN INT64_MIN

/* Where the preload's log goes, if it goes to a file. */
#define CALL_LOG "/log"

/* Makes it, without another thread's coming in between. Fails the run if it is not simulated. */
long call_kernel(long number, long a, long b, long c, long d, long e, long f);

/* Memory that the preload has mapped: all of it is given back by call_reset. */
void call_note_memory(long number, long at, long len, long result);
long call_next_memory(long len); /* where the next one of this length goes */
void call_reset(void);

/* process_vm_readv and its kin, of this process. */
struct iovec;
long call_copy(long number, const struct iovec *own, const struct iovec *others, size_t count);

void call_trace(long number, long a, long b, long c, long result);

#endif
