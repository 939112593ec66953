/* SPDX-License-Identifier: MIT */
/* System calls that a program, or a library of its, makes past libc; and sanitizers, which seem to.
 */
#include "own_calls.h"

#include <stdio.h>
#include <string.h>

#include "find.h"
#include "inlined.h"
#include "report.h"

struct found {
	unsigned what, asks; /* INLINED_...; ASKS_... */
};

/* What a file asks libc for. */
enum { ASKS_CONNECT = 1 };

static bool see_connect(void *context, const char *name, bool defined)
{
	struct found *found = context;

	if (!defined && strcmp(name, "connect") == 0)
		found->asks |= ASKS_CONNECT;
	return true;
}

static void look(const struct elf_file *file, struct found *found, struct inlined *inlined)
{
	elf_dynamic_symbols(file, see_connect, found);
	inlined_find(file, inlined);
	found->what |= inlined->what;
}

/* What a libc is made of, the loader among it, and what is preloaded into it: theirs is to make
 * calls. */
static bool is_libc(const char *name)
{
	static const char *const starts[] = {
	    "libc.so",	  "libc-",	"ld-",	      "libpthread",   "librt.so",    "libresolv",
	    "libanl",	  "libdl",	"libnss_",    "libredial.so", "libtorsocks", "liburing.so",
	    "libasan.so", "libtsan.so", "liblsan.so", "libubsan.so",  "libclang_rt."};

	for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++)
		if (strncmp(name, starts[i], strlen(starts[i])) == 0)
			return true;
	return false;
}

static void report_inlined(const char *who, const struct inlined *inlined)
{
	if (inlined->what & INLINED_CONNECT)
		report(
		    MARK_WARN, "calls",
		    "%s makes system calls itself, past libc (%s): what goes through those redial "
		    "does not see",
		    who, inlined->names);
	else if (inlined->what & INLINED_WAITS)
		report(
		    MARK_WARN, "waits",
		    "%s waits by a system call of its own (%s): what fails while it waits there is "
		    "not rescued (reason=unseen-wait)",
		    who, inlined->names);
}

static void look_at_library(const char *root, const char *path, struct found *found)
{
	char whole[PATH_MAX];
	struct inlined inlined;
	struct mapped mapped;
	struct elf_file file;

	if (snprintf(whole, sizeof(whole), "%s%s", root, path) >= PATH_MAX ||
	    !find_map(whole, &mapped))
		return;
	if (elf_open(&file, mapped.data, mapped.size)) {
		look(&file, found, &inlined);
		if (program_is_go(&file))
			report(MARK_WARN, "calls",
			       "%s is written in Go: it makes its system calls itself, past libc",
			       path);
		else
			report_inlined(path, &inlined);
	}
	find_unmap(&mapped);
}

void own_calls_report(const struct program *program, const struct libraries *libraries)
{
	struct found found = {0};
	struct inlined inlined;

	look(program->file, &found, &inlined);
	found.what = 0; /* of a library alone it says that others may be made by libc */
	for (unsigned i = 0; i < libraries->count; i++)
		if (libraries->each[i].path && !is_libc(find_name(libraries->each[i].name)))
			look_at_library(program->root, libraries->each[i].path, &found);
	if (!(found.asks & ASKS_CONNECT) && inlined.what & (INLINED_CONNECT | INLINED_ANY))
		report(MARK_NO, "calls",
		       "%s makes its system calls itself, past libc%s%s%s: neither it nor a "
		       "library of "
		       "its asks libc for connect",
		       program->name, *inlined.names ? " (" : "", inlined.names,
		       *inlined.names ? ")" : "");
	else
		report_inlined("the program", &inlined);
	if (inlined.what & INLINED_URING)
		report(MARK_UNKNOWN, "io_uring",
		       "the program may set one up by itself: sends and receives made by it are no "
		       "calls that redial could see");
}

/* A flag that only this one's runtime has: the texts are in it however it is linked, and stripped.
 */
static const struct {
	const char *library, *text, *name;
} sanitizers[] = {
    {"libasan.so", "verify_asan_link_order", "AddressSanitizer"},
    {"libclang_rt.asan", "verify_asan_link_order", "AddressSanitizer"},
    {"libtsan.so", "force_seq_cst_atomics", "ThreadSanitizer"},
    {"libclang_rt.tsan", "force_seq_cst_atomics", "ThreadSanitizer"},
    {"libclang_rt.msan", "poison_in_malloc", "MemorySanitizer"},
    {"liblsan.so", "use_root_regions", "LeakSanitizer"},
};

bool sanitizer_report(const struct program *program, const struct libraries *libraries)
{
	for (size_t i = 0; i < sizeof(sanitizers) / sizeof(*sanitizers); i++) {
		const char *text = sanitizers[i].text, *name = sanitizers[i].name;

		for (unsigned j = 0; j < libraries->count; j++) {
			const char *library = find_name(libraries->each[j].name);

			if (strncmp(library, sanitizers[i].library, strlen(sanitizers[i].library)))
				continue;
			report(
			    MARK_OK, "sanitize",
			    strstr(library, "asan")
				? "%s, shared (%s): it wants to be the first library, and ends the "
				  "program else. redial tells it that it need not "
				  "(ASAN_OPTIONS=verify_asan_link_order=0); with LD_PRELOAD alone, "
				  "set that yourself"
				: "%s, shared (%s): it works behind redial",
			    name, library);
			return false;
		}
		/* Calls that it intercepts in the program go on to the next one, which is redial.
		 */
		if (memmem(program->file->data, program->file->size, text, strlen(text))) {
			report(MARK_OK, "sanitize",
			       "%s, in the program itself: it works in front of "
			       "redial",
			       name);
			return true;
		}
	}
	return false;
}
