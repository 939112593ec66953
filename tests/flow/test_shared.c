/* SPDX-License-Identifier: MIT */
/* The file that the processes of a launch map, seen from within programs. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "flow.h"
#include "state.h"

static bool is_mapped(const char *path)
{
	char *maps = read_whole("/proc/self/maps");
	bool mapped = maps && *path && strstr(maps, path);
	free(maps);
	return mapped;
}

static void tell(const char *who)
{
	say("%s %s", who, is_mapped(program.arg) ? "shares" : "is alone");
}

/* arg: the file. */
PROGRAM(tell_who_shares)
{
	tell("the program");
	pid_t child = fork();
	if (child == 0) {
		tell("a child");
		_exit(0);
	}
	waitpid(child, NULL, 0);
	char line[400];
	snprintf(line, sizeof(line),
		 "if grep -qF '%s' /proc/self/maps; then echo a command shares; "
		 "else echo a command is alone; fi",
		 program.arg);
	fflush(stdout);
	if (system(line) < 0)
		say("no shell");
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	exchange(fd, "GET", "/2", NULL);
	hang_up(fd);
}

#define SHARE	  "the program shares\na child shares\na command shares\n200 /1\n200 /2\n"
#define ARE_ALONE "the program is alone\na child is alone\na command is alone\n200 /1\n200 /2\n"

/* A file in a folder of its own; what it is like is the caller's. */
static char dir[32], file[64], variable[96];

static void name_file(void)
{
	strcpy(dir, "/tmp/redial-flow.XXXXXX");
	if (!mkdtemp(dir))
		CU_FAIL_FATAL("no folder");
	snprintf(file, sizeof(file), "%s/state", dir);
	snprintf(variable, sizeof(variable), "REDIAL_SHARED=%s", file);
}

static struct state *make_file(void)
{
	name_file();
	int fd = open(file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	CU_ASSERT_EQUAL_FATAL(posix_fallocate(fd, 0, sizeof(struct state)), 0);
	struct state *state = mmap(NULL, sizeof(*state), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	CU_ASSERT_FATAL(state != MAP_FAILED);
	/* state_init, which is not linked here. */
	memcpy(state->magic, STATE_MAGIC, sizeof(state->magic));
	state->version = STATE_VERSION;
	state->size = sizeof(*state);
	return state;
}

static void drop_file(struct state *state)
{
	if (state)
		munmap(state, sizeof(*state));
	unlink(file);
	rmdir(dir);
}

/* Rescues go on in any case. */
static void tells(const char *printed)
{
	struct flow flow = {
	    .program = "tell_who_shares", .arg = file, .faults = {"reset@1.2"}, .env = {variable}};
	flow_redial(&flow);
	expect_printed(&flow, printed);
	expect_logged(&flow, 1, "result=recovered", NULL);
	flow_end(&flow);
}

static void processes_of_a_launch_share_one_file(void)
{
	struct state *state = make_file();
	uint64_t answered = 0;
	tells(SHARE);
	/* What state_requests counts: two responses, the second one after a reset. */
	for (int i = 0; i < STATE_PEERS; i++)
		answered += state->peers[i].answered;
	runner_expect_long("answered", 2, (long)answered);
	drop_file(state);
}

static void file_of_another_size_is_not_mapped(void)
{
	static const int more[] = {-4096, -1, 1, 4096};
	for (int i = 0; i < 4; i++) {
		struct state *state = make_file();
		CU_ASSERT_EQUAL(truncate(file, (long)sizeof(*state) + more[i]), 0);
		tells(ARE_ALONE);
		drop_file(state);
	}
}

static void link_is_not_followed(void)
{
	struct state *state = make_file();
	char other[80];
	snprintf(other, sizeof(other), "%s.real", file);
	CU_ASSERT_EQUAL(rename(file, other), 0);
	CU_ASSERT_EQUAL(symlink(other, file), 0);
	tells(ARE_ALONE);
	runner_expect_long("used", 0, state->last_used_s != 0);
	unlink(other);
	drop_file(state);
}

static void file_of_another_version_is_not_used(void)
{
	struct state *state = make_file();
	state->version++;
	struct state before = *state;
	tells(SHARE); /* only its size was looked at */
	runner_expect_long("changed", 0, memcmp(state, &before, sizeof(before)));
	drop_file(state);
}

static void file_with_holes_is_not_mapped(void)
{
	struct state *state = make_file();
	CU_ASSERT_EQUAL(truncate(file, 4096) | truncate(file, sizeof(*state)), 0);
	tells(ARE_ALONE);
	drop_file(state);
}

static void missing_file_is_no_error(void)
{
	name_file();
	tells(ARE_ALONE);
	drop_file(NULL);
}

static void whatever_is_in_the_file_the_program_runs(void)
{
	struct state *state = make_file();
	for (size_t i = offsetof(struct state, root_pid); i < sizeof(*state); i++)
		((char *)state)[i] = (char)(random() >> 8);
	tells(SHARE);
	drop_file(state);
}

const struct runner_test shared_tests[] = {
    T(processes_of_a_launch_share_one_file),
    T(file_of_another_size_is_not_mapped),
    T(link_is_not_followed),
    T(file_of_another_version_is_not_used),
    T(file_with_holes_is_not_mapped),
    T(missing_file_is_no_error),
    T(whatever_is_in_the_file_the_program_runs),
    T_END,
};
