/* SPDX-License-Identifier: MIT */
/*
 * inject [OPTION]...: lets each system call of a rescue fail, in each scenario (scenario.c), with
 * each errno that its man page names, once and from there on, and asks of each run whether the
 * program got its answer or its own error, nothing was left behind, nothing hangs and nothing was
 * sent twice. Run it from the top of the tree.
 *
 *   --brief        of each call one errno or two each time, others for each call
 *   --part I/N     each Nth injection, from the Ith on: for several processes beside each other
 *   --seconds S    no new one is begun after that
 *   --scenario N   only that one
 *   --call NAME    only that system call
 *   --only CALL,NTH,ERRNO,MODE   one injection alone, told at length; MODE: once, ever, rounds
 *   --list         the calls of each scenario
 *   --names        only the names of the scenarios
 *
 * The last line: how many injections there were, and how many were wrong.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "errors.h"
#include "judge.h"
#include "logged.h"

/*
 * FAULTS_TOLD: of one process. LOOKS, TRIES: how often a scenario is looked at, and how often a
 * call is waited for: which calls a rescue makes differs a little from run to run.
 */
enum { ROUNDS = 60, FAULTS_TOLD = 40, LOOKS = 5, TRIES = 3 };

static struct {
	bool brief, list, names;
	int part, parts, scenario, seconds;
	char only[32], call[32];
	int nth, error;
	char mode[8];
} options = {.parts = 1, .scenario = -1};

static char folder[] = "/tmp/redial-inject-XXXXXX";
static struct run run; /* the last one */
static long end_ms = LONG_MAX;
static int runs, turn, injections, missed, faults, unknown;

static long now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void list(const struct run *seen)
{
	for (int i = 0; i < seen->count; i++) {
		const struct errors *errors = errors_of(seen->calls[i].number);
		printf("  %s %ld%s%s\n", errors ? errors->name : "?", seen->calls[i].number,
		       seen->calls[i].own ? " own" : "", seen->calls[i].inner ? " inner" : "");
	}
}

/* One run of the client; how long it took. */
static long play(size_t at, const struct plan *plan, int rounds, bool bare)
{
	const struct scenario *scenario = &scenarios[at];
	static char words[3][32], preload[512], policy[512], state[512];
	char *argv[] = {strstr(scenario->way, "gnutls") ? "build/tests/inject/client-gnutls"
							: "build/tests/inject/client",
			(char *)(uintptr_t)scenario->way,
			(char *)(uintptr_t)scenario->method,
			words[0],
			words[1],
			folder,
			words[2],
			NULL};
	char *envp[] = {preload, policy, state, NULL};

	snprintf(words[0], sizeof(words[0]), "%d", rounds);
	snprintf(words[1], sizeof(words[1]), "%d", peer_port(strstr(scenario->way, "tls") != NULL));
	snprintf(words[2], sizeof(words[2]), "%d", ++runs);
	snprintf(policy, sizeof(policy), "REDIAL_POLICY=%s/%zu.policy", folder, at);
	snprintf(preload, sizeof(preload), bare ? "BARE=1" : "LD_PRELOAD=build/libredial.so");
	snprintf(state, sizeof(state), "REDIAL_STATE=%s/state", folder);
	peer_expect(runs, scenario->fault);
	run.rounds = rounds;
	long from = now_ms();
	if (!trace_run(argv, envp, plan, &run)) {
		perror("inject: a client");
		exit(2);
	}
	return now_ms() - from;
}

static const char *error_name(int error)
{
	return error == SHORTER ? "SHORTER" : strerrorname_np(error);
}

static const char *mode_of(const struct plan *plan, int rounds)
{
	return rounds > 1 ? "rounds" : plan->ever ? "ever" : "once";
}

static void tell(size_t at, const struct plan *plan, int rounds, const char *what)
{
	if (faults++ < FAULTS_TOLD)
		printf("wrong: %s: %s\n  again: build/tests/inject/inject --scenario %zu --only "
		       "%s,%d,%s,%s\n",
		       scenario_name(&scenarios[at]), what, at, errors_of(plan->number)->name,
		       plan->nth, error_name(plan->error), mode_of(plan, rounds));
	if (options.only[0])
		fputs(run.said, stdout);
}

/*
 * The program has waited to its own end, as without redial, for an answer that redial was about to
 * fetch: nothing has told it that the rescue could go on.
 */
static bool is_forgotten(size_t at)
{
	return scenarios[at].fault == FAULT_SILENT && strcmp(judge_outcome(&run), "wait 62") == 0 &&
	       logged_without_end(folder, runs);
}

static void inject(size_t at, const struct reference *reference, struct plan plan, int rounds)
{
	if (turn++ % options.parts != options.part || now_ms() > end_ms)
		return;
	run.tells = options.only[0];
	long took = 0;
	run.injected = 0;
	for (int tries = 0; tries < TRIES && !run.injected; tries++)
		took = play(at, &plan, rounds, false);
	if (!run.injected) {
		missed++; /* the call does not come in each run, or moves too few bytes */
		return;
	}
	injections++;
	const char *what = judge(&scenarios[at], reference, &plan, &run, took / rounds);
	if (!what && is_forgotten(at))
		what = "the program waits for an attempt of which nothing comes";
	if (options.only[0])
		logged_tell(folder);
	if (what)
		tell(at, &plan, rounds, what);
	else if (options.only[0])
		printf("good: %s, %ld ms\n%s", judge_outcome(&run), took, run.said);
}

/* All errnos of a call, or in a brief run those whose turn it is. */
static void inject_call(size_t at, const struct reference *reference, const struct call *call,
			int which)
{
	const struct errors *errors = errors_of(call->number);
	int count = 0;
	if (options.call[0] && strcmp(options.call, errors->name) != 0)
		return;
	while (errors->errors[count])
		count++;
	for (int i = 0; i < count; i++) {
		struct plan plan = {call->number, call->nth, false, call->inner, errors->errors[i]};
		bool due = !options.brief || i == which % count;
		if (due)
			inject(at, reference, plan, 1);
		plan.ever = true;
		if (due || (options.brief && i == (which + count / 2) % count && which % 4 == 0))
			inject(at, reference, plan, 1);
		plan.ever = false;
		bool silent =
		    scenarios[at].fault == FAULT_SILENT; /* each round may take its time */
		if (!silent && (options.brief ? due && which % 16 == 0 : i == 0))
			inject(at, reference, plan, ROUNDS);
	}
}

/* Is it libredial.so that makes that call? */
static bool is_inner(const struct run *seen, long number, int nth)
{
	for (int i = 0; i < seen->count; i++)
		if (seen->calls[i].number == number && seen->calls[i].nth == nth)
			return seen->calls[i].inner;
	return false;
}

static void inject_only(size_t at, const struct reference *reference, const struct run *seen)
{
	for (long number = 0; number < 512; number++) {
		const struct errors *errors = errors_of(number);
		if (!errors || strcmp(errors->name, options.only) != 0)
			continue;
		struct plan plan = {number, options.nth, strcmp(options.mode, "ever") == 0,
				    is_inner(seen, number, options.nth), options.error};
		inject(at, reference, plan, strcmp(options.mode, "rounds") == 0 ? ROUNDS : 1);
	}
}

/* What libc does for itself, as loading a library that is needed for the first time. */
static bool is_of_libc(const struct call *call)
{
	static const long numbers[] = {SYS_futex,
				       SYS_mmap,
				       SYS_munmap,
				       SYS_mprotect,
				       SYS_brk,
				       SYS_openat,
				       SYS_fstat,
				       SYS_newfstatat,
				       SYS_sysinfo,
				       SYS_getrandom,
				       SYS_sched_getaffinity,
				       SYS_pread64,
				       SYS_madvise,
				       SYS_mremap,
				       SYS_rt_sigprocmask};
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (call->number == numbers[i] && !call->inner)
			return true;
	return false;
}

/* The run with most calls counts. false: not one has ended as it should. */
static bool look(size_t at, struct reference *reference, struct run *seen)
{
	static struct run bare;
	const struct plan none = {.number = -1};
	bool good = false;
	for (int looks = 0; looks < LOOKS; looks++) {
		struct reference learnt;
		play(at, &none, 1, true);
		bare = run;
		play(at, &none, 1, false);
		bool fits =
		    judge_learn(&learnt, &bare, &run) &&
		    strcmp(judge_outcome(&run),
			   scenarios[at].want == ANSWER ? "answer 0" : learnt.original) == 0;
		if (!good || (fits && run.count > seen->count)) {
			*seen = run;
			*reference = learnt;
		}
		good |= fits;
	}
	return good;
}

static void go_through(size_t at)
{
	static struct run seen;
	const struct scenario *scenario = &scenarios[at];
	struct reference reference;
	char name[32];

	snprintf(name, sizeof(name), "%zu", at);
	if (!scenario_write_policy(scenario, folder, name))
		exit(2);
	if (!look(at, &reference, &seen)) {
		faults++;
		printf("wrong: %s: not even with all calls working: %s (bare %s)\n%s",
		       scenario_name(scenario), judge_outcome(&seen), reference.original,
		       seen.said);
		list(&seen);
		logged_tell(folder);
		return;
	}
	if (options.list) {
		printf("%zu %s: %d calls, bare %s\n", at, scenario_name(scenario), seen.count,
		       reference.original);
		list(&seen);
		return;
	}
	if (options.only[0]) {
		inject_only(at, &reference, &seen);
		return;
	}
	for (int i = 0; i < seen.count; i++) {
		if (is_of_libc(&seen.calls[i]))
			continue;
		if (errors_of(seen.calls[i].number)) {
			inject_call(at, &reference, &seen.calls[i], i + (int)at);
			continue;
		}
		unknown++;
		printf("wrong: no errnos are known of system call %ld\n", seen.calls[i].number);
	}
}

static int number_of(const char *name)
{
	if (strcmp(name, "SHORTER") == 0)
		return SHORTER;
	for (int error = 1; error < 134; error++) {
		const char *known = strerrorname_np(error);
		if (known && strcmp(known, name) == 0)
			return error;
	}
	return atoi(name);
}

static bool parse(int argc, char **argv)
{
	char error[32];
	for (int i = 1; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : "";
		if (strcmp(argv[i], "--brief") == 0)
			options.brief = true;
		else if (strcmp(argv[i], "--list") == 0)
			options.list = true;
		else if (strcmp(argv[i], "--names") == 0)
			options.names = true;
		else if (strcmp(argv[i], "--part") == 0 &&
			 sscanf(value, "%d/%d", &options.part, &options.parts) == 2)
			i++;
		else if (strcmp(argv[i], "--seconds") == 0 &&
			 sscanf(value, "%d", &options.seconds) == 1)
			end_ms = now_ms() + options.seconds * 1000L, i++;
		else if (strcmp(argv[i], "--scenario") == 0 &&
			 sscanf(value, "%d", &options.scenario) == 1)
			i++;
		else if (strcmp(argv[i], "--call") == 0 && sscanf(value, "%31s", options.call) == 1)
			i++;
		else if (strcmp(argv[i], "--only") == 0 &&
			 sscanf(value, "%31[^,],%d,%31[^,],%7s", options.only, &options.nth, error,
				options.mode) == 4)
			options.error = number_of(error), i++;
		else
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	char command[128];
	if (!parse(argc, argv))
		return 2;
	for (size_t at = 0; at < scenario_count && options.names; at++)
		printf("%zu %s\n", at, scenario_name(&scenarios[at]));
	if (options.names)
		return 0;
	signal(SIGPIPE, SIG_IGN);
	setvbuf(stdout, NULL, _IOLBF, 0);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	if (!mkdtemp(folder) || !peer_start(folder)) {
		perror("inject");
		return 2;
	}
	snprintf(command, sizeof(command), "%s/state", folder);
	mkdir(command, 0700);
	/* Those beside each other begin in other places: where time is short, all have their turn.
	 */
	size_t first = scenario_count / 2 * (size_t)(options.part % 2);
	for (size_t i = 0; i < scenario_count; i++) {
		size_t at = (first + i) % scenario_count;
		if (options.scenario < 0 || (size_t)options.scenario == at)
			go_through(at);
	}
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	if (system(command))
		perror(folder);
	printf("%d injections, %d wrong, %d that met no call\n", injections, faults + unknown,
	       missed);
	return faults + unknown ? 1 : 0;
}
