/* SPDX-License-Identifier: MIT */
/*
 * A preload for redial-policy: CHANGING is a file that somebody writes to between a look at it and
 * its end. Before the first read of it, a byte is appended ("grow"), it is cut off ("cut"), or a
 * byte of it is overwritten by the same ("touch"), as HOW says.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int is_ours(int fd, const char *path)
{
	struct stat here, there;

	return path && fstat(fd, &here) == 0 && stat(path, &there) == 0 &&
	       here.st_ino == there.st_ino && here.st_dev == there.st_dev;
}

static void change(const char *path, const char *how)
{
	char byte;
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (pread(fd, &byte, 1, 0) != 1)
		abort();
	if (strcmp(how, "grow") == 0 && pwrite(fd, "\n", 1, lseek(fd, 0, SEEK_END)) != 1)
		abort();
	if (strcmp(how, "cut") == 0 && ftruncate(fd, lseek(fd, 0, SEEK_END) / 2) != 0)
		abort();
	if (strcmp(how, "touch") == 0 && pwrite(fd, &byte, 1, 0) != 1)
		abort();
	close(fd);
}

__attribute__((visibility("default"))) ssize_t read(int fd, void *to, size_t len)
{
	typedef ssize_t read_function(int, void *, size_t);
	static int changed;
	read_function *next = (read_function *)dlsym(RTLD_NEXT, "read");
	const char *path = getenv("CHANGING"), *how = getenv("HOW");

	if (!changed && how && is_ours(fd, path)) {
		changed = 1;
		change(path, how);
	}
	return next(fd, to, len);
}
