/* SPDX-License-Identifier: MIT */
#include "source.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "../../policy/compiled.h"
#include "../../policy/policy_file.h"
#include "../os/mem.h"
#include "../os/real.h"
#include "../os/start.h"
#include "../os/sys.h"
#include "parser.h"

#define PARSER_LIBRARY "libredial-policy.so"
#define AS_COMPILED    "name a compiled one: redial-policy compile FILE -o OUT"

enum { PATH_ROOM = 4096 };

/* Not static memory: every process would map room for it at its start. */
AT_START static void *get_memory(size_t len)
{
	long at = sys6(mmap, 0, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return at < 0 && at > -4096 ? NULL : (void *)at;
}

/* libredial-policy.so lies beside this library. false if that cannot be found out. */
static bool find_parser(char *path)
{
	typedef int find_object(const void *address, Dl_info *info);
	find_object *find = (find_object *)real_find("dladdr");
	Dl_info info;
	if (!find || !find(&config, &info) || !info.dli_fname)
		return false;
	size_t len = text_len(info.dli_fname, PATH_ROOM);
	while (len && info.dli_fname[len - 1] != '/')
		len--;
	if (len + sizeof(PARSER_LIBRARY) > PATH_ROOM)
		return false;
	memcpy(path, info.dli_fname, len);
	memcpy(path + len, PARSER_LIBRARY, sizeof(PARSER_LIBRARY));
	return true;
}

/*
 * Here and never later: a dlopen in the child of a threaded program may wait for ever on a lock
 * that a thread held which the child does not have.
 */
static const struct policy *parse(const char *path, struct config_fault *fault)
{
	typedef int load(const char *, struct policy *, struct load_error *, unsigned,
			 unsigned long);
	const struct parser_calls calls = {
	    .open = (void *(*)(const char *, int))real_find("dlopen"),
	    .find = (void *(*)(void *, const char *))real_find("dlsym"),
	    .close = (int (*)(void *))real_find("dlclose"),
	    .error = (char *(*)(void))real_find("dlerror"),
	};
	char library[PATH_ROOM];
	bool taken = false, found = calls.open && calls.find && calls.close && find_parser(library);
	void *parser = found ? parser_open(&calls, library, &taken) : NULL;
	load *run = parser ? (load *)calls.find(parser, "redial_policy_load") : NULL;
	struct policy *policy = get_memory(sizeof(*policy));
	bool parsed = false;
	if (!policy)
		config_note(fault, path, "cannot be read: no memory");
	else if (taken)
		config_note(fault, path,
			    "cannot be read: the program has functions that are named as "
			    "libconfig's; " AS_COMPILED);
	else if (!run)
		config_note(fault, path,
			    "a text is read by " PARSER_LIBRARY " and libconfig, which this "
			    "program cannot open, as under musl; " AS_COMPILED);
	else if (run(path, policy, &fault->error, POLICY_VERSION, sizeof(*policy)) == 0)
		parsed = true;
	else
		fault->file = path;
	if (parser)
		calls.close(parser);
	return parsed ? policy : NULL;
}

/* How many of the len bytes there are; whatever it reads it may be cut off or written meanwhile. */
AT_START static size_t read_all(int fd, char *to, size_t len)
{
	size_t got = 0;
	long n;
	do {
		n = sys3(read, fd, to + got, len - got);
		got += n > 0 ? (size_t)n : 0;
	} while (got < len && (n > 0 || n == -EINTR));
	return got;
}

/*
 * A compiled policy: of a mapping of the file no byte would be certain, and one that was cut off
 * would end the process. *is_text if it is none.
 */
AT_START static const struct policy *read_compiled(const char *path, int fd, size_t len,
						   struct config_fault *fault, bool *is_text)
{
	const char *why = "cannot be read: no memory";
	/* A longer file is refused; no need to read all of it for that. */
	if (len > sizeof(struct compiled))
		len = sizeof(struct compiled) + 1;
	char *copy = get_memory(len);
	size_t got = copy ? read_all(fd, copy, len) : 0;
	const struct policy *policy = NULL;
	*is_text = copy && !compiled_is(copy, got);
	if (copy && !*is_text)
		policy = compiled_open(copy, got, &why);
	if (!policy && !*is_text)
		config_note(fault, path, why);
	if (copy && !policy)
		sys2(munmap, copy, len);
	return policy;
}

AT_START static long user(void)
{
	return sys0(geteuid);
}

AT_START static const struct policy *read_file(const char *path, int fd, struct config_fault *fault)
{
	struct stat file;
	bool is_text;
	const char *why =
	    sys2(fstat, fd, &file) < 0 ? "cannot be examined" : policy_file_unfit(&file, user);
	if (why) {
		config_note(fault, path, why);
		return NULL;
	}
	const struct policy *policy =
	    read_compiled(path, fd, (size_t)file.st_size, fault, &is_text);
	return is_text ? parse(path, fault) : policy;
}

AT_START const struct policy *source_read(const char *path, bool must_exist,
					  struct config_fault *fault)
{
	int fd = (int)sys4(openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0);
	if (fd < 0) {
		if (must_exist || fd != -ENOENT)
			config_note(fault, path,
				    fd == -ENOENT ? "no such file" : "cannot be opened");
		return NULL;
	}
	const struct policy *policy = read_file(path, fd, fault);
	sys1(close, fd);
	return policy;
}
