/* SPDX-License-Identifier: MIT */
#include "share_root.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

uint64_t root_start_of(uint32_t pid)
{
	char path[40], text[1024];
	uint64_t start = 0;
	const char *at;
	FILE *file;
	size_t len;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	len = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[len] = '\0';
	/* The name, field 2, may hold spaces and parentheses. */
	at = strrchr(text, ')');
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	if (at)
		start = strtoull(at, NULL, 10);
	return start;
}

static uint64_t inode_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? st.st_ino : 0;
}

bool root_find(struct root *root, const char *text)
{
	char *end;
	unsigned long pid = strtoul(text, &end, 10);

	if (*end || pid < 1 || pid > INT_MAX)
		return false;
	root->policy = NULL;
	root->pid = pid;
	root->start = root_start_of(pid);
	root->pids = inode_of("/proc/self/ns/pid");
	root->space = inode_of("/proc/self/ns/ipc");
	snprintf(root->name, sizeof(root->name), "%" PRIu32 "-%" PRIu64, root->pid, root->start);
	return true;
}

bool root_parse(const char *name, uint32_t *pid, uint64_t *start)
{
	int len = 0;

	return strspn(name, "0123456789-") == strlen(name) &&
	       sscanf(name, "%" SCNu32 "-%" SCNu64 "%n", pid, start, &len) == 2 && !name[len];
}

bool root_lives(const struct state_head *head, const struct root *ours)
{
	return head->root_space == ours->pids && root_start_of(head->root_pid) == head->root_start;
}
