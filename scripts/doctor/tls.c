/* SPDX-License-Identifier: MIT */
#include "tls.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

#include "../../policy/load_words.h"
#include "addons.h"
#include "find.h"
#include "report.h"

static const char untouched[] = "encrypted bytes pass untouched, plain http is helped";

/* As a library's name begins; the policy's word for it, NULL: there is none. */
static const struct kind {
	const char *start, *word;
} kinds[] = {{"libssl.so", "openssl"}, {"libssl-", "openssl"}, {"libgnutls.so", "gnutls"},
	     {"libgnutls-", "gnutls"}, {"libssl3.so", NULL},   {"libmbedtls.so", NULL},
	     {"libwolfssl.so", NULL},  {"libs2n.so", NULL}};

/* What programs read by, and what they begin with. */
static const char *const reads[] = {"SSL_read", "SSL_read_ex", "gnutls_record_recv"};
static const char *const others[] = {"SSL_CTX_new",  "SSL_ImportFD",	    "mbedtls_ssl_read",
				     "wolfSSL_read", "br_ssl_client_reset", "s2n_recv"};

/* What a stripped program that brings its own holds in its texts. */
static const char *const texts[] = {"OpenSSL 1.",  "OpenSSL 3.", "BoringSSL", "rustls-",
				    "mbedtls_ssl", "wolfSSL",	 "GnuTLS"};

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static bool is_read(const char *name)
{
	for (size_t i = 0; i < COUNT(reads); i++)
		if (strcmp(reads[i], name) == 0)
			return true;
	return false;
}

bool tls_is_call(const char *name)
{
	for (size_t i = 0; i < COUNT(others); i++)
		if (others[i][0] == name[0] && strcmp(others[i], name) == 0)
			return true;
	return is_read(name);
}

/* Does a policy know it? */
static bool is_word(const char *name)
{
	const struct load_word *word = load_tls_words;

	while (name && word->name && strcmp(word->name, name) != 0)
		word++;
	return name && word->name;
}

static const struct kind *kind_of(const char *library)
{
	const char *name = find_name(library);

	for (size_t i = 0; i < COUNT(kinds); i++)
		if (strncmp(name, kinds[i].start, strlen(kinds[i].start)) == 0)
			return &kinds[i];
	return NULL;
}

static bool has_text(const struct elf_file *file, const char *text, size_t len)
{
	return memmem(file->data, file->size, text, len) != NULL;
}

static const char *tls_text(const struct elf_file *file)
{
	for (size_t i = 0; i < COUNT(texts); i++)
		if (has_text(file, texts[i], strlen(texts[i])))
			return texts[i];
	return NULL;
}

static bool open_library(const struct program *program, const char *path, struct mapped *mapped,
			 struct elf_file *file)
{
	char whole[PATH_MAX];

	if (!path || snprintf(whole, sizeof(whole), "%s%s", program->root, path) >= PATH_MAX ||
	    !find_map(whole, mapped))
		return false;
	if (elf_open(file, mapped->data, mapped->size))
		return true;
	find_unmap(mapped);
	return false;
}

/* What a file has to do with one TLS library. */
struct user {
	const char *library;
	bool needs, reads, defines, looks_up;
};

static bool see_needed(void *context, const char *text)
{
	struct user *user = context;

	user->needs |= strcmp(find_name(text), find_name(user->library)) == 0;
	return true;
}

static bool see_call(void *context, const char *name, bool defined)
{
	struct user *user = context;

	if (is_read(name)) {
		user->reads |= !defined;
		user->defines |= defined;
	}
	user->looks_up |= !defined && strcmp(name, "dlsym") == 0;
	return true;
}

static struct user user_of(const struct elf_file *file, const char *library)
{
	struct user user = {.library = library};

	elf_dynamic_texts(file, DT_NEEDED, see_needed, &user);
	elf_dynamic_symbols(file, see_call, &user);
	return user;
}

/* Its name as a text, and no symbol of that name: it asks the loader for what it then calls. */
static bool looks_up(const struct elf_file *file)
{
	static const char name[] = "\0SSL_read";
	struct user user = user_of(file, "");

	return user.looks_up && !user.reads && !user.defines &&
	       has_text(file, name, sizeof(name)) && !tls_text(file);
}

/* Is it OpenSSL, and of a version that was tried? Its libcrypto says so. */
static bool is_known(const struct program *program, const struct libraries *libraries,
		     const struct kind *kind)
{
	bool known = false;

	for (unsigned i = 0; i < libraries->count && strcmp(kind->word, "openssl") == 0; i++) {
		struct mapped mapped;
		struct elf_file file;

		if (strncmp(find_name(libraries->each[i].name), "libcrypto", 9) != 0 ||
		    !open_library(program, libraries->each[i].path, &mapped, &file))
			continue;
		known |=
		    (has_text(&file, "OpenSSL 3.", 10) || has_text(&file, "OpenSSL 1.1.1", 13)) &&
		    !has_text(&file, "LibreSSL", 8) && !has_text(&file, "AWS-LC", 6);
		find_unmap(&mapped);
	}
	return known || strcmp(kind->word, "openssl") != 0;
}

/* Who calls it, into `who`: the first one, or "". */
static void find_user(const struct program *program, const struct libraries *libraries,
		      const char *library, char *who, size_t room)
{
	struct user user = user_of(program->file, library);

	*who = '\0';
	if (user.needs && user.reads)
		snprintf(who, room, "%s", program->name);
	for (unsigned i = 0; i < libraries->count && !*who; i++) {
		const char *path = libraries->each[i].path;
		struct mapped mapped;
		struct elf_file file;

		if (kind_of(libraries->each[i].name) ||
		    !open_library(program, path, &mapped, &file))
			continue;
		user = user_of(&file, library);
		if (user.needs && user.reads)
			snprintf(who, room, "%s", find_name(path));
		find_unmap(&mapped);
	}
}

static bool is_listed(const struct program *program, const char *word)
{
	char quoted[32];

	snprintf(quoted, sizeof(quoted), "\"%s\"", word);
	return program->tls && strstr(program->tls, quoted);
}

/* Returns whether it is followed. */
static bool report_library(const struct program *program, const struct libraries *libraries,
			   const char *library, const struct kind *kind)
{
	char who[NAME_MAX + 1];

	if (!is_word(kind->word) || !is_known(program, libraries, kind)) {
		report(MARK_WARN, "https", "%s: none that redial knows: %s", library, untouched);
		return false;
	}
	if (!is_listed(program, kind->word)) {
		report(MARK_WARN, "https", "%s: tls in the policy does not list \"%s\": %s",
		       library, kind->word, untouched);
		return false;
	}
	find_user(program, libraries, library, who, sizeof(who));
	if (!*who) {
		report(MARK_UNKNOWN, "https", "%s: nothing that was looked at calls it", library);
		return false;
	}
	report(MARK_OK, "https", "%s: what %s reads and writes by it is followed", library, who);
	return true;
}

static bool was_told(const struct libraries *libraries, unsigned at)
{
	for (unsigned i = 0; i < at; i++)
		if (strcmp(find_name(libraries->each[i].name),
			   find_name(libraries->each[at].name)) == 0)
			return true;
	return false;
}

static bool is_ours(const char *path)
{
	return path && strcmp(find_name(path), "libredial.so") == 0;
}

static void report_text(const char *who, const char *text)
{
	report(MARK_WARN, "https", "TLS seems to be in %s itself (\"%s\"): %s", who, text,
	       untouched);
}

/* What no symbol tells: an addon brings its own, or looks up what it calls. */
static void report_others(const struct program *program, const struct libraries *libraries)
{
	if (looks_up(program->file))
		report(MARK_WARN, "https", "%s looks up SSL_read by itself: %s", program->name,
		       untouched);
	for (unsigned i = 0; i < libraries->count; i++) {
		const char *path = libraries->each[i].path, *found;
		struct mapped mapped;
		struct elf_file file;

		if (kind_of(libraries->each[i].name) || is_ours(path) ||
		    !open_library(program, path, &mapped, &file))
			continue;
		if (addons_is(path) && (found = tls_text(&file)))
			report_text(path, found);
		else if (looks_up(&file))
			report(MARK_WARN, "https", "%s looks up SSL_read by itself: %s", path,
			       untouched);
		find_unmap(&mapped);
	}
}

/* What an interpreter's modules have it by, which no file of its own names. */
static bool report_modules(const struct program *program)
{
	static const struct {
		const char *name, *module;
	} known[] = {{"python", "ssl"}, {"perl", "Net::SSLeay"}, {"ruby", "openssl"}};

	for (size_t i = 0; i < COUNT(known) && !program->running; i++) {
		if (strncmp(program->name, known[i].name, strlen(known[i].name)) != 0)
			continue;
		if (is_listed(program, "openssl"))
			report(MARK_OK, "https",
			       "by its module %s: followed if that needs a shared OpenSSL, as "
			       "Debian's does",
			       known[i].module);
		else
			report(MARK_WARN, "https",
			       "by its module %s: tls in the policy does not list \"openssl\": %s",
			       known[i].module, untouched);
		return true;
	}
	return false;
}

bool tls_report(const struct program *program, const struct libraries *libraries, const char *own)
{
	bool any = false, followed = false;
	const char *found;

	if (*own) {
		report(MARK_WARN, "https", "TLS is in the program itself (%s): %s", own, untouched);
		report_others(program, libraries);
		return false;
	}
	for (unsigned i = 0; i < libraries->count; i++) {
		const struct kind *kind = kind_of(libraries->each[i].name);

		if (!kind || was_told(libraries, i))
			continue;
		any = true;
		followed |= report_library(program, libraries, libraries->each[i].name, kind);
	}
	any |= report_modules(program);
	if (!any && (found = tls_text(program->file)))
		report_text("the program", found);
	report_others(program, libraries);
	return followed;
}
