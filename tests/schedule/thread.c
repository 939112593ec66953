/* SPDX-License-Identifier: MIT */
#include "thread.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "draw.h"
#include "judge.h"
#include "kernel.h"
#include "trace.h"
#include "wire.h"
#include "world.h"

enum { STACK_LEN = 256 << 10, STEP_NS = 1000 };

struct thread *thread_current;

static struct thread threads[THREADS_MAX];
static int count;
static char *stacks;
static jmp_buf scheduler;
static uint32_t steps_left; /* until another one is looked for; 0: it goes on */
static uint32_t fine_left;

/* At the same place each time, for addresses get into what is drawn. */
#define STACKS_AT ((void *)0x100000000000L)

/* With a page in between that cannot be touched. */
static char *stack_of(int i)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), each = STACK_LEN + page;
	if (!stacks) {
		stacks = mmap(STACKS_AT, each * THREADS_MAX, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
		for (size_t n = 0; n < THREADS_MAX; n++)
			mprotect(stacks + n * each, page, PROT_NONE);
	}
	return stacks + (size_t)i * each + page;
}

void thread_reset(void)
{
	memset(threads, 0, sizeof(threads));
	count = 0;
	steps_left = fine_left = 0;
	thread_current = NULL;
}

static void leave(void)
{
	if (!_setjmp(thread_current->at))
		_longjmp(scheduler, 1);
}

static void begin(void)
{
	struct thread *self = thread_current;
	self->run(self->run_arg);
	self->alive = false;
	trace("(ends)");
	_longjmp(scheduler, 1);
}

__attribute__((noinline)) static void prepare(struct thread *thread, char *stack)
{
	getcontext(&thread->context);
	thread->context.uc_stack.ss_sp = stack;
	thread->context.uc_stack.ss_size = STACK_LEN;
	makecontext(&thread->context, begin, 0);
}

struct thread *thread_start(const char *name, void (*run)(void *arg), void *arg)
{
	if (count == THREADS_MAX)
		return NULL;
	threads[count] = (struct thread){.name = name, .alive = true, .run = run, .run_arg = arg};
	threads[count].weight = DRAW_OF(4, 4, 1, 16);
	prepare(&threads[count], stack_of(count));
	return &threads[count++];
}

static void draw_length(void)
{
	steps_left = draw(world.set.switch_most + 1);
	fine_left = world.set.fine_most ? draw(world.set.fine_most + 1) : 0;
}

static void resume(struct thread *thread)
{
	thread_current = thread;
	thread->until_ns = 0;
	thread->ready = NULL;
	thread->stands_back = false;
	draw_length();
	if (!_setjmp(scheduler)) {
		if (thread->begun)
			_longjmp(thread->at, 1);
		thread->begun = true;
		setcontext(&thread->context);
	}
	thread_current = NULL;
}

static void pass(uint64_t ns)
{
	world.now_ns = ns;
	if (next_timer_ns <= ns)
		timers_fire();
}

static void count_step(void)
{
	pass(world.now_ns + STEP_NS);
	/* Who looks again and again for what a silent server owes him may do so for long. */
	if (++world.steps == STEPS_MAX / 2)
		wire_end_silent();
	if (world.steps > STEPS_MAX)
		judge_fail("endless", "it does not end: %d steps, the last ones %s%s", STEPS_MAX,
			   thread_current ? "of thread " : "of servers",
			   thread_current ? thread_current->name : "");
}

void thread_step(void)
{
	count_step();
	if (steps_left && --steps_left == 0)
		leave();
}

void thread_fine_step(void)
{
	if (__builtin_expect(!fine_left, 1) || --fine_left)
		return;
	trace("(is interrupted)");
	leave();
}

void thread_stand_back(void)
{
	count_step();
	thread_current->stands_back = true;
	leave();
}

static bool signal_comes(bool interruptible)
{
	return interruptible && !world.ending && draw_chance(world.set.signal_rate);
}

enum woken thread_wait(ready_fn *ready, void *arg, uint64_t until_ns, bool interruptible)
{
	struct thread *self = thread_current;
	uint64_t from_ns = world.now_ns;
	bool signalled = false;
	count_step();
	if (ready && ready(arg))
		return WOKEN;
	if (signal_comes(interruptible)) {
		signalled = true;
		ready = NULL;
		until_ns = world.now_ns + DRAW_OF(0, 100000, 5000000) + 1;
	}
	judge_sleeps();
	self->ready = ready;
	self->arg = arg;
	self->until_ns = until_ns ? until_ns : 1;
	struct link *writer = self->call.writes ? self->call.link : NULL;
	if (writer)
		writer->blocked++;
	leave();
	if (writer)
		writer->blocked--;
	self->call.slept_ns += world.now_ns - from_ns;
	if (!signalled)
		return self->woken;
	trace("  (a signal comes)");
	return INTERRUPTED;
}

static bool is_ready(struct thread *thread)
{
	if (!thread->alive)
		return false;
	if (!thread->until_ns)
		return true;
	thread->woken = thread->ready && thread->ready(thread->arg) ? WOKEN : TIMED_OUT;
	return thread->woken == WOKEN || thread->until_ns <= world.now_ns;
}

/* What can go on now: threads, then wires. */
struct choice {
	struct thread *thread;
	struct wire *wire;
	uint32_t weight;
};

static int collect(struct choice *choices, bool with_backs)
{
	int found = 0;
	for (int i = 0; i < count; i++) {
		if (threads[i].stands_back == with_backs && is_ready(&threads[i]))
			choices[found++] = (struct choice){&threads[i], NULL, threads[i].weight};
	}
	if (with_backs)
		return found;
	for (uint32_t i = 0; i < world.wire_count; i++) {
		if (wire_is_ready(world.wires[i]))
			choices[found++] = (struct choice){NULL, world.wires[i], 4};
	}
	return found;
}

static struct choice *choose(struct choice *choices, int found)
{
	uint32_t sum = 0, lot;
	for (int i = 0; i < found; i++)
		sum += choices[i].weight;
	lot = draw(sum);
	while (lot >= choices->weight)
		lot -= (choices++)->weight;
	return choices;
}

/* The next moment at which anything can go on; NEVER: none. */
static uint64_t next_moment(void)
{
	uint64_t next = next_timer_ns;
	for (int i = 0; i < count; i++) {
		if (threads[i].alive && threads[i].until_ns < next)
			next = threads[i].until_ns;
	}
	for (uint32_t i = 0; i < world.wire_count; i++) {
		uint64_t when = wire_when(world.wires[i]);
		next = when < next ? when : next;
	}
	return next;
}

static bool all_ended(void)
{
	for (int i = 0; i < count; i++) {
		if (threads[i].alive)
			return false;
	}
	return true;
}

bool thread_any_abandoned(void)
{
	bool any = false;
	for (int i = 0; i < count; i++)
		any |= threads[i].abandoned;
	return any;
}

/* Nothing goes on any more, and time would not change that. */
static void be_quiet(void)
{
	for (int i = 0; i < count; i++) {
		if (!threads[i].alive)
			continue;
		trace("%s waits for ever, in %s", threads[i].name,
		      threads[i].call.name ?: "no call");
		judge_waiting(&threads[i]);
	}
	if (wire_end_silent())
		return;
	bool any = false, before = thread_any_abandoned();
	for (int i = 0; i < count; i++) {
		struct thread *thread = &threads[i];
		/* Those that wait for one that is not to come back are left with it. */
		bool excused = judge_excuses(thread) || (before && !thread->call.name);
		if (!thread->alive || !excused)
			continue;
		if (thread->call.name) {
			thread->call.link->busy--;
			thread->call.link->writing -= thread->call.writes;
		}
		thread->alive = false;
		thread->abandoned = any = true;
	}
	if (!any)
		judge_fail("simulator", "threads wait for ever, and no server is silent");
}

void thread_run_all(void)
{
	struct choice choices[THREADS_MAX + WIRES_MAX];
	while (!all_ended()) {
		int found = collect(choices, false);
		if (!found)
			found = collect(choices, true);
		if (found) {
			struct choice *next = choose(choices, found);
			if (next->thread) {
				resume(next->thread);
			} else {
				count_step();
				wire_act(next->wire);
			}
			continue;
		}
		uint64_t next_ns = next_moment();
		if (next_ns == NEVER)
			be_quiet();
		else
			pass(next_ns > world.now_ns ? next_ns : world.now_ns);
	}
}
