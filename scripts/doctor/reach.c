/* SPDX-License-Identifier: MIT */
/* What of a program's traffic goes past the calls that redial sees. */
#include "program.h"

#include <stdio.h>
#include <string.h>

#include "find.h"
#include "own_calls.h"
#include "report.h"
#include "tls.h"

/* The calls that redial hooks, and what they do during a rescue. */
#define X(result, name, parameters, arguments, word) {#name, #word},
#define X_OVER(result, name, parameters, word)	     {#name, #word},
static const struct {
	const char *name, *word;
} hooked[] = {
#include "../../preload/hooks/symbols.def"
};
#undef X

/* What the program's own symbols tell. */
struct traits {
	char own[200]; /* hooked calls that it defines, the first ones */
	unsigned own_count;
	char tls[64];
	bool uring, opens;
};

static bool is_one_of(const char *name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (names[i][0] == name[0] && strcmp(names[i], name) == 0)
			return true;
	return false;
}
#define ONE_OF(name, names) is_one_of(name, names, sizeof(names) / sizeof(*(names)))

static bool see_any(struct traits *traits, const char *name, bool defined)
{
	if (defined && !*traits->tls && tls_is_call(name))
		snprintf(traits->tls, sizeof(traits->tls), "%s", name);
	if (defined && strcmp(name, "io_uring_queue_init") == 0)
		traits->uring = true;
	return true;
}

static bool see_static(void *context, const char *name, bool defined)
{
	return see_any(context, name, defined);
}

/*
 * Nothing of a conversation goes by a call that only asks, makes a child or maps memory; and the
 * loss of those that a program brings for older systems redial mends by itself.
 */
static bool is_harmless(const char *name, const char *word)
{
	static const char *const words[] = {"forward", "end", "fork", "exec", "refuse", "memory"};

	return ONE_OF(word, words) || strcmp(name, "closefrom") == 0 ||
	       strcmp(name, "close_range") == 0;
}

static bool is_missed(const char *name)
{
	for (size_t i = 0; i < sizeof(hooked) / sizeof(*hooked); i++)
		if (hooked[i].name[0] == name[0] && strcmp(hooked[i].name, name) == 0)
			return !is_harmless(name, hooked[i].word);
	return false;
}

static bool see_dynamic(void *context, const char *name, bool defined)
{
	struct traits *traits = context;

	if (defined && is_missed(name) && traits->own_count++ < 6) {
		size_t len = strlen(traits->own);

		snprintf(traits->own + len, sizeof(traits->own) - len, "%s%s", len ? ", " : "",
			 name);
	}
	if (!defined && strcmp(name, "dlopen") == 0)
		traits->opens = true;
	return see_any(traits, name, defined);
}

static const char *library_named(const struct libraries *libraries, const char *start)
{
	for (unsigned i = 0; i < libraries->count; i++)
		if (strncmp(find_name(libraries->each[i].name), start, strlen(start)) == 0)
			return libraries->each[i].path ? libraries->each[i].path : "";
	return NULL;
}

/* Keeps the highest N of the names GLIBC_2.N. */
static bool see_version(void *context, const char *text)
{
	unsigned *highest = context, number;
	int len = 0;

	if (sscanf(text, "GLIBC_2.%u%n", &number, &len) == 1 && len && number > *highest &&
	    number < 1000)
		*highest = number;
	return true;
}

static unsigned version_of(const char *root, const char *path)
{
	char whole[PATH_MAX];
	struct mapped mapped;
	struct elf_file file;
	unsigned version = 0;

	snprintf(whole, sizeof(whole), "%s%s", root, path);
	if (!find_map(whole, &mapped))
		return 0;
	if (elf_open(&file, mapped.data, mapped.size))
		elf_defined_versions(&file, see_version, &version);
	find_unmap(&mapped);
	return version;
}

static void report_libc(const struct program *program, const struct libraries *libraries)
{
	const char *path = library_named(libraries, "libc.so.6");
	unsigned needed = 0, found = path && *path ? version_of(program->root, path) : 0;

	if (program->file->loader && strstr(program->file->loader, "ld-musl")) {
		report(MARK_OK, "libc", "musl");
		return;
	}
	if (!path)
		return;
	elf_needed_versions(program->file, see_version, &needed);
	if (found && found < 17)
		report(MARK_NO, "libc", "glibc 2.%u: redial needs 2.17", found);
	else if (found && found < needed)
		report(MARK_NO, "libc", "glibc 2.%u: the program needs 2.%u and cannot start",
		       found, needed);
	else if (found)
		report(MARK_OK, "libc", "glibc 2.%u", found);
	else
		report(MARK_UNKNOWN, "libc", "glibc, of a version that cannot be told");
}

static void report_missing(const struct libraries *libraries)
{
	for (unsigned i = 0; i < libraries->count; i++)
		if (!libraries->each[i].path)
			report(MARK_WARN, "needs", "%s, which is not found where a loader looks",
			       libraries->each[i].name);
}

bool program_report_reach(const struct program *program, const struct libraries *libraries)
{
	struct traits traits = {0};
	bool followed;

	elf_dynamic_symbols(program->file, see_dynamic, &traits);
	elf_static_symbols(program->file, see_static, &traits);
	report_libc(program, libraries);
	report_missing(libraries);
	if (!sanitizer_report(program, libraries) && traits.own_count)
		report(MARK_WARN, "calls",
		       "the program has its own %s%s: what goes through those redial does not see",
		       traits.own, traits.own_count > 6 ? " and others" : "");
	own_calls_report(program, libraries);
	followed = tls_report(program, libraries, traits.tls);
	if (traits.uring || library_named(libraries, "liburing.so"))
		report(MARK_WARN, "io_uring",
		       "sends and receives made by it are no calls that redial could see");
	if (!known_report(program->name, program->running) && traits.opens && !program->running)
		report(MARK_UNKNOWN, "plugins",
		       "it opens libraries while it runs (dlopen); those were not looked at");
	return followed;
}
