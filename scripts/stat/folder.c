/* SPDX-License-Identifier: MIT */
#include "folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../policy/told_file.h"

/* More are not looked at. */
enum { FILES_MAX = 4096 };

struct told {
	struct told_head head;
	struct state state; /* 0 from TOLD_STATE_LEN on */
};

/* *other: it is one of another version. */
static bool read_told(int folder, const char *name, struct told *told, bool *other)
{
	int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat file;
	ssize_t head = -1, state = -1;

	*other = false;
	if (fd < 0)
		return false;
	if (fstat(fd, &file) == 0 && S_ISREG(file.st_mode)) {
		head = pread(fd, &told->head, sizeof(told->head), 0);
		state = pread(fd, &told->state, TOLD_STATE_LEN, sizeof(told->head));
	}
	close(fd);
	if (head != sizeof(told->head) ||
	    memcmp(told->head.magic, TOLD_MAGIC, sizeof(told->head.magic)))
		return false;
	*other = told->head.version != STATE_VERSION;
	told->head.program[TOLD_PROGRAM_MAX - 1] = '\0';
	return !*other && told->head.size == sizeof(told->head) + TOLD_STATE_LEN &&
	       state == (ssize_t)TOLD_STATE_LEN && state_ok(&told->state.head);
}

static void take(struct launches *found, int folder, const char *parent, const char *name)
{
	static struct launch launch;
	static struct told told;
	char path[PATH_MAX];
	bool other;

	if (strncmp(name, TOLD_PREFIX, strlen(TOLD_PREFIX)) != 0)
		return;
	if (snprintf(path, sizeof(path), "%s/%s", parent, name) >= (int)sizeof(path))
		return;
	if (read_told(folder, name, &told, &other))
		launches_take(found, &launch,
			      launch_read_told(&launch, path, &told.head, &told.state));
	found->others += other;
}

int folder_find(struct launches *found, const char *folder)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;

	if (!dir)
		return errno;
	for (int i = 0; i < FILES_MAX && (entry = readdir(dir)); i++)
		take(found, dirfd(dir), folder, entry->d_name);
	closedir(dir);
	launches_sort(found);
	return 0;
}
