/* SPDX-License-Identifier: MIT */
/* Where a process finds the state: each test in a process of its own, as there is one a process. */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../preload/process/shared.h"

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

enum { NEITHER = 1, OWN = 10, FILES = 20 };

/* Tells by one answer that is counted whether the file is what a process counts in. */
static int count_one(const char *path)
{
	struct state *state, *file;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	shared_map(path);
	state = shared_state();
	if (!state || !state_ok(state) || state != shared_state())
		return NEITHER;
	state_answered(state_peer(state, 7));
	file = mmap(NULL, sizeof(*file), PROT_READ, MAP_SHARED, fd, 0);
	if (fstat(fd, &st) < 0)
		st.st_size = 0;
	close(fd);
	if (fd < 0 || file == MAP_FAILED || st.st_size < (off_t)sizeof(*file))
		return OWN;
	return file->last_used_s && state_requests(file) ? FILES : OWN;
}

static struct state made;

static const char *write_state(const char *name)
{
	memset(&made, 0, sizeof(made));
	state_init(&made, 1000);
	return scratch_file(name, &made, sizeof(made));
}

static void the_launchs_file_is_used(void)
{
	runner_expect_long("the file", FILES, in_child(count_one, write_state("shared-state")));
}

static void what_is_no_such_file_is_passed_over(void)
{
	const char *path = write_state("shared-state");
	const char *other;

	unlink(scratch_path("shared-link"));
	CU_ASSERT_EQUAL(symlink(path, scratch_path("shared-link")), 0);
	mkdir(scratch_path("shared-folder"), 0755);
	mkfifo(scratch_path("shared-fifo"), 0600);
	runner_expect_long("missing", OWN, in_child(count_one, scratch_path("shared-missing")));
	runner_expect_long("relative", OWN, in_child(count_one, "missing"));
	runner_expect_long("link", OWN, in_child(count_one, scratch_path("shared-link")));
	runner_expect_long("folder", OWN, in_child(count_one, scratch_path("shared-folder")));
	runner_expect_long("device", OWN, in_child(count_one, "/dev/zero"));
	other = scratch_file("shared-short", &made, sizeof(made) - 1);
	runner_expect_long("short", OWN, in_child(count_one, other));
	other = scratch_file("shared-long", path, sizeof(made) + 1);
	runner_expect_long("long", OWN, in_child(count_one, other));
	other = scratch_text("shared-empty", "");
	runner_expect_long("empty", OWN, in_child(count_one, other));
	CU_ASSERT_EQUAL(truncate(other, sizeof(made)), 0);
	runner_expect_long("holes", OWN, in_child(count_one, other));
	made.version++;
	other = scratch_file("shared-old", &made, sizeof(made));
	runner_expect_long("another version", OWN, in_child(count_one, other));
}

/* One that waits for a writer would hold up the start of every program. */
static void fifo_is_passed_over_at_once(void)
{
	unlink(scratch_path("shared-fifo"));
	mkfifo(scratch_path("shared-fifo"), 0600);
	runner_expect_long("fifo", 0,
			   in_child((int (*)(const char *))(void (*)(void))shared_map,
				    scratch_path("shared-fifo")) >= 128);
}

static void another_users_file_is_passed_over(void)
{
	const char *path = write_state("shared-theirs");

	if (geteuid() != 0)
		return;
	CU_ASSERT_EQUAL(chown(path, 54321, 54321), 0);
	runner_expect_long("another's", OWN, in_child(count_one, path));
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
	static const struct runner_test tests[] = {TEST(the_launchs_file_is_used),
						   TEST(what_is_no_such_file_is_passed_over),
						   TEST(fifo_is_passed_over_at_once),
						   TEST(another_users_file_is_passed_over),
						   TEST(children_share_what_their_parent_had),
						   TEST_END};

	runner_suite("shared", tests);
}
