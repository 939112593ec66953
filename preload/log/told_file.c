/* SPDX-License-Identifier: MIT */
#include "told_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>

#include "../os/mem.h"
#include "../os/sys.h"

enum { LOOKS = 32, OLD_S = 24 * 3600 };

static char *put_hex(char *at, uint64_t number)
{
	for (int shift = 60; shift >= 0; shift -= 4)
		*at++ = "0123456789abcdef"[number >> shift & 15];
	return at;
}

static char *put_number(char *at, uint32_t number)
{
	char digits[10];
	int count = 0;
	do
		digits[count++] = (char)('0' + number % 10);
	while (number /= 10);
	while (count)
		*at++ = digits[--count];
	return at;
}

void told_name(struct told_names *names, uint64_t nonce, uint32_t uid, uint32_t tid)
{
	static const char prefix[] = TOLD_PREFIX;
	char *at = names->known + sizeof(prefix) - 1;
	memcpy(names->known, prefix, sizeof(prefix) - 1);
	at = put_hex(at, nonce);
	*at++ = '-';
	at = put_number(at, uid);
	*at = '\0';
	size_t len = (size_t)(at - names->known);
	names->fresh[0] = '.';
	memcpy(names->fresh + 1, names->known, len);
	at = names->fresh + 1 + len;
	*at++ = '-';
	*put_number(at, tid) = '\0';
}

/* A write beyond the limit raises SIGXFSZ: setrlimit(2). */
static bool may_write(size_t len)
{
	struct rlimit limit;
	return sys2(getrlimit, RLIMIT_FSIZE, &limit) == 0 &&
	       (limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= len);
}

int told_write(int folder, const char *name, const struct told_head *head,
	       const struct state *state)
{
	const struct iovec pieces[] = {{(void *)head, sizeof(*head)},
				       {(void *)state, TOLD_STATE_LEN}};
	if (!may_write(head->size))
		return -EFBIG;
	int fd = (int)sys4(openat, folder, name,
			   O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0644);
	if (fd < 0)
		return fd;
	long written = sys3(writev, fd, pieces, 2);
	sys1(close, fd);
	if (written == head->size)
		return 0;
	sys3(unlinkat, folder, name, 0);
	return written < 0 ? (int)written : -ENOSPC;
}

int told_rename(int folder, const struct told_names *names)
{
	int error = (int)sys4(renameat, folder, names->fresh, folder, names->known);
	if (error)
		sys3(unlinkat, folder, names->fresh, 0);
	return error;
}

/* As the kernel writes them: getdents(2). */
struct entry {
	uint64_t inode;
	int64_t next;
	uint16_t len;
	uint8_t type;
	char name[];
};

static bool is_left(int folder, const char *name, int64_t now_s)
{
	struct stat file;
	if (!text_after(name + (*name == '.'), TOLD_PREFIX))
		return false;
	return sys4(newfstatat, folder, name, &file, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(file.st_mode) && file.st_uid == (uid_t)sys0(geteuid) &&
	       file.st_mtim.tv_sec + OLD_S < now_s;
}

void told_sweep(int folder)
{
	char entries[2048] __attribute__((aligned(8)));
	struct timespec now = {0};
	int fd = (int)sys4(openat, folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	long len = fd < 0 ? 0 : sys3(getdents64, fd, entries, sizeof(entries));
	sys2(clock_gettime, CLOCK_REALTIME, &now);
	for (long at = 0, i = 0; at < len && i < LOOKS; i++) {
		const struct entry *entry = (const void *)(entries + at);
		if (is_left(folder, entry->name, now.tv_sec))
			sys3(unlinkat, folder, entry->name, 0);
		at += entry->len;
	}
	if (fd >= 0)
		sys1(close, fd);
}
