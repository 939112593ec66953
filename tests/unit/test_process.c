/* SPDX-License-Identifier: MIT */
/* The entries in which processes tell what they are doing. */
#include "unit.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../preload/os/arena.h"
#include "../../preload/process/live.h"
#include "../../preload/process/shared.h"
#include "sharing.h"

enum { OWN = PROCESS_ENTRIES - 1 };

static int asked;

/* Of the PIDs that tests make up, those with an odd number are gone. */
static bool odd_is_gone(uint32_t pid)
{
	asked++;
	return pid % 2;
}

static struct process *claim_at(struct state *state, uint32_t pid, uint64_t now_ms)
{
	const struct process_claim who = {pid, now_ms, (uint64_t)(uintptr_t)state, odd_is_gone};

	asked = 0;
	return process_claim(state->processes, &who);
}

static struct process *claim(struct state *state, uint32_t pid)
{
	return claim_at(state, pid, 1000);
}

static void use(struct process *process)
{
	process_add(process, PROCESS_CONNECTIONS, 3);
	process_count(process, PROCESS_REFUSED);
}

static void expect_new(const struct process *process, uint32_t pid)
{
	runner_expect_long("PID", pid, process_pid(process));
	for (int i = 0; i < PROCESS_GAUGES; i++)
		runner_expect_long("gauge", 0, process->gauges[i]);
	for (int i = 0; i < PROCESS_EVENTS; i++)
		runner_expect_long("events", 0, process->events[i]);
}

static void each_process_has_an_entry_of_its_own(void)
{
	struct state *state = sharing_new(0);
	struct process *taken[OWN];

	for (uint32_t i = 0; i < OWN; i++) {
		taken[i] = claim(state, 2 + i % 3 * 2 * OWN + i * 2);
		expect_new(taken[i], 2 + i % 3 * 2 * OWN + i * 2);
		CU_ASSERT_PTR_NOT_EQUAL(taken[i], &state->processes[OWN]);
		for (uint32_t j = 0; j < i; j++)
			CU_ASSERT_PTR_NOT_EQUAL(taken[i], taken[j]);
		runner_expect_long("asked, though some were free", 0, asked);
		use(taken[i]);
	}
	runner_expect_long("when", 1000, (long)taken[5]->since_ms);
	CU_ASSERT_EQUAL(taken[5]->at, (uint64_t)(uintptr_t)state);
	sharing_end(state);
}

static void process_that_comes_again_has_its_entry_anew(void)
{
	struct state *state = sharing_new(0);
	struct process *first = claim(state, 42), *again;

	for (uint32_t i = 0; i < 2 * OWN; i += 2)
		claim(state, 1000 + i);
	use(first);
	again = claim_at(state, 42, 2000);
	CU_ASSERT_PTR_EQUAL(first, again);
	expect_new(again, 42);
	runner_expect_long("when", 2000, (long)again->since_ms);
	sharing_end(state);
}

static void processes_that_find_no_room_share_the_last_entry(void)
{
	struct state *state = sharing_new(0);
	struct process *last = &state->processes[OWN];

	for (uint32_t i = 0; i < OWN; i++)
		claim(state, 1000 + i * 2);
	CU_ASSERT_PTR_EQUAL(claim(state, 10), last);
	runner_expect_long("asked", PROCESS_LOOKS, asked);
	use(last);
	CU_ASSERT_PTR_EQUAL(claim(state, 12), last);
	use(last);
	runner_expect_long("connections of both", 6, last->gauges[PROCESS_CONNECTIONS]);
	runner_expect_long("whose", 0, process_pid(last));
	sharing_end(state);
}

static void entry_of_a_process_that_is_gone_is_taken(void)
{
	struct state *state = sharing_new(0);
	struct process *dead = NULL, *taken;

	for (uint32_t i = 0; i < OWN; i++) {
		struct process *entry = claim(state, i == 70 ? 7777 : 1000 + i * 2);

		use(entry);
		if (i == 70)
			dead = entry;
	}
	/* Far from its place, and then near. */
	taken = claim(state, 2 * OWN * 100 + (uint32_t)(dead - state->processes) + 2);
	CU_ASSERT_PTR_EQUAL(taken, &state->processes[OWN]);
	taken = claim(state, 2 * OWN * 100 + (uint32_t)(dead - state->processes));
	CU_ASSERT_PTR_EQUAL(taken, dead);
	expect_new(taken, 2 * OWN * 100 + (uint32_t)(dead - state->processes));
	sharing_end(state);
}

static struct state *contested;

/* By the time that the answer is here, a new process of that PID has the entry. */
static bool gone_and_come_again(uint32_t pid)
{
	use(claim(contested, pid));
	return true;
}

static void entry_that_another_has_taken_meanwhile_is_left_to_it(void)
{
	struct state *state = contested = sharing_new(0);
	const struct process_claim late = {9, 1, 1, gone_and_come_again};

	for (uint32_t i = 0; i < OWN; i++)
		claim(state, 1001 + i * 2);
	CU_ASSERT_PTR_EQUAL(process_claim(state->processes, &late), &state->processes[OWN]);
	for (int i = 0; i < OWN; i++)
		CU_ASSERT_NOT_EQUAL(process_pid(&state->processes[i]), 9);
	sharing_end(state);
}

static bool none_is_gone(uint32_t pid)
{
	(void)pid;
	return false;
}

/* Returns how many of its entries it lost to another. */
static long claim_beside_others(struct state *state)
{
	enum { EACH = 12 };
	uint32_t pid = (uint32_t)getpid() * EACH;
	struct process *taken[EACH];
	long robbed = 0;

	for (uint32_t i = 0; i < EACH; i++) {
		const struct process_claim who = {pid + i, 1, 1, none_is_gone};

		taken[i] = process_claim(state->processes, &who);
	}
	sched_yield();
	for (uint32_t i = 0; i < EACH; i++)
		robbed += process_pid(taken[i]) != pid + i;
	return robbed;
}

static void racing_processes_take_an_entry_each(void)
{
	long robbed = 0;

	for (int round = 0; round < 200; round++) {
		struct state *state = sharing_new(0);

		robbed += sharing_race(4, claim_beside_others, state);
		sharing_end(state);
	}
	runner_expect_long("entries that were another's", 0, robbed);
}

static void whatever_the_memory_holds_an_entry_is_found(void)
{
	struct state *state = sharing_new(0);

	srandom(4711);
	for (int i = 0; i < 300; i++) {
		for (size_t j = 0; j < sizeof(*state); j++)
			((unsigned char *)state)[j] = i < 256 ? i : random() >> 8;
		for (uint32_t pid = 2; pid < 400; pid += 3) {
			struct process *process = claim(state, pid);

			CU_ASSERT(process >= state->processes &&
				  process < state->processes + PROCESS_ENTRIES);
			if (process != &state->processes[OWN])
				expect_new(process, pid);
			use(process);
		}
	}
	sharing_end(state);
}

static void killed_processes_leave_entries_that_can_be_taken(void)
{
	struct state *state = sharing_new(0);
	volatile long *done = sharing_page();

	for (int round = 0; round < 50; round++) {
		pid_t child = fork();

		*done = 0;
		for (uint32_t n = 0; child == 0; n++) {
			claim(state, 1 + n % 400 * 2);
			*done = n;
		}
		while (*done < 50 + round)
			sched_yield();
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		expect_new(claim(state, 2), 2);
	}
	sharing_drop(done);
	sharing_end(state);
}

static struct process *entry_of(struct state *state, pid_t pid)
{
	struct process *found = NULL;
	int count = 0;

	for (int i = 0; i < PROCESS_ENTRIES; i++)
		if (process_pid(&state->processes[i]) == (uint32_t)pid) {
			found = &state->processes[i];
			count++;
		}
	runner_expect_long("entries of one process", 1, count);
	return found;
}

enum { THREADS = 8 };

static void *count_one(void *start)
{
	pthread_barrier_wait(start);
	live_more(PROCESS_CONNECTIONS);
	live_count(PROCESS_RECOVERED);
	return NULL;
}

static void count_by_threads(void)
{
	pthread_barrier_t start;
	pthread_t threads[THREADS];

	pthread_barrier_init(&start, NULL, THREADS);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, count_one, &start);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

static void threads_and_children_count_in_the_entry_of_their_process(void)
{
	struct state *state;
	struct process *process;
	pid_t parent, child;

	if ((parent = fork()) == 0) {
		state = shared_state();
		CU_ASSERT(arena_ready()); /* as in a process that has made a socket */
		count_by_threads();
		child = fork();
		if (child == 0) {
			live_more(PROCESS_CONNECTIONS);
			live_count(PROCESS_KEPT);
			kill(getpid(), SIGKILL);
		}
		waitpid(child, NULL, 0);
		live_less(PROCESS_CONNECTIONS);
		live_less(PROCESS_CONNECTIONS);
		process = entry_of(state, getpid());
		runner_expect_long("connections", THREADS - 2,
				   process->gauges[PROCESS_CONNECTIONS]);
		runner_expect_long("recovered", THREADS, process->events[PROCESS_RECOVERED]);
		runner_expect_long("kept", 0, process->events[PROCESS_KEPT]);
		process = entry_of(state, child);
		runner_expect_long("the child's", 1, process->gauges[PROCESS_CONNECTIONS]);
		runner_expect_long("of both", THREADS, (long)state->events[PROCESS_RECOVERED]);
		runner_expect_long("of both", 1, (long)state->events[PROCESS_KEPT]);
		runner_expect_long("settled", 1, state->settled);
		_exit(CU_get_number_of_failures() != 0);
	}
	int status = -1;
	waitpid(parent, &status, 0);
	runner_expect_long("exit status", 0, status);
}

static void peers_entry_says_who_it_is(void)
{
	struct state *state = sharing_new(0);
	const char path[] = "/run/a/path/that/is/longer/than/there/is/room/for";
	const struct state_address v4 = {AF_INET, htons(80), "\177\0\0\1", 4};
	const struct state_address local = {AF_UNIX, 0, path, sizeof(path) - 1};
	const struct state_address nobody = {0};
	struct state_peer *peer = state_peer_at(state, &v4);

	CU_ASSERT_PTR_EQUAL(peer,
			    state_peer(state, state_key(AF_INET, "\177\0\0\1", 4, htons(80))));
	runner_expect_long("family", AF_INET, peer->family);
	runner_expect_long("port", htons(80), peer->port);
	CU_ASSERT_EQUAL(memcmp(peer->name, "\177\0\0\1", 4), 0);
	peer = state_peer_at(state, &local);
	runner_expect_long("family", AF_UNIX, peer->family);
	runner_expect_long("length", sizeof(path) - 1, peer->name_len);
	CU_ASSERT_EQUAL(memcmp(peer->name, path, STATE_NAME_MAX), 0);
	peer = state_peer_at(state, &nobody);
	CU_ASSERT_PTR_EQUAL(peer, &state->peers[STATE_PEERS - 1]);
	for (unsigned port = 1; port < 2 * STATE_PEERS; port++) {
		const struct state_address other = {AF_INET, port, "\177\0\0\1", 4};

		state_peer_at(state, &other);
	}
	runner_expect_long("family of the shared one", 0, peer->family);
	sharing_end(state);
}

static void first_process_settles_what_readers_know_of_the_policy(void)
{
	struct state *state = sharing_new(0);
	struct policy policy = policy_builtin;

	runner_expect_long("settled", 0, state->settled);
	policy.budget.window_ms = 1234;
	policy.breaker.reject = 1;
	state_settle(state, &policy);
	CU_ASSERT_EQUAL(memcmp(&state->budget_settings, &policy.budget, sizeof(policy.budget)), 0);
	CU_ASSERT_EQUAL(memcmp(&state->breaker_settings, &policy.breaker, sizeof(policy.breaker)),
			0);
	state_settle(state, &policy_builtin);
	runner_expect_long("window", 1234, state->budget_settings.window_ms);
	sharing_end(state);
}

void suite_process(void)
{
	static const struct runner_test tests[] = {
	    TEST(each_process_has_an_entry_of_its_own),
	    TEST(process_that_comes_again_has_its_entry_anew),
	    TEST(processes_that_find_no_room_share_the_last_entry),
	    TEST(entry_of_a_process_that_is_gone_is_taken),
	    TEST(entry_that_another_has_taken_meanwhile_is_left_to_it),
	    TEST(racing_processes_take_an_entry_each),
	    TEST(whatever_the_memory_holds_an_entry_is_found),
	    TEST(killed_processes_leave_entries_that_can_be_taken),
	    TEST(threads_and_children_count_in_the_entry_of_their_process),
	    TEST(peers_entry_says_who_it_is),
	    TEST(first_process_settles_what_readers_know_of_the_policy),
	    TEST_END};

	runner_suite("process", tests);
}
