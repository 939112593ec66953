/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "../../policy/compiled.h"
#include "../../policy/policy_file.h"
#include "../os/mem.h"
#include "../os/real.h"
#include "shared.h"
#include "../os/sys.h"

#define DEFAULT_PATH   "/etc/redial/redial.cfg"
#define PARSER_LIBRARY "libredial-policy.so"

struct config config;

extern char **environ __attribute__((weak));

/* getenv, without libc: programs overwrite what it returns, and it is only read here. */
static const char *variable(const char *name)
{
	for (char **entry = environ; entry && *entry; entry++) {
		const char *rest = text_after(*entry, name);
		if (rest && *rest == '=')
			return rest + 1;
	}
	return NULL;
}

static void note(struct config_fault *fault, const char *file, const char *why)
{
	size_t len = text_len(why, sizeof(fault->error.text) - 1);
	fault->file = file;
	fault->error.line = 0;
	memcpy(fault->error.text, why, len);
	fault->error.text[len] = '\0';
}

enum { PATH_ROOM = 4096 };

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
static void parse(const char *path, struct config_fault *fault)
{
	typedef int load(const char *, struct policy *, struct load_error *, unsigned,
			 unsigned long);
	typedef void *open_library(const char *path, int mode);
	typedef void *look_up(void *library, const char *name);
	typedef int close_library(void *library);
	open_library *open_it = (open_library *)real_find("dlopen");
	look_up *find = (look_up *)real_find("dlsym");
	close_library *close_it = (close_library *)real_find("dlclose");
	char library[PATH_ROOM];
	bool found = open_it && find && find_parser(library);
	void *parser = found ? open_it(library, RTLD_NOW | RTLD_LOCAL) : NULL;
	load *run = parser ? (load *)find(parser, "redial_policy_load") : NULL;
	/* Not static: every process would map room for it at its start. */
	long room = sys6(mmap, 0, sizeof(struct policy), PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct policy *parsed = (struct policy *)room;
	if (room < 0 && room > -4096)
		note(fault, path, "cannot be read: no memory");
	else if (!run)
		note(fault, path,
		     "cannot open " PARSER_LIBRARY " to read a policy in text form; "
		     "compile it with redial-policy");
	else if (run(path, parsed, &fault->error, POLICY_VERSION, sizeof(*parsed)) == 0)
		config.policy = parsed;
	else
		fault->file = path;
	if (parser && close_it)
		close_it(parser);
}

/* Maps a compiled policy. false if the file is text. */
static bool map_compiled(const char *path, int fd, const struct stat *file,
			 struct config_fault *fault)
{
	const char *why;
	size_t len = (size_t)file->st_size;
	/* A longer file is refused; no need to map all of it for that. */
	if (len > sizeof(struct compiled))
		len = sizeof(struct compiled) + 1;
	long at = sys6(mmap, 0, len, PROT_READ, MAP_PRIVATE, fd, 0);
	if (at < 0 && at > -4096)
		return false;
	bool is_compiled = compiled_is((const void *)at, len);
	const struct policy *policy =
	    is_compiled ? compiled_open((const void *)at, len, &why) : NULL;
	if (policy) {
		config.policy = policy;
		return true;
	}
	if (is_compiled)
		note(fault, path, why);
	sys2(munmap, at, len);
	return is_compiled;
}

static long user(void)
{
	return sys0(geteuid);
}

/* Must be there unless it is only the default place that we look at. */
static void read_policy(const char *path, bool must_exist, struct config_fault *fault)
{
	struct stat file;
	int fd = (int)sys4(openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0);
	if (fd < 0) {
		if (must_exist || fd != -ENOENT)
			note(fault, path, fd == -ENOENT ? "no such file" : "cannot be opened");
		return;
	}
	const char *why =
	    sys2(fstat, fd, &file) < 0 ? "cannot be examined" : policy_file_unfit(&file, user);
	if (why)
		note(fault, path, why);
	else if (!map_compiled(path, fd, &file, fault))
		parse(path, fault);
	sys1(close, fd);
}

/* The policy's log, under REDIAL_LOG. false if that names none. */
static bool choose_log(void)
{
	const char *sink = variable("REDIAL_LOG");
	config.log = config.policy->log;
	return !sink || policy_parse_sink(&config.log, sink) == 0;
}

bool config_is_disabled(void)
{
	const char *disable = variable("REDIAL_DISABLE");
	return disable && text_equal(disable, "1");
}

void config_settle(struct config_faults *faults)
{
	faults->policy.file = NULL;
	faults->log.file = NULL;
	sys2(prctl, PR_GET_NAME, config.program);
	config.policy = &policy_builtin;
	config.active = true;

	const char *path = variable("REDIAL_POLICY");
	bool sink_known = choose_log(); /* the one that a bad policy is told */
	read_policy(path && *path ? path : DEFAULT_PATH, path && *path, &faults->policy);
	if (config.policy != &policy_builtin)
		choose_log();
	if (!sink_known)
		note(&faults->log, "REDIAL_LOG", "is none of syslog, file:/PATH, none");
	if (faults->policy.file || !config.policy->enabled)
		config.active = false;
	const char *file = variable("REDIAL_SHARED");
	if (config.active && file && *file)
		shared_map(file);
}
