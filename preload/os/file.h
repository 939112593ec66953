/* SPDX-License-Identifier: MIT */
/* Which file a path names. */
#ifndef REDIAL_OS_FILE_H
#define REDIAL_OS_FILE_H

#include <stdbool.h>
#include <stdint.h>

/* What no other file has, not even one that is given the number of one that is gone. */
struct os_file {
	uint64_t device;
	uint64_t inode;
	uint64_t since_s; /* when it was made or, where that is not known, changed last */
	uint32_t since_ns;
	uint32_t type; /* as in st_mode; 0: there is none */
};

/*
 * The file that connect(2) would find by this path. Returns false, and *file is all zero, if there
 * is none. path need not be readable: the kernel finds out.
 */
bool os_file_at(const char *path, struct os_file *file);

bool os_file_is(const struct os_file *file, const struct os_file *other);

#endif
