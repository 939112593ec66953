/* SPDX-License-Identifier: MIT */
#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SYSTEM_POLICY "/etc/redial/redial.cfg"

/*
 * Runs a program to its end; its output goes to `out`, of room bytes, without the newline (NULL: it
 * is dropped). Returns its exit status, or BROKEN.
 */
static int run(char **argv, char *out, size_t room)
{
	int ends[2], status;
	size_t len = 0;
	char rest[512];

	if (pipe2(ends, O_CLOEXEC))
		return BROKEN;
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		execv(argv[0], argv);
		_exit(BROKEN);
	}
	close(ends[1]);
	for (;;) {
		bool kept = out && len + 1 < room;
		ssize_t got =
		    read(ends[0], kept ? out + len : rest, kept ? room - 1 - len : sizeof(rest));
		if (got <= 0)
			break;
		len += kept ? (size_t)got : 0;
	}
	close(ends[0]);
	if (out) {
		out[len] = '\0';
		out[strcspn(out, "\n")] = '\0';
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return BROKEN;
	return WEXITSTATUS(status);
}

int place_check(const struct options *options)
{
	size_t words = 0, n = 0;

	while (options->command[words])
		words++;
	char **argv = calloc(words + 6, sizeof(*argv));
	if (!argv)
		return BROKEN;
	argv[n++] = (char *)options->launcher;
	argv[n++] = "--check";
	if (options->policy) {
		argv[n++] = "--policy";
		argv[n++] = (char *)options->policy;
	}
	argv[n++] = "--";
	memcpy(argv + n, options->command, words * sizeof(*argv));
	int status = run(argv, NULL, 0);
	free(argv);
	return status;
}

/* Beside the file `path`: sets to[], of PATH_MAX bytes. false if it is not there. */
static bool beside(char *to, const char *path, const char *name)
{
	const char *slash = strrchr(path, '/');
	int len = slash ? (int)(slash - path) : 0;

	return snprintf(to, PATH_MAX, "%.*s/%s", len, path, name) < PATH_MAX && !access(to, R_OK);
}

/* As the launcher finds and compiles it. */
static int find_policy(struct place *place, const struct options *options, const char *own)
{
	const char *file = options->policy;
	char tool[PATH_MAX];

	if (!file || !*file)
		file = getenv("REDIAL_POLICY");
	if ((!file || !*file) && !access(SYSTEM_POLICY, F_OK))
		file = SYSTEM_POLICY;
	if (!file || !*file)
		return 0;
	if (!beside(tool, own, "redial-policy") &&
	    !beside(tool, options->launcher, "redial-policy"))
		return BROKEN;
	char *argv[] = {tool, "cache", (char *)file, NULL};
	return run(argv, place->policy, sizeof(place->policy));
}

int place_find(struct place *place, const struct options *options)
{
	char own[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", own, sizeof(own) - 1);

	memset(place, 0, sizeof(*place));
	own[len > 0 ? len : 0] = '\0';
	if (!beside(place->library, own, "libredial-rehearse.so")) {
		fprintf(stderr, "redial rehearse: %s is missing\n", place->library);
		return BROKEN;
	}
	return options->bare ? find_policy(place, options, own) : 0;
}

static int make_file(const char *path, const void *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	ssize_t written = write(fd, bytes, len);
	int error = written == (ssize_t)len ? 0 : written < 0 ? -errno : -ENOSPC;
	close(fd);
	return error;
}

int place_make(struct place *place, const struct options *options)
{
	const char *tmp = getenv("TMPDIR");
	struct plan plan = {.size = sizeof(plan), .turn_count = options->turn_count};

	if (!tmp || *tmp != '/' || strlen(tmp) > 128)
		tmp = "/tmp";
	snprintf(place->dir, sizeof(place->dir), "%s/redial-rehearse-XXXXXX", tmp);
	if (!mkdtemp(place->dir))
		return -errno;
	snprintf(place->plan, sizeof(place->plan), "%s/plan", place->dir);
	snprintf(place->log, sizeof(place->log), "%s/log", place->dir);
	memcpy(plan.magic, PLAN_MAGIC, sizeof(plan.magic));
	memcpy(plan.turns, options->turns, sizeof(plan.turns));
	memcpy(plan.log, place->log, sizeof(plan.log));
	int error = make_file(place->plan, &plan, sizeof(plan));
	return error ? error : make_file(place->log, "", 0);
}

void place_read(const struct place *place, struct plan *counts)
{
	int fd = open(place->plan, O_RDONLY | O_CLOEXEC);

	memset(counts, 0, sizeof(*counts));
	if (fd >= 0 && read(fd, counts, sizeof(*counts)) != sizeof(*counts))
		memset(counts, 0, sizeof(*counts));
	if (fd >= 0)
		close(fd);
}

void place_remove(const struct place *place, bool keep_log)
{
	unlink(place->plan);
	if (keep_log)
		return;
	unlink(place->log);
	rmdir(place->dir);
}
