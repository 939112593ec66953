/* SPDX-License-Identifier: MIT */
/*
 * redial-policy share: the file that all processes of a launch map, for the launcher. It lies in a
 * private folder, in memory if there is such a place, and is named after the launch's root, the
 * process that will exec the command: PID-START, the start being what tells a PID's users apart.
 * No process of a launch knows that it is the last one, so the next launches sweep up.
 */
#include "tool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "state_file.h"

enum {
	UNUSED_S = 60,			/* how long a file without a root lies untouched */
	UNUSED_ELSEWHERE_S = 24 * 3600, /* the same of a root whose life cannot be looked up */
	SWEEP_MAX = 1024,		/* entries that one sweep looks at */
};

struct root {
	uint32_t pid;
	uint64_t start;
	uint64_t space; /* the inode of our PID namespace; 0 if not known */
	char name[40];
};

/* Where the first folder failed, for the user. */
static char trouble[PATH_MAX + 100];

static void note(const char *path, const char *why)
{
	if (!trouble[0])
		snprintf(trouble, sizeof(trouble), "%s: %s", path, why);
}

static uint64_t seconds(clockid_t clock)
{
	struct timespec now = {0};

	clock_gettime(clock, &now);
	return now.tv_sec;
}

/* When the process started, in ticks since boot: proc(5), /proc/PID/stat, field 22. 0: no such. */
static uint64_t start_of(uint32_t pid)
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

static bool find_root(const char *text, struct root *root)
{
	struct stat st;
	char *end;
	unsigned long pid = strtoul(text, &end, 10);

	if (*end || pid < 1 || pid > INT_MAX)
		return false;
	root->pid = pid;
	root->start = start_of(pid);
	root->space = stat("/proc/self/ns/pid", &st) == 0 ? st.st_ino : 0;
	snprintf(root->name, sizeof(root->name), "%" PRIu32 "-%" PRIu64, root->pid, root->start);
	return true;
}

/* Is it a file that processes can map? If so it counts as used now; root: and of this launch. */
static bool join_fd(int fd, const struct root *root)
{
	struct state *state;
	struct stat st;
	bool fits;

	if (fstat(fd, &st) < 0 || !state_file_fits(&st, geteuid()))
		return false;
	state = mmap(NULL, sizeof(*state), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (state == MAP_FAILED)
		return false;
	fits = state_ok(state) &&
	       (!root || (state->root_pid == root->pid && state->root_start == root->start &&
			  state->root_space == root->space));
	if (fits)
		state->last_used_s = seconds(CLOCK_REALTIME);
	munmap(state, sizeof(*state));
	return fits;
}

static bool join(int dir_fd, const char *name, const struct root *root)
{
	int fd = openat(dir_fd, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	bool joined = fd >= 0 && join_fd(fd, root);

	if (fd >= 0)
		close(fd);
	return joined;
}

/* Allocates all of it: a process that touches a hole when the disk is full gets SIGBUS. */
static int fill(int fd, const struct root *root)
{
	static struct state state;
	struct timespec now;
	ssize_t written;

	clock_gettime(CLOCK_MONOTONIC, &now);
	state_init(&state, now.tv_sec * UINT64_C(1000) + now.tv_nsec / 1000000);
	state.root_pid = root->pid;
	state.root_start = root->start;
	state.root_space = root->space;
	state.last_used_s = seconds(CLOCK_REALTIME);
	if (fchmod(fd, 0600) < 0)
		return -errno;
	if (fallocate(fd, 0, 0, sizeof(state)) < 0 && errno != EOPNOTSUPP && errno != ENOSYS)
		return -errno;
	written = write(fd, &state, sizeof(state));
	if (written < 0)
		return -errno;
	return written == sizeof(state) ? 0 : -ENOSPC;
}

/* Makes the launch's file, if a launcher that this one was exec'ed by has not. 0 or -errno. */
static int make(int dir_fd, const struct root *root)
{
	int fd, err;

	if (join(dir_fd, root->name, root))
		return 0;
	unlinkat(dir_fd, root->name, 0);
	fd = openat(dir_fd, root->name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	err = fill(fd, root);
	if (!err && !join_fd(fd, root))
		err = -EIO;
	close(fd);
	if (err)
		unlinkat(dir_fd, root->name, 0);
	return err;
}

/* Is the name one that we give, and the root that it tells of gone? */
static bool is_orphan(const char *name, const struct root *ours)
{
	uint64_t start;
	uint32_t pid;
	int len = 0;

	if (strspn(name, "0123456789-") != strlen(name) ||
	    sscanf(name, "%" SCNu32 "-%" SCNu64 "%n", &pid, &start, &len) != 2 || name[len])
		return false;
	return strcmp(name, ours->name) != 0 && start_of(pid) != start;
}

/* Is a process that counts in it alive? One that began later than that has another's number. */
static bool is_in_use(const struct state *state)
{
	enum { SLACK_MS = 1000 };
	uint64_t a_second = sysconf(_SC_CLK_TCK);

	for (int i = 0; i < PROCESS_ENTRIES; i++) {
		uint32_t pid = process_pid(&state->processes[i]);
		uint64_t start = pid ? start_of(pid) : 0;

		if (start && start * 1000 / a_second <= state->processes[i].since_ms + SLACK_MS)
			return true;
	}
	return false;
}

/* Has nobody come to it for so long that nobody will? */
static bool is_unused(int dir_fd, const char *name, const struct root *ours)
{
	static struct state state;
	uint64_t now_s = seconds(CLOCK_REALTIME), last_s;
	int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;
	bool whole;

	if (fd < 0)
		return false;
	whole = pread(fd, &state, sizeof(state), 0) == sizeof(state) && state_ok(&state);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid()) {
		close(fd);
		return false;
	}
	close(fd);
	last_s = whole ? state.last_used_s : (uint64_t)st.st_mtime;
	/* In a container that shares the folder, another process has that number, or none. */
	if (whole && state.root_space != ours->space)
		return now_s > last_s && now_s - last_s > UNUSED_ELSEWHERE_S;
	if (whole && is_in_use(&state))
		return false;
	/* Later than now: the clock was set back. */
	return now_s > last_s ? now_s - last_s > UNUSED_S : last_s - now_s > UNUSED_S;
}

static void sweep(int dir_fd, const struct root *ours)
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
		if (is_orphan(entry->d_name, ours) && is_unused(dir_fd, entry->d_name, ours))
			unlinkat(dir_fd, entry->d_name, 0);
	closedir(dir);
}

/* What another user owns or may write to could be taken from under us. */
static int open_folder(const char *path)
{
	struct stat st;
	int fd;

	if (mkdir(path, 0700) < 0 && errno != EEXIST) {
		note(path, strerror(errno));
		return -1;
	}
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		note(path, errno == ENOTDIR || errno == ELOOP ? "is not a folder, remove it"
							      : strerror(errno));
		return -1;
	}
	if (fstat(fd, &st) == 0 && st.st_uid == geteuid() && !(st.st_mode & 022))
		return fd;
	note(path, "others may write to this folder, remove it");
	close(fd);
	return -1;
}

/* Leaves the path of the launch's file, in the folder that the format names, in `path`. */
static bool share_in(const struct root *root, char *path, size_t size, const char *parent,
		     const char *format)
{
	int len, dir_fd, err;

	if (!parent || parent[0] != '/')
		return false;
	len = snprintf(path, size, "%s/", parent);
	if (len + 100u > size)
		return false;
	len += snprintf(path + len, size - len, format, geteuid());
	dir_fd = open_folder(path);
	if (dir_fd < 0)
		return false;
	sweep(dir_fd, root);
	err = make(dir_fd, root);
	close(dir_fd);
	if (err) {
		note(path, strerror(-err));
		return false;
	}
	snprintf(path + len, size - len, "/%s", root->name);
	return true;
}

int tool_share(int argc, char **argv)
{
	const char *known = getenv("REDIAL_SHARED");
	struct root root;
	char path[PATH_MAX];

	if (argc != 2 || !find_root(argv[1], &root))
		return tool_usage("share takes one PID");
	if (known && known[0] == '/' && join(AT_FDCWD, known, NULL)) {
		puts(known);
		return TOOL_OK;
	}
	if (!root.start)
		note("/proc", "cannot tell when that process began");
	/* Not redial-UID in /tmp: that is the policies', which other users may read. */
	else if (share_in(&root, path, sizeof(path), "/dev/shm", "redial-%u") ||
		 share_in(&root, path, sizeof(path), getenv("XDG_RUNTIME_DIR"), "redial") ||
		 share_in(&root, path, sizeof(path), getenv("TMPDIR"), "redial-shared-%u") ||
		 share_in(&root, path, sizeof(path), "/tmp", "redial-shared-%u")) {
		puts(path);
		return TOOL_OK;
	}
	fprintf(stderr, "redial-policy: warning: the processes of this launch share no budget: %s\n", trouble);
	return TOOL_NOT_WRITTEN;
}
