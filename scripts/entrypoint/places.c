/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../policy/compiled.h"
#include "../../policy/policy_file.h"
#include "../../preload/os/mem.h"
#include "../../preload/os/sys.h"
#include "entrypoint.h"

bool is_file(const char *path)
{
	struct stat file;
	return sys4(newfstatat, AT_FDCWD, path, &file, 0) == 0 && S_ISREG(file.st_mode) &&
	       sys3(faccessat, AT_FDCWD, path, R_OK) == 0;
}

/* Without /proc there is what was executed, which a change of folder since has not made wrong. */
static bool find_self(char *self, const struct process *process)
{
	long len = sys4(readlinkat, AT_FDCWD, "/proc/self/exe", self, PATH_ROOM);
	if (len > 0 && len < PATH_ROOM) {
		self[len] = '\0';
		return true;
	}
	return process->file && make_absolute(self, process->file);
}

/* Cuts path off before its last slash. */
static void cut_name(char *path)
{
	size_t len = text_len(path, PATH_ROOM);
	while (len && path[len] != '/')
		len--;
	path[len] = '\0';
}

/* A loader takes what stands between these for a name. */
static bool can_be_preloaded(const char *path)
{
	for (; *path; path++) {
		if (*path == ':' || *path == ' ')
			return false;
	}
	return true;
}

static bool find_library(struct places *places, char *dir)
{
	if (join(places->library, dir, "/" LIBRARY_NAME) && is_file(places->library))
		return true;
	char parent[PATH_ROOM];
	memcpy(parent, dir, PATH_ROOM);
	cut_name(parent);
	char other[PATH_ROOM];
	if (!join(other, parent, "/lib/redial/" LIBRARY_NAME) || !is_file(other))
		return false;
	memcpy(places->library, other, PATH_ROOM);
	return join(dir, parent, "/lib/redial");
}

enum status find_places(struct places *places, const struct process *process)
{
	char dir[PATH_ROOM];
	if (!find_self(places->self, process)) {
		complain("cannot tell where I am: is /proc there?");
		return STATUS_NOT_INSTALLED;
	}
	memcpy(dir, places->self, PATH_ROOM);
	cut_name(dir);
	if (!find_library(places, dir)) {
		complain(places->library, " is missing: redial is not built or installed");
		return STATUS_NOT_INSTALLED;
	}
	if (!can_be_preloaded(places->library)) {
		complain(places->library, " cannot be preloaded: a space or colon is in its path");
		return STATUS_NOT_INSTALLED;
	}
	if (!join(places->parser, dir, "/" PARSER_NAME))
		places->parser[0] = '\0';
	if (!join(places->policy, dir, "/" POLICY_NAME) || !is_file(places->policy))
		places->policy[0] = '\0';
	return STATUS_OK;
}

/* A compiled policy and one byte more, to see that there is no more. */
static union {
	struct compiled policy;
	char bytes[sizeof(struct compiled) + 1];
} content;

static long user(void)
{
	return sys0(geteuid);
}

static const char *read_policy(int fd, const struct stat *file, const char *parser)
{
	const char *why = policy_file_unfit(file, user);
	if (why)
		return why;
	long len = sys3(read, fd, &content, sizeof(content.bytes));
	if (len < 0)
		return error_text(len);
	if (compiled_is(&content, (size_t)len))
		return compiled_open(&content, (size_t)len, &why) ? NULL : why;
	if (parser && is_file(parser))
		return NULL; /* which tells in the log what may be wrong */
	return "is in text form: compile it, redial-policy compile FILE -o OUT";
}

enum status check_policy(const char *path, const char *parser)
{
	struct stat file;
	int fd = (int)sys4(openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0);
	const char *why = NULL;
	if (fd < 0)
		why = error_text(fd);
	else if (sys2(fstat, fd, &file) < 0)
		why = "cannot be examined";
	else
		why = read_policy(fd, &file, parser);
	if (fd >= 0)
		sys1(close, fd);
	if (!why)
		return STATUS_OK;
	complain(path, ": ", why);
	return STATUS_BAD_POLICY;
}
