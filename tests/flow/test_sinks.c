/* SPDX-License-Identifier: MIT */
/* Logs that are files of every kind: the rescue works, and the program notices nothing of them. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "flow.h"

/* Where the log is, for the test and its program. */
static char sink[64], variable[80];

static void name_sink(void)
{
	strcpy(sink, "/tmp/redial-sink.XXXXXX");
	int fd = mkstemp(sink);
	if (fd < 0)
		CU_FAIL_FATAL("no file");
	close(fd);
	snprintf(variable, sizeof(variable), "REDIAL_LOG=file:%s", sink);
}

static const char *sink_of_program(void)
{
	return getenv("REDIAL_LOG") + strlen("file:");
}

static uint64_t signals_of(int (*fill)(sigset_t *set))
{
	sigset_t set;
	uint64_t bits = 0;
	fill(&set);
	for (int i = 1; i < 64; i++)
		bits |= (uint64_t)(sigismember(&set, i) == 1) << (i - 1);
	return bits;
}

static int mask(sigset_t *set)
{
	return sigprocmask(SIG_BLOCK, NULL, set);
}

/* Two rescues of GETs; says what signals are blocked and wait, if that is not as before. */
static void rescue_twice(void)
{
	uint64_t blocked = signals_of(mask), waiting = signals_of(sigpending);
	for (int i = 0; i < 2; i++) {
		int fd = dial();
		exchange(fd, "GET", "/1", NULL);
		exchange(fd, "GET", "/2", NULL);
		hang_up(fd);
	}
	if (signals_of(mask) != blocked)
		say("other signals are blocked");
	if (signals_of(sigpending) != waiting)
		say("other signals wait");
}

#define RESCUED "200 /1\n200 /2\n200 /1\n200 /2\n"

static void runs(const char *name, const char *arg, const char *printed)
{
	struct flow flow = {
	    .program = name, .arg = arg, .faults = {"reset@1.2", "reset@3.2"}, .env = {variable}};
	flow_redial(&flow);
	expect_printed(&flow, printed);
	flow_end(&flow);
}

static int lines_in(const char *path)
{
	char *text = read_whole(path);
	int lines = 0;
	for (char *at = text; at && *at; at++)
		lines += *at == '\n';
	free(text);
	return lines;
}

/* arg: "LIMIT LENGTH": RLIMIT_FSIZE, and how long the log is already. */
PROGRAM(rescues_where_files_may_not_grow)
{
	long limit = 0, len = 0;
	sscanf(program.arg, "%ld %ld", &limit, &len);
	signal(SIGXFSZ, SIG_DFL);
	if (truncate(sink_of_program(), len))
		say("no log");
	struct rlimit size = {(rlim_t)limit, (rlim_t)limit};
	setrlimit(RLIMIT_FSIZE, &size);
	rescue_twice();
	struct stat st;
	stat(sink_of_program(), &st);
	if (st.st_size > limit && st.st_size > len)
		say("the log has grown to %ld", (long)st.st_size);
	if (st.st_size < len || (limit - len < 100 && st.st_size != len))
		say("the log has another size: %ld", (long)st.st_size);
}

static void log_at_the_limit_of_file_sizes_raises_no_signal(void)
{
	static const char *const limits[] = {"0 0",	  "4096 5000", "4096 4096",
					     "4096 4095", "4096 4000", "1000 0"};
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		name_sink();
		runs("rescues_where_files_may_not_grow", limits[i], RESCUED);
		unlink(sink);
	}
}

static void lines_that_had_no_room_are_told_once_there_is(void)
{
	name_sink();
	runs("rescues_where_files_may_not_grow", "700 0", RESCUED);
	char *text = read_whole(sink);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	runner_expect_long("lines, all whole", 1, text[0] && text[strlen(text) - 1] == '\n');
	CU_ASSERT(lines_in(sink) < 4 && lines_in(sink) > 0);
	free(text);
	unlink(sink);
}

/* arg: "unread", "read" or "full". */
PROGRAM(rescues_with_a_fifo_for_a_log)
{
	const char *path = sink_of_program();
	bool there = strcmp(program.arg, "unread") != 0;
	char bytes[65536] = "";
	int reader = there ? open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC) : -1;
	int filler = there ? open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC) : -1;
	signal(SIGPIPE, SIG_DFL);
	if (!strcmp(program.arg, "full"))
		while (write(filler, bytes, sizeof(bytes)) > 0)
			;
	rescue_twice();
	ssize_t got = there ? read(reader, bytes, sizeof(bytes)) : 0;
	if (!strcmp(program.arg, "read"))
		say("%s", got > 0 && memmem(bytes, (size_t)got, "event=attempt", 13)
			      ? "logged"
			      : "nothing is logged");
}

static void fifo_holds_up_nothing_whoever_reads_it(void)
{
	static const char *const rows[][2] = {
	    {"unread", RESCUED}, {"read", RESCUED "logged\n"}, {"full", RESCUED}};
	for (int i = 0; i < 3; i++) {
		name_sink();
		unlink(sink);
		CU_ASSERT_EQUAL(mkfifo(sink, 0600), 0);
		runs("rescues_with_a_fifo_for_a_log", rows[i][0], rows[i][1]);
		unlink(sink);
	}
}

static void in_the_background(const char *terminal)
{
	/* The session's own terminal, whose background may not write: termios(3), TOSTOP. */
	setsid();
	int fd = open(terminal, O_RDWR | O_CLOEXEC);
	struct termios modes;
	ioctl(fd, TIOCSCTTY, 0);
	tcgetattr(fd, &modes);
	modes.c_lflag |= TOSTOP;
	tcsetattr(fd, TCSANOW, &modes);
	signal(SIGTTOU, SIG_DFL);
	pid_t child = fork();
	if (child == 0) {
		setpgid(0, 0);
		rescue_twice();
		fflush(stdout);
		_exit(0);
	}
	setpgid(child, child);
	int status;
	waitpid(child, &status, WUNTRACED);
	if (WIFSTOPPED(status)) {
		say("stopped by signal %d", WSTOPSIG(status));
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
}

PROGRAM(rescues_with_its_terminal_for_a_log)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (master < 0 || grantpt(master) || unlockpt(master))
		say("no terminal");
	fflush(stdout);
	pid_t leader = fork();
	if (leader == 0) {
		in_the_background(ptsname(master));
		fflush(stdout);
		_exit(0);
	}
	waitpid(leader, NULL, 0);
	char text[8192] = "";
	fcntl(master, F_SETFL, O_NONBLOCK);
	if (read(master, text, sizeof(text) - 1) < 0 || !strstr(text, "event=attempt"))
		say("nothing is logged");
}

static void terminal_stops_no_process_in_its_background(void)
{
	strcpy(variable, "REDIAL_LOG=file:/dev/tty");
	runs("rescues_with_its_terminal_for_a_log", NULL, RESCUED);
}

static volatile sig_atomic_t handled;

static void handle(int signal)
{
	handled = signal;
}

/* arg: a signal that the program has blocked, and that waits; "limited": its files are, too. */
PROGRAM(rescues_while_a_signal_waits)
{
	int number = atoi(program.arg);
	if (strstr(program.arg, "limited"))
		setrlimit(RLIMIT_FSIZE, &(struct rlimit){1 << 20, 1 << 20});
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, number);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(number, handle);
	raise(number);
	rescue_twice();
	if (handled)
		say("it came early");
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	say("%s", handled == number ? "it comes" : "it is lost");
}

static void signal_that_waits_is_left_to_the_program(void)
{
	static const int signals[] = {SIGPIPE, SIGXFSZ, SIGTTOU, SIGUSR1, SIGALRM};
	char arg[20];
	for (size_t i = 0; i < 2 * sizeof(signals) / sizeof(signals[0]); i++) {
		int number = signals[i / 2];
		bool limited = i % 2;
		snprintf(arg, sizeof(arg), "%d%s", number, limited ? " limited" : "");
		name_sink();
		runs("rescues_while_a_signal_waits", arg, RESCUED "it comes\n");
		/* It could not be told from the one that a write raises, where one may. */
		bool in_doubt = limited && (number == SIGPIPE || number == SIGXFSZ);
		runner_expect_long(arg, in_doubt ? 0 : 4, lines_in(sink));
		unlink(sink);
	}
}

/* arg: what is in the log's place. */
PROGRAM(rescues_with_something_for_a_log)
{
	rescue_twice();
	if (!strcmp(program.arg, "removed"))
		unlink(sink_of_program());
	rescue_twice();
}

static void make(const char *what)
{
	int done = unlink(sink);
	if (!strcmp(what, "folder"))
		done = mkdir(sink, 0700);
	else if (!strcmp(what, "dangling link"))
		done = symlink("/nonexistent/x", sink);
	else if (!strcmp(what, "loop"))
		done = symlink(sink, sink);
	else if (!strcmp(what, "read only"))
		done = close(open(sink, O_WRONLY | O_CREAT | O_CLOEXEC, 0400));
	else if (!strcmp(what, "full device"))
		done = symlink("/dev/full", sink);
	else if (!strcmp(what, "null device"))
		done = symlink("/dev/null", sink);
	runner_expect_long(what, 0, done);
}

static void whatever_lies_at_the_logs_path_rescues_go_on(void)
{
	static const char *const kinds[] = {"folder",	   "dangling link", "loop",   "read only",
					    "full device", "null device",   "removed"};
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		name_sink();
		make(kinds[i]);
		runs("rescues_with_something_for_a_log", kinds[i],
		     RESCUED "200 /1\n200 /2\n200 /1\n200 /2\n");
		rmdir(sink);
		unlink(sink);
	}
}

const struct runner_test sinks_tests[] = {
    T(log_at_the_limit_of_file_sizes_raises_no_signal),
    T(lines_that_had_no_room_are_told_once_there_is),
    T(fifo_holds_up_nothing_whoever_reads_it),
    T(terminal_stops_no_process_in_its_background),
    T(signal_that_waits_is_left_to_the_program),
    T(whatever_lies_at_the_logs_path_rescues_go_on),
    T_END,
};
