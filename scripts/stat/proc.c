/* SPDX-License-Identifier: MIT */
#include "proc.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = 64 };

static FILE *open_file(uint32_t pid, const char *name)
{
	char path[FILE_MAX];

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/%s", pid, name);
	return fopen(path, "re");
}

static void copy_name(char to[PROC_NAME_MAX], const char *from, const char *end)
{
	size_t len = 0;

	for (; from < end && len < PROC_NAME_MAX - 1; from++)
		to[len++] = *from >= ' ' && *from <= '~' ? *from : '?';
	to[len] = '\0';
}

bool proc_read(uint32_t pid, struct proc *proc)
{
	FILE *file = pid ? open_file(pid, "stat") : NULL;
	const char *name, *end, *at;
	char text[1024];
	size_t len;

	if (!file)
		return false;
	len = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[len] = '\0';
	/* The name, field 2, may hold spaces and parentheses. */
	name = strchr(text, '(');
	end = strrchr(text, ')');
	if (!name || !end || end < name || strlen(end) < 3 || strchr("ZXx", end[2]))
		return false;
	copy_name(proc->name, name + 1, end);
	at = end;
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	proc->start = at ? strtoull(at, NULL, 10) : 0;
	return at;
}

uint64_t proc_ms(uint64_t ticks)
{
	uint64_t a_second = (uint64_t)sysconf(_SC_CLK_TCK);

	return ticks / a_second * 1000 + ticks % a_second * 1000 / a_second;
}

enum proc_maps proc_maps_at(uint32_t pid, ino_t inode, uint64_t at)
{
	FILE *file = open_file(pid, "maps");
	enum proc_maps answer = PROC_MAPS_NOT;
	char *line = NULL;
	size_t room = 0;

	if (!file)
		return errno == EACCES || errno == EPERM ? PROC_UNKNOWN : PROC_MAPS_NOT;
	while (answer == PROC_MAPS_NOT && getline(&line, &room, file) > 0) {
		uint64_t start, number;

		/* Not the device: file systems that make up several show another one here. */
		if (sscanf(line, "%" SCNx64 "-%*s %*s %*s %*s %" SCNu64, &start, &number) == 2 &&
		    start == at && number == inode)
			answer = PROC_MAPS;
	}
	free(line);
	fclose(file);
	return answer;
}

/* Is it PID-START in a folder that redial-policy makes? */
static bool is_shared_name(const char *path)
{
	const char *name = strrchr(path, '/');
	const char *folder = name ? memrchr(path, '/', (size_t)(name - path)) : NULL;

	return folder && !strncmp(folder, "/redial", 7) &&
	       strspn(name + 1, "0123456789-") == strlen(name + 1) && strchr(name, '-');
}

/* The same file in the process's own view of the file system, which may be another than ours. */
static bool find_in_view(uint32_t pid, const char *path, uint64_t inode, char found[PATH_MAX])
{
	struct stat st;

	if (snprintf(found, PATH_MAX, "/proc/%" PRIu32 "/root%s", pid, path) < PATH_MAX &&
	    stat(found, &st) == 0 && (!inode || st.st_ino == inode))
		return true;
	return snprintf(found, PATH_MAX, "%s", path) < PATH_MAX && stat(found, &st) == 0 &&
	       (!inode || st.st_ino == inode);
}

static bool find_mapped(uint32_t pid, FILE *maps, char path[PATH_MAX])
{
	bool found = false;
	char *line = NULL;
	size_t room = 0;
	ssize_t len;

	while (!found && (len = getline(&line, &room, maps)) > 0) {
		char *name = strchr(line, '/');
		uint64_t inode;

		if (line[len - 1] == '\n')
			line[len - 1] = '\0';
		found = name && is_shared_name(name) &&
			sscanf(line, "%*s %*s %*s %*s %" SCNu64, &inode) == 1 &&
			find_in_view(pid, name, inode, path);
	}
	free(line);
	return found;
}

static bool find_named(uint32_t pid, FILE *environment, char path[PATH_MAX])
{
	static const char key[] = "REDIAL_SHARED=";
	bool found = false;
	char *line = NULL;
	size_t room = 0;

	while (!found && getdelim(&line, &room, '\0', environment) > 0)
		found = !strncmp(line, key, sizeof(key) - 1) && line[sizeof(key) - 1] == '/' &&
			find_in_view(pid, line + sizeof(key) - 1, 0, path);
	free(line);
	return found;
}

int proc_shared_file(uint32_t pid, char path[PATH_MAX])
{
	struct proc proc;
	FILE *maps, *environment;
	bool found = false;
	int error;

	if (!proc_read(pid, &proc))
		return ESRCH;
	maps = open_file(pid, "maps");
	error = maps ? ENOENT : errno;
	if (maps) {
		found = find_mapped(pid, maps, path);
		fclose(maps);
	}
	environment = found ? NULL : open_file(pid, "environ");
	if (environment) {
		found = find_named(pid, environment, path);
		fclose(environment);
	}
	return found ? 0 : error;
}

uint64_t proc_own_space(void)
{
	struct stat st;

	return stat("/proc/self/ns/pid", &st) == 0 ? st.st_ino : 0;
}
