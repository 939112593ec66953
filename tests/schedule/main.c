/* SPDX-License-Identifier: MIT */
/*
 * The fuzzer of schedules. Usage: schedule [OPTIONS] COUNT [SEED]
 * Makes COUNT runs, from the seed on (1), and tells the first that breaks a rule of judge.h.
 *   --seed N    makes that one run, and tells all that happens in it; with --shrink, in a shorter
 *               one that has the same fault
 *   --bare      without the preload: shows that the simulator itself keeps the rules
 *   --all       goes on after a fault, and counts them by kind; --each tells each as well
 *   --kind K    only faults of this kind count; --ignore K: they do not
 *   --without F the kernel's call F never fails for want of means
 *   --seconds S so many seconds instead of a count
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "draw.h"
#include "judge.h"
#include "program.h"
#include "setting.h"
#include "shrink.h"
#include "trace.h"

enum { KINDS_MAX = 32, HANG_S = 5 };

static struct options {
	bool all, each;
	uint64_t one;
	bool has_one, shrinks;
	double seconds;
	const char *ignored[KINDS_MAX];
	int ignored_count;
	const char *kind; /* the only one that counts; NULL: all do */
} options;

static struct {
	const char *kind;
	uint64_t count, first;
} kinds[KINDS_MAX];

static bool is_ignored(const char *kind)
{
	if (options.kind && strcmp(options.kind, kind) != 0)
		return true;
	for (int i = 0; i < options.ignored_count; i++) {
		if (strcmp(options.ignored[i], kind) == 0)
			return true;
	}
	return false;
}

/* A crash of the preload's, or a loop without a system call, ends the run and is a fault. */
static void catch (int number)
{
	verdict.kind = number == SIGVTALRM ? "endless" : "crash";
	snprintf(verdict.text, sizeof(verdict.text), "%s in thread %s, in %s", strsignal(number),
		 thread_current ? thread_current->name : "-",
		 thread_current && thread_current->call.name ? thread_current->call.name
							     : "no call");
	siglongjmp(judge_way_out, 1);
}

static void catch_crashes(void)
{
	static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGVTALRM};
	static char stack[64 << 10];
	const stack_t other = {.ss_sp = stack, .ss_size = sizeof(stack)};
	struct sigaction action = {.sa_handler = catch, .sa_flags = SA_ONSTACK};
	sigaltstack(&other, NULL);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
}

/* Returns whether all was well. What was drawn is there to be asked for. */
static bool run(void)
{
	const struct itimerval limit = {.it_value.tv_sec = HANG_S};
	verdict.kind = NULL;
	if (sigsetjmp(judge_way_out, 1) == 0) {
		setitimer(ITIMER_VIRTUAL, &limit, NULL);
		world_reset();
		setting_draw();
		setting_trace();
		program_start();
		thread_run_all();
		judge_end();
	}
	thread_current = NULL;
	return !verdict.kind || is_ignored(verdict.kind);
}

static void count_fault(uint64_t seed)
{
	int i = 0;
	while (i < KINDS_MAX - 1 && kinds[i].kind && strcmp(kinds[i].kind, verdict.kind) != 0)
		i++;
	if (!kinds[i].count++) {
		kinds[i].kind = verdict.kind;
		kinds[i].first = seed;
	} else if (!options.each) {
		return;
	}
	printf("seed %llu: %s: %s\n", (unsigned long long)seed, verdict.kind, verdict.text);
}

static const char *kind_wanted;

static bool has_fault(void)
{
	return !run() && strcmp(verdict.kind, kind_wanted) == 0;
}

/* The shortest run with that fault that is found from this one, which has just been made. */
static void tell_shortest(void)
{
	static struct tape tape;
	kind_wanted = verdict.kind;
	if (!draw_tape(&tape))
		return;
	size_t len = tape.len;
	int runs = shrink(&tape, has_fault);
	printf("in its shortest form, of %zu lots instead of %zu, found by %d runs:\n", tape.len,
	       len, runs);
	world.tracing = true;
	draw_from_tape(&tape);
	run();
	world.tracing = false;
	printf("%s: %s\n", verdict.kind ?: "well", verdict.kind ? verdict.text : "");
}

static int one_run(void)
{
	world.tracing = !options.shrinks;
	draw_from_seed(options.one);
	bool well = run();
	world.tracing = false;
	printf("%s: %s\n", well ? "well" : verdict.kind, well ? "" : verdict.text);
	if (!well && options.shrinks)
		tell_shortest();
	return !well;
}

static double now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* What the runs have come to, so that one sees that there was something to be held to the rules. */
static struct {
	uint64_t faults, steps, answered,
	    saved; /* that went out on a connection of the preload's */
} sums;

static void sum_up(void)
{
	sums.steps += world.steps;
	for (uint32_t l = 0; l < world.link_count; l++) {
		const struct link *link = &world.links[l];
		sums.answered += link->answered;
		for (uint32_t i = 0; i < link->request_count; i++)
			sums.saved +=
			    link->requests[i]->last_wire && !link->requests[i]->last_wire->own;
	}
}

/*
 * What the first runs have come to: made again behind all others, and in the other order, they are
 * to come to the same, or something is left over from run to run, and no seed tells what happens.
 */
enum { FIRST_RUNS = 300 };

static struct {
	uint32_t steps;
	uint64_t now_ns;
} first_runs[FIRST_RUNS];

static void note_run(uint64_t i)
{
	if (i >= FIRST_RUNS)
		return;
	first_runs[i].steps = world.steps;
	first_runs[i].now_ns = world.now_ns;
}

static bool are_the_same(uint64_t count, uint64_t seed)
{
	for (uint64_t i = count < FIRST_RUNS ? count : FIRST_RUNS; i-- > 0;) {
		draw_from_seed(seed + i);
		run();
		if (world.steps == first_runs[i].steps && world.now_ns == first_runs[i].now_ns)
			continue;
		printf("seed %llu: simulator: behind other runs it is another one\n",
		       (unsigned long long)(seed + i));
		return false;
	}
	return true;
}

static int many_runs(uint64_t count, uint64_t seed)
{
	double began = now();
	uint64_t i = 0;
	for (; options.seconds ? now() - began < options.seconds : i < count; i++) {
		draw_from_seed(seed + i);
		bool well = run();
		sum_up();
		note_run(i);
		if (well)
			continue;
		sums.faults++;
		count_fault(seed + i);
		if (options.all)
			continue;
		tell_shortest();
		break;
	}
	for (int k = 0; k < KINDS_MAX && kinds[k].kind; k++)
		printf("%llu of kind %s, the first with seed %llu\n",
		       (unsigned long long)kinds[k].count, kinds[k].kind,
		       (unsigned long long)kinds[k].first);
	printf("%llu runs, %llu faults, %llu requests answered, %llu on redialed connections, %.0f "
	       "steps and "
	       "%.3f ms a run\n",
	       (unsigned long long)i, (unsigned long long)sums.faults,
	       (unsigned long long)sums.answered, (unsigned long long)sums.saved,
	       (double)sums.steps / (double)(i ?: 1), 1000 * (now() - began) / (double)(i ?: 1));
	bool stopped = sums.faults && !options.all;
	return sums.faults != 0 || !(stopped || are_the_same(i, seed));
}

int main(int argc, char **argv)
{
	static const struct option names[] = {
	    {"seed", 1, NULL, 's'},    {"bare", 0, NULL, 'b'},
	    {"all", 0, NULL, 'a'},     {"each", 0, NULL, 'e'},
	    {"ignore", 1, NULL, 'i'},  {"shrink", 0, NULL, 'h'},
	    {"without", 1, NULL, 'w'}, {"kind", 1, NULL, 'k'},
	    {"seconds", 1, NULL, 't'}, {0},
	};
	int letter;
	while ((letter = getopt_long(argc, argv, "", names, NULL)) != -1) {
		if (letter == 's') {
			options.one = strtoull(optarg, NULL, 10);
			options.has_one = true;
		} else if (letter == 'b') {
			world.bare = true;
		} else if (letter == 'k') {
			options.kind = optarg;
		} else if (letter == 'w') {
			fault_never = optarg;
		} else if (letter == 'h') {
			options.shrinks = true;
		} else if (letter == 'a' || letter == 'e') {
			options.all = true;
			options.each |= letter == 'e';
		} else if (letter == 'i' && options.ignored_count < KINDS_MAX) {
			options.ignored[options.ignored_count++] = optarg;
		} else if (letter == 't') {
			options.seconds = atof(optarg);
		} else {
			return 2;
		}
	}
	catch_crashes();
	if (options.has_one)
		return one_run();
	uint64_t count = optind < argc ? strtoull(argv[optind], NULL, 10) : 10000;
	uint64_t seed = optind + 1 < argc ? strtoull(argv[optind + 1], NULL, 10) : 1;
	return many_runs(count, seed);
}
