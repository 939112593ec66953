/* SPDX-License-Identifier: MIT */
/* The table of peers, and that nothing which happens to the shared memory can stop a process. */
#include "unit.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include "breaker.h"
#include "budget.h"
#include "sharing.h"
#include "state_file.h"

static const struct policy_budget budget = {1, 200, 10, 10000};
static const struct policy_breaker breaker = {1, 500, 20, 10000, 5000, 0};

static void new_state_is_one_and_another_is_not(void)
{
	struct state *state = sharing_new(7);

	runner_expect_long("new", 1, state_ok(&state->head));
	state->head.version++;
	runner_expect_long("of another version", 0, state_ok(&state->head));
	state->head.version--;
	state->head.size--;
	runner_expect_long("of another size", 0, state_ok(&state->head));
	state->head.size++;
	state->head.magic[7] = 'X';
	runner_expect_long("of another magic", 0, state_ok(&state->head));
	sharing_end(state);
}

static void key_tells_peers_apart_and_is_never_0(void)
{
	static const unsigned char address[16] = {127, 0, 0, 1};
	uint64_t keys[] = {
	    state_key(2, address, 4, 80),  state_key(2, address, 4, 81),
	    state_key(2, address, 4, 336), state_key(10, address, 4, 80),
	    state_key(2, address, 5, 80),  state_key(2, address + 1, 4, 80),
	    state_key(1, "", 0, 0),
	};
	int count = sizeof(keys) / sizeof(keys[0]);

	for (int i = 0; i < count; i++) {
		CU_ASSERT_NOT_EQUAL(keys[i], 0);
		for (int j = 0; j < i; j++)
			CU_ASSERT_NOT_EQUAL(keys[i], keys[j]);
	}
	CU_ASSERT_EQUAL(keys[0], state_key(2, address, 4, 80));
}

static void each_peer_has_an_entry_of_its_own(void)
{
	struct state *state = sharing_new(0);
	struct state_peer *peers[STATE_PEERS - 1];

	for (int i = 0; i < STATE_PEERS - 1; i++) {
		peers[i] = state_peer(state, 63 * 5 + (i % 3) + 63 * 64 * i);
		for (int j = 0; j < i; j++)
			CU_ASSERT_PTR_NOT_EQUAL(peers[i], peers[j]);
	}
	for (int i = 0; i < STATE_PEERS - 1; i++)
		CU_ASSERT_PTR_EQUAL(peers[i], state_peer(state, 63 * 5 + (i % 3) + 63 * 64 * i));
	sharing_end(state);
}

static void peers_that_find_no_room_share_one_whose_breaker_never_opens(void)
{
	struct state *state = sharing_new(0);
	struct state_peer *last = &state->peers[STATE_PEERS - 1];
	enum breaker_change change;

	for (uint64_t key = 1; key < STATE_PEERS; key++)
		CU_ASSERT_PTR_NOT_EQUAL(state_peer(state, key), last);
	CU_ASSERT_PTR_EQUAL(state_peer(state, 1000), last);
	CU_ASSERT_PTR_EQUAL(state_peer(state, 2000), last);
	CU_ASSERT_PTR_NOT_EQUAL(state_peer(state, 1), last);
	for (int i = 0; i < 1000; i++)
		CU_ASSERT_EQUAL(breaker_failed(last, &breaker, 5), BREAKER_SAME);
	runner_expect_long("allowed", 1, breaker_allows(last, &breaker, 5, &change));
	runner_expect_long("requests", 1000, (long)state_requests(state));
	last->gate = UINT64_C(5) << 2 | BREAKER_OPEN;
	runner_expect_long("whatever its gate", 1, breaker_allows(last, &breaker, 5, &change));
	sharing_end(state);
}

static void no_peer_is_the_shared_one(void)
{
	struct state *state = sharing_new(0);

	CU_ASSERT_PTR_EQUAL(state_peer(state, 0), &state->peers[STATE_PEERS - 1]);
	sharing_end(state);
}

/* All want the same place, each for peers of its own. Returns how many it lost to another. */
static long claim_beside_others(struct state *state)
{
	enum { EACH = 15 };
	uint64_t key = (uint64_t)getpid() * EACH * 63;
	struct state_peer *peers[EACH];
	long robbed = 0;

	for (int i = 0; i < EACH; i++)
		peers[i] = state_peer(state, key + i * 63);
	sched_yield();
	for (int i = 0; i < EACH; i++)
		robbed += peers[i]->key != key + i * 63;
	return robbed;
}

static void racing_processes_claim_an_entry_each(void)
{
	long robbed = 0;

	for (int round = 0; round < 200; round++) {
		struct state *state = sharing_new(0);

		robbed += sharing_race(4, claim_beside_others, state);
		sharing_end(state);
	}
	runner_expect_long("entries that were another's", 0, robbed);
}

static void new_peer_counts_from_the_last_look_on(void)
{
	struct state *state = sharing_new(5000);

	CU_ASSERT_EQUAL(state_peer(state, 7)->window.seen_ms, 5000);
	budget_take(state, &budget, 6000);
	CU_ASSERT_EQUAL(state_peer(state, 8)->window.seen_ms, 6000);
	sharing_end(state);
}

enum { THREADS = 4, ROUNDS = 2000 };

static void *claim_and_count(void *data)
{
	struct state *state = data;

	for (int i = 0; i < ROUNDS; i++) {
		struct state_peer *peer = state_peer(state, 1 + i % 50);
		enum breaker_change change;

		state_answered(peer);
		if (i % 8)
			continue;
		budget_take(state, &budget, i);
		budget_left(state, &budget, i);
		breaker_failed(peer, &breaker, i);
		breaker_allows(peer, &breaker, i, &change);
		breaker_succeeded(peer, &breaker, i);
	}
	return NULL;
}

static void threads_claim_and_count_without_losing_any(void)
{
	struct state *state = sharing_new(0);
	pthread_t threads[THREADS];
	int taken = 0;

	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, claim_and_count, state);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < STATE_PEERS; i++)
		taken += state->peers[i].key != 0;
	runner_expect_long("entries", 50, taken);
	runner_expect_long("requests", THREADS * (ROUNDS + ROUNDS / 8),
			   (long)state_requests(state));
	sharing_end(state);
}

static void call_everything(struct state *state, uint64_t key, uint64_t now_ms)
{
	struct state_peer *peer = state_peer(state, key);
	enum breaker_change change;

	state_answered(peer);
	budget_left(state, &budget, now_ms);
	budget_take(state, &budget, now_ms);
	breaker_failed(peer, &breaker, now_ms);
	breaker_allows(peer, &breaker, now_ms, &change);
	breaker_succeeded(peer, &breaker, now_ms);
	breaker_give_back(peer, now_ms);
	breaker_state(peer);
}

/* Within a few windows: then all is as it should be again, a peer that is blocked included. */
static void expect_works(const char *what, struct state *state, uint64_t key, uint64_t now_ms)
{
	struct state_peer *peer = state_peer(state, key);
	enum breaker_change change;

	for (int i = 0; i < 4; i++) {
		now_ms += 2 * (uint64_t)WINDOW_MS_MAX;
		budget_take(state, &budget, now_ms);
		if (breaker_allows(peer, &breaker, now_ms, &change))
			breaker_succeeded(peer, &breaker, now_ms);
	}
	runner_expect_long(what, BREAKER_CLOSED, breaker_state(peer));
	now_ms += 2 * (uint64_t)WINDOW_MS_MAX;
	CU_ASSERT(budget_take(state, &budget, now_ms));
	CU_ASSERT(breaker_allows(peer, &breaker, now_ms, &change));
}

static void fill(struct state *state, int pattern)
{
	unsigned char *bytes = (unsigned char *)state;

	if (pattern == 0 || pattern == 255)
		memset(bytes, pattern, sizeof(*state));
	else
		for (size_t i = 0; i < sizeof(*state); i++)
			bytes[i] = random() >> 8;
}

static void whatever_the_memory_holds_every_call_returns(void)
{
	struct state *state = sharing_new(0);

	srandom(4711);
	for (int i = 0; i < 300; i++) {
		fill(state, i < 256 ? i : 1);
		for (int j = 0; j < 50; j++)
			call_everything(state, j == 0 ? 0 : (uint64_t)random(),
					(uint64_t)i * 1000000 + j * 700);
		expect_works("rubbish", state, 7, (uint64_t)i * 1000000 + 50000);
	}
	sharing_end(state);
}

static void scribbling_by_another_process_stops_nobody(void)
{
	struct state *state = sharing_new(0);
	pid_t child = fork();

	if (child == 0)
		for (unsigned i = 0;; i++)
			((volatile unsigned char *)state)[(i * 2654435761u) % sizeof(*state)] = i;
	for (int i = 0; i < 20000; i++)
		call_everything(state, 1 + i % 70, i);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	sharing_end(state);
}

static void killed_processes_leave_the_state_working(void)
{
	struct state *state = sharing_new(0);
	volatile long *done = sharing_page();
	pid_t children[4];

	for (int round = 0; round < 25; round++) {
		memset((void *)done, 0, sizeof(children) / sizeof(children[0]) * sizeof(*done));
		for (int i = 0; i < 4; i++) {
			children[i] = fork();
			for (long n = 0; children[i] == 0; n++) {
				call_everything(state, 1 + n % 3, round * 100000 + n);
				done[i] = n;
			}
		}
		for (int i = 0; i < 4; i++) {
			while (done[i] < 50 + round * 7)
				sched_yield();
			kill(children[i], SIGKILL);
			waitpid(children[i], NULL, 0);
		}
		CU_ASSERT(state_ok(&state->head));
		expect_works("after a kill", state, 1, (uint64_t)round * 100000 + 50000000);
	}
	sharing_drop(done);
	sharing_end(state);
}

/* Whoever else may write it could send a process's requests twice, or stop all of them. */
static void what_others_could_have_made_is_not_joined(void)
{
	const struct stat file = {
	    .st_mode = S_IFREG | 0600, .st_uid = 7, .st_size = sizeof(struct state_head)};
	const struct state_head head = {.key = 99};
	struct shmid_ds memory = {.shm_segsz = sizeof(struct state)};
	struct stat other = file;

	CU_ASSERT(state_file_fits(&file, 7));
	CU_ASSERT(!state_file_fits(&file, 8));
	other.st_mode = S_IFIFO | 0600;
	CU_ASSERT(!state_file_fits(&other, 7));
	other = file;
	other.st_size++;
	CU_ASSERT(!state_file_fits(&other, 7));
	memory.shm_perm.__key = 99;
	memory.shm_perm.uid = memory.shm_perm.cuid = 7;
	memory.shm_perm.mode = 01600; /* SHM_DEST, which is nobody's right */
	CU_ASSERT(state_memory_fits(&memory, &head, 7));
	CU_ASSERT(!state_memory_fits(&memory, &head, 8));
	memory.shm_perm.cuid = 8;
	CU_ASSERT(!state_memory_fits(&memory, &head, 7));
	memory.shm_perm.cuid = 7;
	memory.shm_perm.uid = 8;
	CU_ASSERT(!state_memory_fits(&memory, &head, 7));
	memory.shm_perm.uid = 7;
	for (int bit = 1; bit <= 040; bit *= 2) {
		memory.shm_perm.mode = (unsigned short)(0600 | bit);
		CU_ASSERT(!state_memory_fits(&memory, &head, 7));
	}
	memory.shm_perm.mode = 0600;
	memory.shm_perm.__key = 98;
	CU_ASSERT(!state_memory_fits(&memory, &head, 7));
	memory.shm_perm.__key = 99;
	memory.shm_segsz--;
	CU_ASSERT(!state_memory_fits(&memory, &head, 7));
}

void suite_state(void)
{
	static const struct runner_test tests[] = {
	    TEST(new_state_is_one_and_another_is_not),
	    TEST(what_others_could_have_made_is_not_joined),
	    TEST(key_tells_peers_apart_and_is_never_0),
	    TEST(each_peer_has_an_entry_of_its_own),
	    TEST(peers_that_find_no_room_share_one_whose_breaker_never_opens),
	    TEST(no_peer_is_the_shared_one),
	    TEST(racing_processes_claim_an_entry_each),
	    TEST(new_peer_counts_from_the_last_look_on),
	    TEST(threads_claim_and_count_without_losing_any),
	    TEST(whatever_the_memory_holds_every_call_returns),
	    TEST(scribbling_by_another_process_stops_nobody),
	    TEST(killed_processes_leave_the_state_working),
	    TEST_END};

	runner_suite("state", tests);
}
