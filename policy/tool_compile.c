/* SPDX-License-Identifier: MIT */
/* Compiled policies: to a file that the user names, and to a private folder for the launcher. */
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiled.h"

static int write_whole(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			data += n;
			len -= n;
		}
	}
	return fsync(fd) < 0 ? -errno : 0;
}

static int write_temporary(int dir_fd, const char *name, const struct compiled *file)
{
	int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	int err;

	if (fd < 0)
		return -errno;
	err = fchmod(fd, 0644) < 0 ? -errno : 0;
	if (!err)
		err = write_whole(fd, (const char *)file, file->size);
	if (close(fd) < 0 && !err)
		err = -errno;
	if (err)
		unlinkat(dir_fd, name, 0);
	return err;
}

int tool_write(int dir_fd, const char *name, const struct policy *policy)
{
	struct compiled file;
	char temporary[PATH_MAX];
	unsigned salt = 0; /* not the pid: in a container it comes again after a crash */
	int err;

	compiled_make(&file, policy);
	if (getrandom(&salt, sizeof(salt), GRND_NONBLOCK) < 0)
		salt = getpid();
	if (snprintf(temporary, sizeof(temporary), "%s.%08x", name, salt) >= (int)sizeof(temporary))
		return -ENAMETOOLONG;
	err = write_temporary(dir_fd, temporary, &file);
	if (!err && renameat(dir_fd, temporary, dir_fd, name) < 0) {
		err = -errno;
		unlinkat(dir_fd, temporary, 0);
	}
	return err;
}

int tool_compile(int argc, char **argv)
{
	static const struct option none[] = {{0}};
	struct policy policy;
	const char *out = NULL;
	bool compiled;
	struct stat st;
	int err;

	opterr = 0;
	for (int c; (c = getopt_long(argc, argv, "o:", none, NULL)) != -1;) {
		if (c != 'o')
			return tool_usage("compile: %s is not right here", argv[optind - 1]);
		out = optarg;
	}
	if (argc - optind != 1 || !out)
		return tool_usage("compile takes one FILE and -o OUT");
	if (tool_load(argv[optind], &policy, &compiled))
		return TOOL_BAD_POLICY;
	/* A rename would put a file in the place of /dev/stdout. */
	if (lstat(out, &st) == 0 && !S_ISREG(st.st_mode)) {
		fprintf(stderr, "redial-policy: %s: exists and is not a regular file\n", out);
		return TOOL_NOT_WRITTEN;
	}
	err = tool_write(AT_FDCWD, out, &policy);
	if (!err)
		return TOOL_OK;
	fprintf(stderr, "redial-policy: %s: cannot be written: %s\n", out, strerror(-err));
	return TOOL_NOT_WRITTEN;
}

/*
 * In a folder that another user owns or may write to, what we read could be theirs. All may read:
 * a program that root starts may become another user before it starts the next one.
 */
static int open_private(const char *path)
{
	struct stat st;
	int fd;

	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return -1;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && st.st_uid == geteuid() && !(st.st_mode & 022))
		return fd;
	close(fd);
	return -1;
}

/* Is it there already, every byte of it? Most often: then the folder need not be written to. */
static bool is_there(int dir_fd, const char *name, const struct compiled *file)
{
	struct compiled found;
	int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	bool same;

	if (fd < 0)
		return false;
	same = read(fd, &found, sizeof(found)) == (ssize_t)file->size &&
	       memcmp(&found, file, file->size) == 0;
	close(fd);
	return same;
}

/* Leaves the path of the compiled policy in `path`. */
static bool cache_in(const char *parent, const struct policy *policy, char *path, size_t size)
{
	struct compiled file;
	char name[32];
	int len, dir_fd;
	bool done;

	if (!parent || parent[0] != '/')
		return false;
	len = snprintf(path, size, "%s/redial-%u", parent, geteuid());
	if (len + sizeof(name) + 1 > size)
		return false;
	dir_fd = open_private(path);
	if (dir_fd < 0)
		return false;
	compiled_make(&file, policy);
	snprintf(name, sizeof(name), "%016llx", (unsigned long long)file.checksum);
	done = is_there(dir_fd, name, &file) || tool_write(dir_fd, name, policy) == 0;
	close(dir_fd);
	snprintf(path + len, size - len, "/%s", name);
	return done;
}

int tool_cache(int argc, char **argv)
{
	struct policy policy;
	char path[PATH_MAX];
	bool compiled;

	if (argc != 2)
		return tool_usage("cache takes one FILE");
	if (tool_load(argv[1], &policy, &compiled))
		return TOOL_BAD_POLICY;
	if (compiled || (!cache_in(getenv("XDG_RUNTIME_DIR"), &policy, path, sizeof(path)) &&
			 !cache_in(getenv("TMPDIR"), &policy, path, sizeof(path)) &&
			 !cache_in("/tmp", &policy, path, sizeof(path)))) {
		if (!realpath(argv[1], path)) {
			fprintf(stderr, "redial-policy: %s: %s\n", argv[1], strerror(errno));
			return TOOL_BAD_POLICY;
		}
	}
	puts(path);
	return TOOL_OK;
}
