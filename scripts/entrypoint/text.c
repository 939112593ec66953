/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <unistd.h>

#include "../../preload/os/mem.h"
#include "../../preload/os/sys.h"
#include "entrypoint.h"

long write_text(int fd, const char *text)
{
	size_t len = text_len(text, SIZE_MAX);
	while (len) {
		long n = sys3(write, fd, text, len);
		if (n < 0 && n != -EINTR)
			return n;
		if (n > 0) {
			text += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

bool join_all(char *to, const char *const *texts)
{
	size_t at = 0;
	for (; *texts; texts++) {
		size_t len = text_len(*texts, PATH_ROOM);
		if (len >= PATH_ROOM - at)
			return false;
		memcpy(to + at, *texts, len);
		at += len;
	}
	to[at] = '\0';
	return true;
}

void complain_all(const char *const *texts)
{
	char line[2 * PATH_ROOM];
	size_t at = 0;
	const char *part = OWN_NAME ": ";
	while (part) {
		size_t len = text_len(part, sizeof(line) - 2 - at);
		memcpy(line + at, part, len);
		at += len;
		part = *texts++;
	}
	line[at] = '\n';
	line[at + 1] = '\0';
	write_text(STDERR_FILENO, line);
}

const char *error_text(long error)
{
	switch (-error) {
	case ENOENT:
		return "no such file or directory";
	case EACCES:
		return "permission denied";
	case EPERM:
		return "operation not permitted";
	case ENOSPC:
		return "no space left on device";
	case EDQUOT:
		return "disk quota exceeded";
	case EROFS:
		return "read-only file system";
	case ENOTDIR:
		return "not a directory";
	case EISDIR:
		return "is a directory";
	case ELOOP:
		return "too many symbolic links";
	case ENAMETOOLONG:
		return "name is too long";
	case ENOMEM:
		return "out of memory";
	case E2BIG:
		return "arguments and environment are too long";
	case ENOEXEC:
		return "not a program of this machine";
	case ETXTBSY:
		return "is being written to";
	case EIO:
		return "input/output error";
	case EMFILE:
	case ENFILE:
		return "too many open files";
	case EBADF:
		return "is closed";
	default:
		return "the kernel refuses";
	}
}

bool make_absolute(char *to, const char *path)
{
	char here[PATH_ROOM];
	if (*path == '/')
		return join(to, path);
	long len = sys2(getcwd, here, sizeof(here));
	/* Of a folder that cannot be reached from the root, the kernel tells no path. */
	if (len <= 0 || here[0] != '/')
		return false;
	return join(to, here, here[1] ? "/" : "", path);
}
