/* SPDX-License-Identifier: MIT */
/* What redial itself has there: its library and its policy. */
#include "doctor.h"

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "report.h"

extern char **environ;

void installed_version(const struct elf_file *file, char *version, size_t room)
{
	static const char start[] = "redial ";
	size_t len = 0;
	const char *text = elf_section(file, ".redial.version", &len);

	*version = '\0';
	if (text && len > sizeof(start) && memcmp(text, start, sizeof(start) - 1) == 0)
		snprintf(version, room, "%.*s", (int)(len - sizeof(start) + 1),
			 text + sizeof(start) - 1);
}

bool installed_find(struct installed *installed)
{
	char own[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", own, sizeof(own) - 1);

	if (len < 0) {
		report(MARK_UNKNOWN, "library", "/proc is not mounted: cannot tell where I am");
		return false;
	}
	own[len] = '\0';
	find_folder(own);
	if (snprintf(installed->library, PATH_MAX, "%s/libredial.so", own) >= PATH_MAX ||
	    snprintf(installed->tool, PATH_MAX, "%s/redial-policy", own) >= PATH_MAX)
		return false;
	if (access(installed->tool, X_OK) < 0 &&
	    snprintf(installed->tool, PATH_MAX, "%s/../../bin/redial-policy", own) >= PATH_MAX)
		return false;
	if (!find_map(installed->library, &installed->mapped)) {
		report(MARK_NO, "library", "%s: %s", installed->library, strerror(errno));
		return false;
	}
	if (!elf_open(&installed->file, installed->mapped.data, installed->mapped.size)) {
		report(MARK_NO, "library", "%s is damaged: install it again", installed->library);
		return false;
	}
	installed_version(&installed->file, installed->version, sizeof(installed->version));
	return true;
}

/* The first part of the path that other users may not pass or read; false if there is none. */
static bool find_closed(const char *path, char closed[PATH_MAX])
{
	struct stat st;

	snprintf(closed, PATH_MAX, "%s", path);
	if (stat(closed, &st) == 0 && !(st.st_mode & S_IROTH))
		return true;
	while (strcmp(closed, "/") != 0 && strcmp(closed, ".") != 0) {
		find_folder(closed);
		if (stat(closed, &st) == 0 && !(st.st_mode & S_IXOTH))
			return true;
	}
	return false;
}

void installed_report(const struct installed *installed)
{
	char closed[PATH_MAX];

	report(MARK_OK, "library", "%s, %s, redial %s", installed->library,
	       elf_machine_name(&installed->file),
	       *installed->version ? installed->version : "of an unknown version");
	if (find_is_noexec(installed->library))
		report(MARK_NO, "library",
		       "its mount is noexec: no loader can map it. Install it elsewhere");
	if (find_closed(installed->library, closed))
		report(MARK_WARN, "library",
		       "other users may not read %s: their programs start "
		       "without redial",
		       closed);
}

/* What a program prints, on both outputs, the first bytes of it. Returns its exit status, or -1. */
static int read_output(const char *const argv[], char *text, size_t room)
{
	posix_spawn_file_actions_t actions;
	size_t len = 0;
	int ends[2], status = -1, error;
	ssize_t got;
	pid_t pid;
	char rest[4096];

	*text = '\0';
	if (pipe(ends) < 0)
		return -1;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
	posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
	posix_spawn_file_actions_addclose(&actions, ends[0]);
	error = posix_spawn(&pid, argv[0], &actions, NULL, (char *const *)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	while (!error) {
		got = len < room - 1 ? read(ends[0], text + len, room - 1 - len)
				     : read(ends[0], rest, sizeof(rest));
		if (got <= 0 && !(got < 0 && errno == EINTR))
			break;
		if (got > 0 && len < room - 1)
			len += (size_t)got;
	}
	text[len] = '\0';
	close(ends[0]);
	while (!error && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return !error && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool policy_tls(const struct installed *installed, const char *path, char *list, size_t room)
{
	const char *argv[] = {installed->tool, "show", *path ? path : NULL, NULL};
	static const char key[] = "\ntls = [";
	char text[16384];
	const char *at;
	int status = read_output(argv, text, sizeof(text));

	at = strstr(text, key);
	if (status != 0 || !at || strstr(text, "enabled = false;") == text)
		return false;
	at += strlen(key);
	snprintf(list, room, "%.*s", (int)strcspn(at, "]"), at);
	return true;
}

long stat_sessions(const struct installed *installed, int pid)
{
	static char text[1 << 20];
	char tool[PATH_MAX], number[20], entry[40];
	const char *argv[] = {tool, "--json", number, NULL};
	static const char processes[] = "\"processes\": [", key[] = "\"sessions\": ";
	const char *at;

	snprintf(tool, sizeof(tool), "%.*sredial-stat",
		 (int)(find_name(installed->library) - installed->library), installed->library);
	snprintf(number, sizeof(number), "%d", pid);
	snprintf(entry, sizeof(entry), "{\"pid\": %d,", pid);
	if (read_output(argv, text, sizeof(text)) != 0 || !(at = strstr(text, processes)))
		return -1;
	/* One that has made no connection yet has no entry. */
	at = strstr(at, entry);
	at = at ? strstr(at, key) : NULL;
	return at ? strtol(at + strlen(key), NULL, 10) : 0;
}

void policy_report(const struct installed *installed, const char *path, const char *shown,
		   const char *who)
{
	const char *argv[] = {installed->tool, "show", path, NULL};
	const char *why;
	char text[16384], named[PATH_MAX + 20];
	int status = read_output(argv, text, sizeof(text));

	if (status == 0 && strstr(text, "enabled = false;") == text) {
		report(MARK_NO, "policy", "%s (%s) says enabled = false", shown, who);
		return;
	}
	if (status == 0) {
		report(MARK_OK, "policy", "%s (%s)", shown, who);
		return;
	}
	if (status != 1) {
		report(MARK_UNKNOWN, "policy", "%s: %s does not run", shown, installed->tool);
		return;
	}
	/* "redial-policy: PATH:LINE: reason", one line. */
	text[strcspn(text, "\n")] = '\0';
	snprintf(named, sizeof(named), "redial-policy: %s", path);
	why = strncmp(text, named, strlen(named)) == 0 ? text + strlen(named) : text;
	report(MARK_NO, "policy", "%s%s (%s)", shown, why, who);
}
