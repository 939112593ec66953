/* SPDX-License-Identifier: MIT */
/*
 * redial-policy share: the memory that all processes of a launch share, and the file that tells
 * them where it is, for the launcher. The file lies in a private folder, in memory if there is such
 * a place, and is named after the launch's root, the process that will exec the command. What
 * earlier launches left is swept up.
 */
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

#include "share_memory.h"
#include "share_root.h"
#include "share_sweep.h"
#include "state_file.h"

/* Where the first folder failed, for the user. */
static char trouble[PATH_MAX + 100];

static void note(const char *path, const char *why)
{
	if (!trouble[0])
		snprintf(trouble, sizeof(trouble), "%s: %s", path, why);
}

/* Is it a launch's file, whose memory is there? root: and of this launch. */
static bool join_fd(int fd, const struct root *root)
{
	struct state_head head;
	struct stat st;

	return fstat(fd, &st) == 0 && state_file_fits(&st, geteuid()) &&
	       pread(fd, &head, sizeof(head), 0) == sizeof(head) && state_ok(&head) &&
	       memory_holds(&head) &&
	       (!root || (head.root_pid == root->pid && head.root_start == root->start &&
			  head.root_space == root->pids));
}

/* Where a reload finds the policy. */
static void note_policy(const struct state_head *head, const char *policy)
{
	struct state *state = policy ? memory_attach(head->id, head->nonce) : NULL;

	if (!state)
		return;
	snprintf(state->board.path, sizeof(state->board.path), "%s", policy);
	shmdt(state);
}

static bool join(int dir_fd, const char *name, const struct root *root)
{
	int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	bool joined = fd >= 0 && join_fd(fd, root);

	if (fd >= 0)
		close(fd);
	return joined;
}

/* Makes the memory, and writes where it is. Returns 0 or -errno. */
static int fill(int fd, const struct root *root)
{
	struct state_head head = {.root_pid = root->pid,
				  .root_start = root->start,
				  .root_space = root->pids,
				  .space = root->space};
	ssize_t written;
	int err = fchmod(fd, 0600) < 0 ? -errno : memory_make(&head);

	if (err)
		return err;
	written = write(fd, &head, sizeof(head));
	err = written < 0 ? -errno : written == sizeof(head) ? 0 : -ENOSPC;
	if (err)
		memory_drop(head.id);
	else
		note_policy(&head, root->policy);
	return err;
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
	sweep_folder(dir_fd, root);
	err = make(dir_fd, root);
	close(dir_fd);
	if (err) {
		note(path, strerror(-err));
		return false;
	}
	snprintf(path + len, size - len, "/%s", root->name);
	return true;
}

/* Would what we make be there no more once we have ended? proc_sys_kernel(5). */
static bool goes_with_its_maker(void)
{
	FILE *file = fopen("/proc/sys/kernel/shm_rmid_forced", "re");
	bool goes = file && fgetc(file) == '1';

	if (file)
		fclose(file);
	return goes;
}

/* In the first folder that will do. */
static bool share(const struct root *root, char *path, size_t size)
{
	sweep_memory(root);
	/* Not redial-UID in /tmp: that is the policies', which other users may read. */
	return share_in(root, path, size, "/dev/shm", "redial-%u") ||
	       share_in(root, path, size, getenv("XDG_RUNTIME_DIR"), "redial") ||
	       share_in(root, path, size, getenv("TMPDIR"), "redial-shared-%u") ||
	       share_in(root, path, size, "/tmp", "redial-shared-%u");
}

int tool_share(int argc, char **argv)
{
	const char *known = getenv("REDIAL_SHARED");
	struct root root;
	char path[PATH_MAX];

	if (argc < 2 || argc > 3 || !root_find(&root, argv[1]))
		return tool_usage("share takes one PID, and perhaps a policy's path");
	root.policy = argv[2];
	if (known && known[0] == '/' && join(AT_FDCWD, known, NULL)) {
		puts(known);
		return TOOL_OK;
	}
	if (!root.start)
		note("/proc", "cannot tell when that process began");
	else if (goes_with_its_maker())
		note("/proc/sys/kernel/shm_rmid_forced",
		     "memory goes with the process that made it");
	else if (share(&root, path, sizeof(path))) {
		puts(path);
		return TOOL_OK;
	}
	fprintf(stderr,
		"redial-policy: warning: the processes of this launch share no budget: %s\n",
		trouble);
	return TOOL_NOT_WRITTEN;
}
