/* SPDX-License-Identifier: MIT */
#include "file.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *root;

void file_root(const char *folder)
{
	root = folder;
}

bool file_has_root(void)
{
	return root;
}

static char *read_all(int fd, size_t size)
{
	char *data = malloc(size + 1);
	size_t len = 0;

	while (data && len < size) {
		ssize_t n = read(fd, data + len, size - len);

		if (n <= 0) {
			free(data);
			return NULL;
		}
		len += (size_t)n;
	}
	return data;
}

char *file_read(const char *path, size_t *len)
{
	char name[PATH_MAX];
	struct stat st;
	char *data = NULL;
	int fd;

	if (strstr(path, ".."))
		return NULL;
	snprintf(name, sizeof name, "%s%.*s", root, (int)strcspn(path, "?"), path);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode)) {
		*len = (size_t)st.st_size;
		data = read_all(fd, *len);
	}
	close(fd);
	return data;
}
