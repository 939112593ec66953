/* SPDX-License-Identifier: MIT */
/* --root: files below a folder, in the place of the answers that faultd makes up. */
#ifndef FAULTD_FILE_H
#define FAULTD_FILE_H

#include <stdbool.h>
#include <stddef.h>

/* From now on paths are files below this folder. */
void file_root(const char *folder);
bool file_has_root(void);

/* The content of the file that a path names, less its query; free() it. NULL: there is none. */
char *file_read(const char *path, size_t *len);

#endif
