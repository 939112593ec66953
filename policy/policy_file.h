/* SPDX-License-Identifier: MIT */
/* What a policy file must be, text or compiled, whatever is in it. */
#ifndef REDIAL_POLICY_FILE_H
#define REDIAL_POLICY_FILE_H

#include <stddef.h>
#include <sys/stat.h>

/* What keeps a file from being a process's policy; NULL: nothing. user() is geteuid. */
static inline const char *policy_file_unfit(const struct stat *file, long user(void))
{
	if (S_ISDIR(file->st_mode))
		return "is a directory, not a policy file";
	if (!S_ISREG(file->st_mode))
		return "is not a regular file";
	if ((file->st_mode & S_IWOTH) && user() == 0)
		return "is writable by everyone and this process runs as root: chmod o-w it";
	if (file->st_size == 0)
		return "is empty: remove it to get the built-in policy, or name at least one key";
	return NULL;
}

#endif
