/* SPDX-License-Identifier: MIT */
/* Where a process finds the state: each test in a process of its own, as there is one a process. */
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../preload/process/shared.h"
#include "share_memory.h"

/* The exit status of a child that returns what `run` does. */
static int in_child(int (*run)(const char *path), const char *path)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0)
		_exit(run(path));
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

enum { NEITHER = 1, OWN = 10, LAUNCHS = 20 };

/* The launch's memory and file; the file's name says what is wrong with either. */
static struct state_head made;
static const char *file;

static void make(const char *name)
{
	memset(&made, 0, sizeof(made));
	CU_ASSERT_EQUAL_FATAL(memory_make(&made), 0);
	file = scratch_file(name, &made, sizeof(made));
}

static void drop(void)
{
	memory_drop(made.id);
}

/* What happens to a file or its memory between a process's start and its first connection. */
static void (*then)(void);

static void nothing(void)
{
}

/* Tells by one answer that is counted whether a process counts in the launch's memory. */
static int count_one(const char *path)
{
	static struct state seen;
	struct state *state;

	shared_join(path);
	then();
	state = shared_state();
	if (!state || !state_ok(&state->head) || state != shared_state())
		return NEITHER;
	state_answered(state_peer(state, 7));
	return memory_read(made.id, geteuid(), &seen) && state_requests(&seen) ? LAUNCHS : OWN;
}

static void expect(const char *what, int where, const char *path)
{
	then = nothing;
	runner_expect_long(what, where, in_child(count_one, path));
}

static void the_launchs_memory_is_used(void)
{
	make("shared-state");
	expect("the launch's", LAUNCHS, file);
	drop();
}

static void a_file_that_is_none_of_a_launch_is_passed_over(void)
{
	const char *other;

	make("shared-state");
	unlink(scratch_path("shared-link"));
	CU_ASSERT_EQUAL(symlink(file, scratch_path("shared-link")), 0);
	mkdir(scratch_path("shared-folder"), 0755);
	expect("missing", OWN, scratch_path("shared-missing"));
	expect("relative", OWN, "missing");
	expect("link", OWN, scratch_path("shared-link"));
	expect("folder", OWN, scratch_path("shared-folder"));
	expect("device", OWN, "/dev/zero");
	expect("short", OWN, scratch_file("shared-short", &made, sizeof(made) - 1));
	expect("long", OWN,
	       scratch_file("shared-long", &(struct {
				    struct state_head head;
				    char more;
			    }){made, 1},
			    sizeof(made) + 1));
	other = scratch_text("shared-empty", "");
	expect("empty", OWN, other);
	CU_ASSERT_EQUAL(truncate(other, sizeof(made)), 0);
	expect("a hole", OWN, other);
	made.version++;
	expect("another version", OWN, scratch_file("shared-old", &made, sizeof(made)));
	drop();
}

/* One that waits for a writer would hold up the start of every program. */
static void fifo_is_passed_over_at_once(void)
{
	unlink(scratch_path("shared-fifo"));
	mkfifo(scratch_path("shared-fifo"), 0600);
	expect("fifo", OWN, scratch_path("shared-fifo"));
}

static void another_users_file_is_passed_over(void)
{
	if (geteuid() != 0)
		return;
	make("shared-theirs");
	CU_ASSERT_EQUAL(chown(file, 54321, 54321), 0);
	expect("another's", OWN, file);
	drop();
}

static int count_and_tell_nothing(const char *path)
{
	shared_join(path);
	state_answered(state_peer(shared_state(), 7));
	return 0;
}

/* Of memory that is not the launch's not a byte may be touched: nobody has ever had it. */
static void expect_untouched(const char *what)
{
	struct shmid_ds memory;

	runner_expect_long(what, 0, in_child(count_and_tell_nothing, file));
	CU_ASSERT_EQUAL(shmctl(made.id, IPC_STAT, &memory), 0);
	runner_expect_long(what, 0, memory.shm_atime);
	drop();
}

/* A segment of this size and key, and the file that tells of it. */
static void make_other(size_t size, key_t key, int mode)
{
	make("shared-other");
	drop();
	made.id = shmget(key, size, IPC_CREAT | IPC_EXCL | mode);
	CU_ASSERT_FATAL(made.id >= 0);
	file = scratch_file("shared-other", &made, sizeof(made));
}

static void memory_that_is_none_of_a_launch_is_passed_over(void)
{
	struct shmid_ds memory;

	make("shared-gone");
	drop();
	expect("gone", OWN, file);
	make_other(sizeof(struct state), IPC_PRIVATE, 0600);
	expect_untouched("without a key");
	make_other(sizeof(struct state), 0x12345678, 0600);
	expect_untouched("another program's");
	make_other(sizeof(struct state) - 4096, (key_t)made.key, 0600);
	expect_untouched("smaller");
	make_other(sizeof(struct state) + 4096, (key_t)made.key, 0600);
	expect_untouched("larger");
	make_other(sizeof(struct state), (key_t)made.key, 0660);
	expect_untouched("open to others");
	if (geteuid() != 0)
		return;
	make_other(sizeof(struct state), (key_t)made.key, 0600);
	CU_ASSERT_EQUAL(shmctl(made.id, IPC_STAT, &memory), 0);
	memory.shm_perm.uid = 54321;
	CU_ASSERT_EQUAL(shmctl(made.id, IPC_SET, &memory), 0);
	expect_untouched("another user's");
}

/* In the place of the launch's, which is gone, lies that of another one. */
static void memory_of_another_launch_is_not_used(void)
{
	make("shared-twin");
	made.nonce++;
	expect("another launch's", OWN, scratch_file("shared-twin", &made, sizeof(made)));
	drop();
}

static void cut_off(void)
{
	CU_ASSERT_EQUAL(truncate(file, 0), 0);
}

static void overwrite(void)
{
	memset(&made, 0xff, sizeof(made) - 16);
	scratch_file("shared-spoilt", &made, sizeof(made));
}

static void replace(void)
{
	CU_ASSERT_EQUAL(rename(scratch_text("shared-new", "new"), file), 0);
}

static void remove_it(void)
{
	unlink(file);
}

static void take_away(void)
{
	drop();
}

static void what_happens_to_the_file_changes_nothing_for_a_process_that_has_joined(void)
{
	static const struct {
		const char *what;
		void (*happens)(void);
	} cases[] = {{"cut off", cut_off},
		     {"overwritten", overwrite},
		     {"replaced", replace},
		     {"removed", remove_it},
		     {"its memory dropped", take_away}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		make("shared-spoilt");
		then = cases[i].happens;
		runner_expect_long(cases[i].what, LAUNCHS, in_child(count_one, file));
		drop();
	}
}

static void scribble(void)
{
	struct state *state = shmat(made.id, NULL, 0);

	memset(state, 0x5a, sizeof(*state));
	shmdt(state);
}

static void memory_that_was_scribbled_over_before_its_first_use_is_not_used(void)
{
	make("shared-scribbled");
	then = scribble;
	runner_expect_long("scribbled over", OWN, in_child(count_one, file));
	drop();
}

static int count_in_children(const char *path)
{
	struct state *state = shared_state();

	for (int i = 0; i < 3; i++) {
		if (fork() == 0) {
			state_answered(state_peer(shared_state(), 7));
			_exit(0);
		}
	}
	while (wait(NULL) > 0)
		;
	(void)path;
	return (int)state_requests(state);
}

static void children_share_what_their_parent_had(void)
{
	runner_expect_long("their answers", 3, in_child(count_in_children, NULL));
}

void suite_shared(void)
{
	static const struct runner_test tests[] = {
	    TEST(the_launchs_memory_is_used),
	    TEST(a_file_that_is_none_of_a_launch_is_passed_over),
	    TEST(fifo_is_passed_over_at_once),
	    TEST(another_users_file_is_passed_over),
	    TEST(memory_that_is_none_of_a_launch_is_passed_over),
	    TEST(memory_of_another_launch_is_not_used),
	    TEST(what_happens_to_the_file_changes_nothing_for_a_process_that_has_joined),
	    TEST(memory_that_was_scribbled_over_before_its_first_use_is_not_used),
	    TEST(children_share_what_their_parent_had),
	    TEST_END};

	runner_suite("shared", tests);
}
