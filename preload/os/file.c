/* SPDX-License-Identifier: MIT */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "mem.h"
#include "sys.h"

/* Linux before 4.11, or a sandbox that does not know statx. */
static bool stat_at(const char *path, struct os_file *file)
{
	struct stat found;
	if (sys4(newfstatat, AT_FDCWD, path, &found, 0) < 0)
		return false;
	*file = (struct os_file){.device = found.st_dev,
				 .inode = found.st_ino,
				 .since_s = (uint64_t)found.st_ctim.tv_sec,
				 .since_ns = (uint32_t)found.st_ctim.tv_nsec,
				 .type = found.st_mode & S_IFMT};
	return true;
}

bool os_file_at(const char *path, struct os_file *file)
{
	const unsigned wanted = STATX_TYPE | STATX_INO | STATX_CTIME | STATX_BTIME;
	struct statx found;
	memset(file, 0, sizeof(*file));
	long error = sys6(statx, AT_FDCWD, path, 0, wanted, &found, 0);
	if (error == -ENOSYS || error == -EPERM)
		return stat_at(path, file);
	if (error < 0)
		return false;
	/* File systems like ext4 give a new file the number of the last one that was removed. */
	const struct statx_timestamp *since =
	    found.stx_mask & STATX_BTIME ? &found.stx_btime : &found.stx_ctime;
	*file = (struct os_file){
	    .device = (uint64_t)found.stx_dev_major << 32 | found.stx_dev_minor,
	    .inode = found.stx_ino,
	    .since_s = (uint64_t)since->tv_sec,
	    .since_ns = since->tv_nsec,
	    .type = found.stx_mode & S_IFMT,
	};
	return true;
}

bool os_file_is(const struct os_file *file, const struct os_file *other)
{
	return file->type && memcmp(file, other, sizeof(*file)) == 0;
}
