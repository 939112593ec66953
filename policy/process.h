/* SPDX-License-Identifier: MIT */
/*
 * What each process of a launch is doing right now, for `redial stat`: an entry of one cache line
 * that it alone counts in. A process that is killed leaves its entry as it was: readers pass over
 * entries whose process is gone, and processes to come take them.
 */
#ifndef REDIAL_PROCESS_H
#define REDIAL_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

enum {
	PROCESS_ENTRIES = 128,
	PROCESS_LOOKS = 32, /* entries that one which finds none free looks at for a dead owner */
};

/* What goes up and down again. */
enum process_gauge {
	PROCESS_CONNECTIONS,
	PROCESS_RESCUES,
	PROCESS_SESSIONS, /* of TLS, on one of those connections */
	PROCESS_GAUGES,
};

/* What only goes up: the events of the log. */
enum process_event {
	PROCESS_ATTEMPTS,
	PROCESS_RECOVERED,
	PROCESS_EXHAUSTED,
	PROCESS_KEPT,
	PROCESS_ABANDONED,
	PROCESS_REFUSED,
	PROCESS_STOPPED, /* a process has no rescues any more: its program leaves them all */
	PROCESS_EVENTS,
};

struct process {
	uint64_t owner;	   /* times it was taken << 32 | PID; a PID of 0: nobody's */
	uint64_t since_ms; /* when the owner took it, by CLOCK_BOOTTIME */
	uint64_t at;	   /* where the owner has mapped the whole: another image is elsewhere */
	int32_t gauges[PROCESS_GAUGES];
	uint32_t events[PROCESS_EVENTS];
} __attribute__((aligned(64)));

/* Who wants an entry. */
struct process_claim {
	uint32_t pid;
	uint64_t now_ms; /* of CLOCK_BOOTTIME */
	uint64_t at;
	/* Is there no such process any more? Asked at most PROCESS_LOOKS times. */
	bool (*is_gone)(uint32_t pid);
};

/*
 * An entry of the process's own, its counts 0: one that it has under its PID from before (an exec,
 * or the PID is used anew), else one that is free, or whose process is gone. If none is found, the
 * last one, which all share that find none. entries: PROCESS_ENTRIES of them. Threads of one
 * process must not call it at once.
 */
struct process *process_claim(struct process *entries, const struct process_claim *claim);

/* The PID whose entry it is; 0 if it is nobody's, or shared. */
static inline uint32_t process_pid(const struct process *process)
{
	return (uint32_t)__atomic_load_n(&process->owner, __ATOMIC_RELAXED);
}

static inline void process_add(struct process *process, enum process_gauge gauge, int32_t by)
{
	__atomic_fetch_add(&process->gauges[gauge], by, __ATOMIC_RELAXED);
}

static inline void process_count(struct process *process, enum process_event event)
{
	__atomic_fetch_add(&process->events[event], 1, __ATOMIC_RELAXED);
}

#endif
