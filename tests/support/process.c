/* SPDX-License-Identifier: MIT */
#include "process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

/* What a child wrote so far to one of its two outputs. */
struct capture {
	int fd;
	char *text;
	size_t len, size;
};

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool same_name(const char *a, const char *b)
{
	size_t n = strcspn(a, "=");

	return !strncmp(a, b, n) && b[n] == '=';
}

/* Our environment with env in front of it: a new vector that points to the old strings. */
static char **merged_environ(const char *const env[])
{
	size_t n = 0, added = 0;
	char **out;

	while (environ[n])
		n++;
	while (env && env[added])
		added++;
	out = calloc(n + added + 1, sizeof *out);
	if (!out)
		return NULL;
	for (size_t i = 0; i < added; i++)
		out[i] = (char *)env[i];
	for (size_t i = 0, at = added; i < n; i++) {
		bool replaced = false;

		for (size_t j = 0; j < added; j++)
			replaced |= same_name(env[j], environ[i]);
		if (!replaced)
			out[at++] = environ[i];
	}
	return out;
}

/* Runs in the child; tells the parent through `told` why it could not exec. */
static void become(const char *const argv[], char **env, int out, int err, int told)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC), why;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(null, 0);
	dup2(out, 1);
	if (err >= 0)
		dup2(err, 2);
	execvpe(argv[0], (char *const *)argv, env);
	why = errno;
	if (write(told, &why, sizeof why) < 0)
		_exit(126);
	_exit(127);
}

/*
 * Starts argv with its standard output, and its standard error if err is not NULL, on pipes.
 * Returns the pid, or a negative errno.
 */
static pid_t spawn(const char *const argv[], const char *const env[], int *out, int *err)
{
	int o[2] = {-1, -1}, e[2] = {-1, -1}, told[2] = {-1, -1}, why = 0;
	char **envp = merged_environ(env);
	pid_t pid = -1;

	if (!envp || pipe2(o, O_CLOEXEC) || (err && pipe2(e, O_CLOEXEC)) || pipe2(told, O_CLOEXEC))
		why = errno;
	else if ((pid = fork()) == 0)
		become(argv, envp, o[1], e[1], told[1]);
	else if (pid < 0)
		why = errno;
	close(o[1]);
	close(e[1]);
	close(told[1]);
	if (pid > 0) {
		setpgid(pid, pid); /* here too: either may be first */
		if (read(told[0], &why, sizeof why) == sizeof why)
			waitpid(pid, NULL, 0);
	}
	close(told[0]);
	free(envp);
	if (why) {
		close(o[0]);
		close(e[0]);
		return -why;
	}
	*out = o[0];
	if (err)
		*err = e[0];
	return pid;
}

/* Reads what is there; closes at the end of the stream. */
static void capture_more(struct capture *c)
{
	ssize_t n;

	if (c->size - c->len < 4096) {
		char *bigger = realloc(c->text, c->size * 2 + 8192);

		if (!bigger)
			abort();
		c->text = bigger;
		c->size = c->size * 2 + 8192;
	}
	n = read(c->fd, c->text + c->len, c->size - c->len - 1);
	if (n > 0) {
		c->len += (size_t)n;
	} else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
		close(c->fd);
		c->fd = -1;
	}
}

static char *captured(struct capture *c)
{
	if (c->fd >= 0)
		close(c->fd);
	if (!c->text)
		return strdup("");
	c->text[c->len] = '\0';
	return c->text;
}

static bool has_ended(pid_t pid)
{
	siginfo_t info = {0};

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid;
}

/* Waits up to wait_ms for output; takes it. */
static void capture_both(struct capture *a, struct capture *b, long wait_ms)
{
	struct pollfd p[2] = {{.fd = a->fd, .events = POLLIN}, {.fd = b->fd, .events = POLLIN}};

	if (poll(p, 2, (int)wait_ms) <= 0)
		return;
	if (p[0].revents)
		capture_more(a);
	if (p[1].revents)
		capture_more(b);
}

static long cpu_ms(const struct rusage *used)
{
	return (used->ru_utime.tv_sec + used->ru_stime.tv_sec) * 1000 +
	       (used->ru_utime.tv_usec + used->ru_stime.tv_usec) / 1000;
}

/* Ends what is left of the child's process group, and reaps the child. */
static int reap(pid_t pid, struct rusage *used)
{
	int status;

	/* The child, a zombie at most, keeps the group's number from being used anew. */
	kill(-pid, SIGKILL);
	while (wait4(pid, &status, 0, used) < 0 && errno == EINTR)
		;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

struct process_result process_run(const char *const argv[], const char *const env[], int timeout_ms)
{
	struct process_result result = {.status = -1};
	struct capture out = {.fd = -1}, err = {.fd = -1};
	struct rusage used = {0};
	long start = now_ms(), end = start + timeout_ms;
	bool ended = false;
	pid_t pid = spawn(argv, env, &out.fd, &err.fd);

	if (pid < 0) {
		result.out = strdup("");
		if (asprintf(&result.err, "%s: %s\n", argv[0], strerror(-pid)) < 0)
			abort();
		return result;
	}
	while ((out.fd >= 0 || err.fd >= 0) && now_ms() < end) {
		capture_both(&out, &err, 20);
		if (!ended && has_ended(pid)) {
			/* What was left in the pipes comes at once; a grandchild may hold them. */
			ended = true;
			end = now_ms() + 200 < end ? now_ms() + 200 : end;
		}
	}
	while (!ended && !(ended = has_ended(pid)) && now_ms() < end)
		poll(NULL, 0, 2);
	result.timed_out = !ended;
	result.status = reap(pid, &used);
	result.cpu_ms = cpu_ms(&used);
	result.out = captured(&out);
	result.err = captured(&err);
	result.elapsed_ms = now_ms() - start;
	return result;
}

void process_free(struct process_result *result)
{
	free(result->out);
	free(result->err);
	result->out = result->err = NULL;
}

/* Reads "listening ADDR PORT". Returns the port, or -1. */
static int read_port(int fd)
{
	char line[128] = "";
	size_t len = 0;
	long end = now_ms() + 5000;
	int port;

	while (len < sizeof line - 1 && !memchr(line, '\n', len)) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		long left = end - now_ms();
		ssize_t n;

		if (left <= 0 || poll(&p, 1, (int)left) <= 0)
			return -1;
		n = read(fd, line + len, sizeof line - 1 - len);
		if (n <= 0)
			return -1;
		len += (size_t)n;
	}
	return sscanf(line, "listening %*s %d", &port) == 1 ? port : -1;
}

static void remove_folder(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir)
		closedir(dir);
	rmdir(path);
}

int faultd_start(struct faultd *server, const char *const args[])
{
	const char *argv[80] = {build_path("faultd"), "--parent", "--log", server->log};
	size_t n = 4;
	int out = -1;

	memset(server, 0, sizeof *server);
	strcpy(server->dir, "/tmp/redial-test-XXXXXX");
	if (!mkdtemp(server->dir)) {
		perror(server->dir);
		return -1;
	}
	snprintf(server->log, sizeof server->log, "%s/faultd.log", server->dir);
	for (size_t i = 0; args && args[i] && n < sizeof argv / sizeof *argv - 1; i++)
		argv[n++] = args[i];
	server->pid = spawn(argv, NULL, &out, NULL);
	if (server->pid < 0) {
		fprintf(stderr, "%s: %s\n", argv[0], strerror(-server->pid));
		remove_folder(server->dir);
		return -1;
	}
	server->port = read_port(out);
	close(out);
	if (server->port > 0)
		return 0;
	fprintf(stderr, "%s: did not come to listen\n", argv[0]);
	faultd_stop(server);
	return -1;
}

void faultd_stop(struct faultd *server)
{
	if (server->pid <= 0)
		return;
	kill(server->pid, SIGTERM);
	for (int i = 0; i < 1000 && !has_ended(server->pid); i++)
		poll(NULL, 0, 2);
	reap(server->pid, NULL);
	remove_folder(server->dir);
	server->pid = 0;
}

static bool line_has(const char *line, const char *fragment)
{
	return !fragment || strstr(line, fragment);
}

int faultd_count(const struct faultd *server, const char *a, const char *b, const char *c)
{
	char *text = read_whole(server->log), *rest = text, *line;
	int count = 0;

	while (rest && (line = strsep(&rest, "\n"))) {
		if (*line && line_has(line, a) && line_has(line, b) && line_has(line, c))
			count++;
	}
	free(text);
	return count;
}

int faultd_wait(const struct faultd *server, int count, const char *a, const char *b, const char *c,
		int timeout_ms)
{
	long end = now_ms() + timeout_ms;

	while (faultd_count(server, a, b, c) < count) {
		if (now_ms() >= end)
			return -1;
		poll(NULL, 0, 2);
	}
	return 0;
}

char *read_whole(const char *path)
{
	struct capture c = {.fd = open(path, O_RDONLY | O_CLOEXEC)};

	if (c.fd < 0)
		return NULL;
	while (c.fd >= 0)
		capture_more(&c);
	return captured(&c);
}
