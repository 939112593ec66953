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

/* The next mapping of System V memory: svipc(7), proc(5). Its inode is the id of the segment. */
static bool next_memory(FILE *maps, uint64_t *at, int *id)
{
	bool found = false;
	char *line = NULL;
	size_t room = 0;

	while (!found && getline(&line, &room, maps) > 0) {
		char name[8];
		uint64_t number;

		found = sscanf(line, "%" SCNx64 "-%*s %*s %*s %*s %" SCNu64 " %7s", at, &number,
			       name) == 3 &&
			strncmp(name, "/SYSV", 5) == 0 && number <= INT_MAX;
		*id = (int)number;
	}
	free(line);
	return found;
}

enum proc_maps proc_maps_at(uint32_t pid, int id, uint64_t at)
{
	FILE *maps = open_file(pid, "maps");
	enum proc_maps answer = PROC_MAPS_NOT;
	uint64_t start;
	int number;

	if (!maps)
		return errno == EACCES || errno == EPERM ? PROC_UNKNOWN : PROC_MAPS_NOT;
	while (answer == PROC_MAPS_NOT && next_memory(maps, &start, &number))
		if (start == at && number == id)
			answer = PROC_MAPS;
	fclose(maps);
	return answer;
}

int proc_memory(uint32_t pid, int *ids, uint64_t *at, int max)
{
	struct proc proc;
	FILE *maps;
	int count = 0;

	if (!proc_read(pid, &proc))
		return -ESRCH;
	maps = open_file(pid, "maps");
	if (!maps)
		return -errno;
	while (count < max && next_memory(maps, &at[count], &ids[count]))
		count++;
	fclose(maps);
	return count;
}

bool proc_copy(uint32_t pid, uint64_t at, void *to, size_t len)
{
	FILE *file = open_file(pid, "mem");
	ssize_t got = file ? pread(fileno(file), to, len, (off_t)at) : -1;

	if (file)
		fclose(file);
	return got == (ssize_t)len;
}

static uint64_t inode_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? st.st_ino : 0;
}

uint64_t proc_own_space(void)
{
	return inode_of("/proc/self/ns/pid");
}

uint64_t proc_own_ids(void)
{
	return inode_of("/proc/self/ns/ipc");
}

bool proc_shares_ids(uint32_t pid)
{
	char path[FILE_MAX];
	uint64_t theirs;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/ns/ipc", pid);
	theirs = inode_of(path);
	return !theirs || theirs == proc_own_ids();
}

/* The same file in the process's own view of the file system, which may be another than ours. */
static bool find_in_view(uint32_t pid, const char *path, char found[PATH_MAX])
{
	struct stat st;

	if (snprintf(found, PATH_MAX, "/proc/%" PRIu32 "/root%s", pid, path) < PATH_MAX &&
	    stat(found, &st) == 0)
		return true;
	return snprintf(found, PATH_MAX, "%s", path) < PATH_MAX && stat(found, &st) == 0;
}

bool proc_named_file(uint32_t pid, char path[PATH_MAX])
{
	static const char key[] = "REDIAL_SHARED=";
	FILE *environment = open_file(pid, "environ");
	bool found = false;
	char *line = NULL;
	size_t room = 0;

	while (environment && !found && getdelim(&line, &room, '\0', environment) > 0)
		found = !strncmp(line, key, sizeof(key) - 1) && line[sizeof(key) - 1] == '/' &&
			find_in_view(pid, line + sizeof(key) - 1, path);
	free(line);
	if (environment)
		fclose(environment);
	return found;
}
