/* SPDX-License-Identifier: MIT */
/*
 * redial-entrypoint: starts a container's own command with libredial.so in front of what it
 * preloads, and copies itself to where another container finds it. It uses no libc: a static one is
 * not installed everywhere, would be fifty times as large, and does things at its start that the
 * command would be started after.
 */
#ifndef REDIAL_ENTRYPOINT_H
#define REDIAL_ENTRYPOINT_H

#include <stdbool.h>
#include <stddef.h>

#define OWN_NAME     "redial-entrypoint"
#define LIBRARY_NAME "libredial.so"
#define PARSER_NAME  "libredial-policy.so" /* for policies in text form */
#define POLICY_NAME  "redial.policy"	   /* a compiled policy, beside the entrypoint */

enum { PATH_ROOM = 4096 }; /* PATH_MAX */

/* Exit statuses, where they can be those of the launcher. */
enum status {
	STATUS_OK = 0,
	STATUS_USAGE = 64,
	STATUS_NOT_WRITTEN = 73,
	STATUS_BAD_POLICY = 78,
	STATUS_NOT_INSTALLED = 120,
	STATUS_NOT_EXECUTABLE = 126,
	STATUS_NOT_FOUND = 127,
};

/* What the kernel gave the process. */
struct process {
	char **argv;
	char **envp;
	const char
	    *file; /* what was executed (AT_EXECFN, getauxval(3)); NULL if that is not told */
};

/* The command line. NULL: not given. */
struct options {
	const char *policy;
	const char *log;
	const char *install;
	bool help, version;
	char **command; /* ends with NULL; *command is NULL if there is none */
};

/* Where our files are: absolute paths. */
struct places {
	char self[PATH_ROOM];
	char library[PATH_ROOM];
	char parser[PATH_ROOM];
	char policy[PATH_ROOM]; /* empty: none beside the entrypoint */
};

/* What main is to a program with a libc: its result is the exit status. */
int entrypoint(const struct process *process);

/* Writes "redial-entrypoint: ", the texts and a line's end to stderr, in one piece. */
#define complain(...) complain_all((const char *const[]){__VA_ARGS__, NULL})
void complain_all(const char *const *texts);

/* What a negative errno means, for people. */
const char *error_text(long error);

/* Writes all of text to fd. A negative errno if that fails. */
long write_text(int fd, const char *text);

/* Puts the texts together in `to`, which has room for PATH_ROOM bytes. false if it has not. */
#define join(to, ...) join_all(to, (const char *const[]){__VA_ARGS__, NULL})
bool join_all(char *to, const char *const *texts);

/* Makes path absolute by the working directory. false if it gets too long, or there is none. */
bool make_absolute(char *to, const char *path);

bool is_file(const char *path);

/* Fills *places. Complains, and returns a status, if libredial.so is not where it should be. */
enum status find_places(struct places *places, const struct process *process);

/*
 * Is this a policy that a process under libredial.so can use? If not, complains and returns a
 * status. A text is one if `parser`, a path or NULL, is there.
 */
enum status check_policy(const char *path, const char *parser);

/* Copies library, policy (NULL: none) and entrypoint to the folder dir, each at one stroke. */
enum status install(const char *dir, const struct places *places, const char *policy);

/* The value of a variable, the last of that name, as loaders take it; NULL if it is not set. */
const char *variable(char *const *envp, const char *name);

/* How one variable is to be set. */
struct setting {
	const char *name;
	const char *value; /* NULL: left as it is */
};

/* A copy of envp with `count` variables set, each in its old place. NULL if there is no memory. */
char **change_environment(char *const *envp, const struct setting *settings, size_t count);

/* A new value for LD_PRELOAD: library, then what `old` (or NULL) names that is none of ours. */
char *join_preload(const char *library, const char *old);

/*
 * A new value for ASAN_OPTIONS, where `old` (or NULL) does not decide that itself: the shared
 * runtime of AddressSanitizer need not be the first library. NULL if there is no memory.
 */
const char *join_asan(const char *old);

/* Executes the command, looked up as execvp(3) does. Complains and returns a status if it cannot.
 */
enum status execute(char *const *command, char *const *envp);

#endif
