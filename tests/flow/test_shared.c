/* SPDX-License-Identifier: MIT */
/* The memory that the processes of a launch share, and its file, seen from within programs. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "flow.h"
#include "share_memory.h"

/* Has this process memory of that id? proc(5): the inode of such a mapping is the id. */
static bool has_memory(const char *id)
{
	char *maps = read_whole("/proc/self/maps");
	bool has = false;
	for (char *line = maps ? strtok(maps, "\n") : NULL; line; line = strtok(NULL, "\n")) {
		char number[32] = "", name[16] = "";
		has |= sscanf(line, "%*s %*s %*s %*s %31s %15s", number, name) == 2 &&
		       !strncmp(name, "/SYSV", 5) && !strcmp(number, id);
	}
	free(maps);
	return has;
}

static void tell(const char *who)
{
	say("%s %s", who, has_memory(program.arg) ? "shares" : "is alone");
}

/* arg: the id of the launch's memory. */
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
		 "if grep -q ' %s  */SYSV' /proc/self/maps; then echo a command shares; "
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

/* Memory, and a file in a folder of its own; what they are like is the caller's. */
static char dir[32], file[64], variable[96], id[16];
static struct state_head made;

static void name_file(void)
{
	strcpy(dir, "/tmp/redial-flow.XXXXXX");
	if (!mkdtemp(dir))
		CU_FAIL_FATAL("no folder");
	snprintf(file, sizeof(file), "%s/state", dir);
	snprintf(variable, sizeof(variable), "REDIAL_SHARED=%s", file);
	snprintf(id, sizeof(id), "%d", made.id);
}

static void write_file(size_t len)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	char bytes[sizeof(made) + 100] = {0};
	memcpy(bytes, &made, sizeof(made));
	CU_ASSERT_EQUAL_FATAL(write(fd, bytes, len), (ssize_t)len);
	close(fd);
}

static void make_launch(void)
{
	memset(&made, 0, sizeof(made));
	CU_ASSERT_EQUAL_FATAL(memory_make(&made), 0);
	name_file();
	write_file(sizeof(made));
}

static void drop_launch(void)
{
	memory_drop(made.id);
	unlink(file);
	rmdir(dir);
}

/* Rescues go on in any case. */
static void tells(const char *printed)
{
	struct flow flow = {
	    .program = "tell_who_shares", .arg = id, .faults = {"reset@1.2"}, .env = {variable}};
	flow_redial(&flow);
	expect_printed(&flow, printed);
	expect_logged(&flow, 1, "result=recovered", NULL);
	flow_end(&flow);
}

/* What all that have the memory have counted. */
static long answers(void)
{
	static struct state state;
	uint64_t answered = 0;
	CU_ASSERT_FATAL(memory_read(made.id, geteuid(), &state));
	for (int i = 0; i < STATE_PEERS; i++)
		answered += state.peers[i].answered;
	return (long)answered;
}

static void processes_of_a_launch_share_memory(void)
{
	make_launch();
	tells(SHARE);
	/* What state_requests counts: two responses, the second one after a reset. */
	runner_expect_long("answered", 2, answers());
	drop_launch();
}

static void file_of_another_size_tells_of_no_memory(void)
{
	static const int more[] = {-1, 1, 100};
	for (int i = 0; i < 3; i++) {
		make_launch();
		unlink(file);
		write_file(sizeof(made) + (size_t)more[i]);
		tells(ARE_ALONE);
		drop_launch();
	}
}

static void link_is_not_followed(void)
{
	make_launch();
	char other[80];
	snprintf(other, sizeof(other), "%s.real", file);
	CU_ASSERT_EQUAL(rename(file, other), 0);
	CU_ASSERT_EQUAL(symlink(other, file), 0);
	tells(ARE_ALONE);
	unlink(other);
	drop_launch();
}

static void file_of_another_version_tells_of_no_memory(void)
{
	make_launch();
	made.version++;
	unlink(file);
	write_file(sizeof(made));
	tells(ARE_ALONE);
	runner_expect_long("answered", 0, answers());
	drop_launch();
}

static void missing_file_is_no_error(void)
{
	memset(&made, 0, sizeof(made));
	name_file();
	tells(ARE_ALONE);
	unlink(file);
	rmdir(dir);
}

/* All but the head, which would say that it is none of the launch's. */
static void fill(struct state *state, int pattern)
{
	for (size_t i = sizeof(state->head); i < sizeof(*state); i++)
		((char *)state)[i] = pattern < 0 ? (char)(random() >> 8) : (char)pattern;
}

static void whatever_is_in_the_memory_the_program_runs(void)
{
	make_launch();
	struct state *state = shmat(made.id, NULL, 0);
	for (int pattern = -3; pattern < 256; pattern += pattern < 0 ? 1 : 51) {
		fill(state, pattern);
		tells(SHARE);
	}
	shmdt(state);
	drop_launch();
}

/* What others may do to a launch's file and memory while its processes run. */
static void spoil(const char *how)
{
	const char *path = getenv("REDIAL_SHARED");
	struct state *state = shmat(atoi(program.arg), NULL, 0);
	char other[100];
	int done = 0;
	snprintf(other, sizeof(other), "%s.other", path);
	if (!strcmp(how, "the file cut off"))
		done = truncate(path, 0);
	else if (!strcmp(how, "the file overwritten, and longer"))
		done = truncate(path, 0) | truncate(path, 1 << 20);
	else if (!strcmp(how, "a folder in its place"))
		done = rename(path, other) | mkdir(path, 0700);
	else if (!strcmp(how, "a fifo in its place"))
		done = rename(path, other) | mkfifo(path, 0600);
	else if (!strcmp(how, "another's"))
		done = geteuid() == 0 ? chown(path, 54321, 54321) : 0;
	else if (!strcmp(how, "the memory given away"))
		memory_drop(atoi(program.arg));
	else if (!strcmp(how, "all of the memory overwritten"))
		memset((void *)state, 0xff, sizeof(*state));
	if (done)
		say("not done: %s", how);
	shmdt(state);
	unlink(other);
}

static const char *const ways[] = {"the file cut off",
				   "the file overwritten, and longer",
				   "a folder in its place",
				   "a fifo in its place",
				   "another's",
				   "the memory given away",
				   "all of the memory overwritten"};

/* Before the first connection, between requests, and for what comes after. */
PROGRAM(goes_on_whatever_becomes_of_what_it_shares)
{
	const char *how = getenv("HOW");
	const bool early = getenv("EARLY")[0] == '1';
	if (early)
		spoil(how);
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	if (!early)
		spoil(how);
	exchange(fd, "GET", "/2", NULL);
	hang_up(fd);
	pid_t child = fork();
	if (child == 0) {
		fd = dial();
		exchange(fd, "GET", "/3", NULL);
		exchange(fd, "GET", "/lost", NULL);
		_exit(0);
	}
	waitpid(child, NULL, 0);
	if (system("true") != 0)
		say("no command runs");
}

static void whatever_becomes_of_file_and_memory_the_program_runs(void)
{
	for (size_t i = 0; i < 2 * sizeof(ways) / sizeof(ways[0]); i++) {
		make_launch();
		char how[64];
		snprintf(how, sizeof(how), "HOW=%s", ways[i / 2]);
		struct flow flow = {.program = "goes_on_whatever_becomes_of_what_it_shares",
				    .arg = id,
				    .faults = {"reset@1.2", "reset@path:/lost"},
				    .env = {variable, how, i % 2 ? "EARLY=1" : "EARLY=0"}};
		flow_redial(&flow);
		expect_printed(&flow, "200 /1\n200 /2\n200 /3\nECONNRESET\n");
		expect_logged(&flow, 1, "result=recovered", NULL);
		flow_end(&flow);
		rmdir(file);
		drop_launch();
	}
}

const struct runner_test shared_tests[] = {
    T(processes_of_a_launch_share_memory),
    T(file_of_another_size_tells_of_no_memory),
    T(link_is_not_followed),
    T(file_of_another_version_tells_of_no_memory),
    T(missing_file_is_no_error),
    T(whatever_is_in_the_memory_the_program_runs),
    T(whatever_becomes_of_file_and_memory_the_program_runs),
    T_END,
};
