/* SPDX-License-Identifier: MIT */
#include "find.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static enum find look_at(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return errno == EACCES ? FIND_REFUSED : FIND_MISSING;
	return S_ISREG(st.st_mode) && access(path, X_OK) == 0 ? FIND_FOUND : FIND_REFUSED;
}

enum find find_program(const char *name, char path[PATH_MAX])
{
	const char *folders = getenv("PATH");
	char refused[PATH_MAX] = "";

	snprintf(path, PATH_MAX, "%s", name);
	if (strchr(name, '/') || !*name)
		return *name ? look_at(path) : FIND_MISSING;
	if (!folders)
		folders = "/usr/local/bin:/bin:/usr/bin";
	for (;;) {
		int len = (int)strcspn(folders, ":");
		bool fits = snprintf(path, PATH_MAX, "%.*s/%s", len ? len : 1, len ? folders : ".",
				     name) < PATH_MAX;
		enum find found = fits ? look_at(path) : FIND_MISSING;

		if (found == FIND_FOUND)
			return found;
		/* A folder that may not be looked into holds nothing. */
		if (found == FIND_REFUSED && !*refused && access(path, F_OK) == 0)
			strcpy(refused, path);
		if (!folders[len])
			break;
		folders += len + 1;
	}
	strcpy(path, *refused ? refused : name);
	return *refused ? FIND_REFUSED : FIND_MISSING;
}

/* The next word of the line: where it is, and its length. 0: there is none. */
static int next_word(const char **line)
{
	*line += strspn(*line, " \t");
	return (int)strcspn(*line, " \t");
}

static void keep(char name[PATH_MAX], const char *word, int len)
{
	snprintf(name, PATH_MAX, "%.*s", len, word);
}

/* Past env's options and settings: env(1). */
static void look_behind_env(const char *line, char name[PATH_MAX])
{
	int len;

	for (; (len = next_word(&line)) > 0; line += len) {
		static const char *const with_value[] = {"-u", "-C", "--unset", "--chdir"};
		bool skip = false;

		for (int i = 0; i < 4; i++)
			skip |= strlen(with_value[i]) == (size_t)len &&
				strncmp(line, with_value[i], len) == 0;
		if (skip) {
			line += len;
			len = next_word(&line);
		} else if (len > 2 && strncmp(line, "-S", 2) == 0) {
			keep(name, line + 2, len - 2);
			return;
		} else if (*line != '-' && !memchr(line, '=', len)) {
			keep(name, line, len);
			return;
		}
	}
}

bool find_interpreter(const void *data, size_t size, char name[PATH_MAX])
{
	const char *bytes = data, *at;
	char line[PATH_MAX];
	size_t len = 0;
	int word;

	if (size < 3 || bytes[0] != '#' || bytes[1] != '!')
		return false;
	while (len < size - 2 && len < sizeof(line) - 1 && bytes[len + 2] != '\n' &&
	       bytes[len + 2] != '\0')
		len++;
	memcpy(line, bytes + 2, len);
	line[len] = '\0';
	at = line;
	word = next_word(&at);
	keep(name, at, word);
	if (strcmp(find_name(name), "env") == 0)
		look_behind_env(at + word, name);
	return *name != '\0';
}

bool find_map(const char *path, struct mapped *mapped)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC), error = 0;
	struct stat st;

	mapped->data = NULL;
	mapped->size = 0;
	if (fd < 0)
		return false;
	if (fstat(fd, &st) < 0) {
		error = errno;
	} else if (!S_ISREG(st.st_mode)) {
		error = EINVAL;
	} else if (st.st_size > 0) {
		void *data = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);

		if (data == MAP_FAILED)
			error = errno;
		else
			*mapped = (struct mapped){data, st.st_size};
	}
	close(fd);
	errno = error;
	return !error;
}

void find_unmap(struct mapped *mapped)
{
	if (mapped->data)
		munmap((void *)mapped->data, mapped->size);
	mapped->data = NULL;
}

static bool has_flag(const char *path, unsigned long flag)
{
	struct statvfs fs;

	return statvfs(path, &fs) == 0 && (fs.f_flag & flag);
}

bool find_is_noexec(const char *path)
{
	return has_flag(path, ST_NOEXEC);
}

bool find_is_nosuid(const char *path)
{
	return has_flag(path, ST_NOSUID);
}

void find_folder(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash)
		slash[slash == path] = '\0';
	else
		strcpy(path, ".");
}

const char *find_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}
