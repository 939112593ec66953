/* SPDX-License-Identifier: MIT */
#include "share_sweep.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "share_memory.h"
#include "state_file.h"

enum {
	UNUSED_S = 60,			/* how long what has no root lies untouched */
	UNUSED_ELSEWHERE_S = 24 * 3600, /* the same of a root whose life cannot be looked up */
	CROWD = 256,			/* more launches than these may not wait for so long */
	SWEEP_MAX = 1024,		/* files that one sweep looks at */
	SEGMENTS_MAX = 4096,		/* and segments: what a machine has, proc_sys_kernel(5) */
};

static bool is_over(int64_t last_s, int64_t limit_s)
{
	int64_t now_s = time(NULL);

	/* Later than now: the clock was set back. */
	return now_s > last_s ? now_s - last_s > limit_s : last_s - now_s > limit_s;
}

/* An idle segment: has nobody come to it for so long that nobody will? */
static bool is_unused(int id, int64_t last_s, bool crowded, const struct root *ours)
{
	static struct state state;

	if (!crowded && !is_over(last_s, UNUSED_S))
		return false;
	if (!memory_read(id, geteuid(), &state) || root_lives(&state.head, ours))
		return false;
	/* In a container that shares our memory another process has that number, or none. */
	return state.head.root_space == ours->pids || is_over(last_s, UNUSED_ELSEWHERE_S);
}

void sweep_memory(const struct root *ours)
{
	static int ids[SEGMENTS_MAX];
	static int64_t last_s[SEGMENTS_MAX];
	int count = memory_list(geteuid(), ids, SEGMENTS_MAX), idle = 0;
	uint32_t key;

	for (int i = 0; i < count; i++) {
		if (memory_look(ids[i], geteuid(), &last_s[idle], &key) == MEMORY_IDLE)
			ids[idle++] = ids[i];
	}
	for (int i = 0; i < idle; i++)
		if (is_unused(ids[i], last_s[i], idle > CROWD, ours))
			memory_drop(ids[i]);
}

/* false if it is not ours to remove. *head is zero where the file is shorter. */
static bool read_head(int dir_fd, const char *name, struct stat *st, struct state_head *head)
{
	int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	bool ours;

	if (fd < 0)
		return false;
	memset(head, 0, sizeof(*head));
	ours = fstat(fd, st) == 0 && S_ISREG(st->st_mode) && st->st_uid == geteuid() &&
	       pread(fd, head, sizeof(*head), 0) >= 0;
	close(fd);
	return ours;
}

static bool is_left_over(int dir_fd, const char *name, const struct root *ours)
{
	struct state_head head;
	struct stat st;
	int64_t last_s;
	uint32_t key;

	if (!read_head(dir_fd, name, &st, &head))
		return false;
	if (memcmp(head.magic, STATE_MAGIC, sizeof(head.magic)) != 0)
		return is_over(st.st_mtime, UNUSED_S);
	/* Of another container, or another version of redial. */
	if (!state_ok(&head) || head.space != ours->space)
		return is_over(st.st_mtime, UNUSED_ELSEWHERE_S);
	return memory_look(head.id, geteuid(), &last_s, &key) == MEMORY_GONE || key != head.key;
}

/* Is the name one that we give, and the root that it tells of gone? */
static bool is_orphan(const char *name, const struct root *ours)
{
	uint64_t start;
	uint32_t pid;

	return root_parse(name, &pid, &start) && strcmp(name, ours->name) != 0 &&
	       root_start_of(pid) != start;
}

void sweep_folder(int dir_fd, const struct root *ours)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return;
	}
	for (int i = 0; i < SWEEP_MAX && (entry = readdir(dir)); i++)
		if (is_orphan(entry->d_name, ours) && is_left_over(dir_fd, entry->d_name, ours))
			unlinkat(dir_fd, entry->d_name, 0);
	closedir(dir);
}
