/* SPDX-License-Identifier: MIT */
/*
 * The threads of the simulated program: coroutines, of which one runs until it comes to a point
 * where another one may. Between any two such points nothing else happens, so that a run is the
 * same whenever it is made from the same lots.
 */
#ifndef SCHEDULE_THREAD_H
#define SCHEDULE_THREAD_H

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>

enum { THREADS_MAX = 6 };

#define NEVER UINT64_MAX

struct link;

/* A call of the program's that is under way, from its hook's first instruction to its last. */
struct call {
	const char *name; /* NULL: none */
	struct link *link;
	int fd;
	uint32_t changes; /* of the number by the program, before the call */
	bool polls, dials, writes;
	uint64_t may_wait_ms; /* NEVER: as long as it takes */
	bool raises;	      /* SIGPIPE, if there is nobody to read what it writes */
	bool several;	      /* messages */
	bool peeps;	      /* does not wait, though its descriptor may */
	uint32_t moves;	      /* calls of the kernel, within it, that move bytes */
	uint64_t slept_ns;    /* within it */
	uint32_t sigpipes;
};

enum woken { WOKEN, TIMED_OUT, INTERRUPTED };

typedef bool ready_fn(void *arg);

struct thread {
	const char *name;
	bool alive;
	bool begun;
	bool stands_back; /* has called sched_yield: others first */
	ucontext_t context;
	jmp_buf at;
	void (*run)(void *arg);
	void *run_arg;
	ready_fn *ready; /* what it waits for; NULL: only for the time */
	void *arg;
	uint64_t until_ns; /* 0: it does not wait */
	enum woken woken;
	uint32_t weight; /* how likely it is to be next */
	int error;	 /* errno */
	bool abandoned;
	struct call call;
};

extern struct thread *thread_current; /* NULL: the scheduler */

struct thread *thread_start(const char *name, void (*run)(void *arg), void *arg);

/* Another one may go on here. */
void thread_step(void);

/* The same in between of what the preload's source has no call for: a few instructions on. */
void thread_fine_step(void);

/* Lets others go first. */
void thread_stand_back(void);

/*
 * Waits until ready(arg), the time, or a signal if one may come. ready is asked often, by whoever
 * runs, and must only look.
 */
enum woken thread_wait(ready_fn *ready, void *arg, uint64_t until_ns, bool interruptible);

/* Runs all there is until all threads have ended. */
void thread_run_all(void);

/* Has one been left where it waits for ever, as it would bare? */
bool thread_any_abandoned(void);

/* Forgets all threads of the run before. */
void thread_reset(void);

#endif
