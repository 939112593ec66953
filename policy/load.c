/* SPDX-License-Identifier: MIT */
#include "load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiled.h"
#include "load_keys.h"
#include "load_scan.h"

enum { FILE_MAX = 1 << 20 };

static int fail(struct load_error *error, unsigned line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int fail(struct load_error *error, unsigned line, const char *format, ...)
{
	va_list args;

	error->line = line;
	va_start(args, format);
	vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	return -1;
}

static int check_file(int fd, struct stat *st, struct load_error *error)
{
	if (fstat(fd, st) < 0)
		return fail(error, 0, "cannot be read: %s", strerror(errno));
	if (S_ISDIR(st->st_mode))
		return fail(error, 0, "is a directory, not a policy file");
	if (!S_ISREG(st->st_mode))
		return fail(error, 0, "is not a regular file");
	if (st->st_mode & S_IWOTH && geteuid() == 0)
		return fail(error, 0,
			    "may be written by everybody, which root must not trust: chmod o-w it");
	if (st->st_size > FILE_MAX)
		return fail(error, 0, "is larger than 1 MiB, which no policy is");
	return 0;
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

/*
 * Half of a policy may be a right one that allows more than the whole: what somebody wrote to
 * while it was read is none.
 */
static int check_same(int fd, const struct stat *before, size_t len, struct load_error *error)
{
	struct stat after;

	if (fstat(fd, &after) == 0 && (size_t)after.st_size == len &&
	    before->st_size == after.st_size && same_time(&before->st_mtim, &after.st_mtim) &&
	    same_time(&before->st_ctim, &after.st_ctim))
		return 0;
	return fail(error, 0, "was changed while it was read, try again");
}

/* O_NONBLOCK: a FIFO must not hang the program that we are put into. */
static int read_file(const char *path, char *text, size_t size, struct load_error *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	size_t len = 0;
	ssize_t n = 0;

	if (fd < 0)
		return fail(error, 0, "cannot be read: %s", strerror(errno));
	if (check_file(fd, &st, error)) {
		close(fd);
		return -1;
	}
	while (len < size && (n = read(fd, text + len, size - len)) > 0)
		len += n;
	if (n < 0)
		fail(error, 0, "cannot be read: %s", strerror(errno));
	else if (check_same(fd, &st, len, error))
		n = -1;
	close(fd);
	return n < 0 ? -1 : (int)len;
}

static int parse(const char *text, struct policy *policy, struct load_error *error)
{
	config_t config;
	int result;

	config_init(&config);
	if (config_read_string(&config, text))
		result = load_keys(config_root_setting(&config), policy, error);
	else
		result = fail(error, config_error_line(&config), "%s; settings are `key = value;`",
			      config_error_text(&config));
	config_destroy(&config);
	return result;
}

static int load_text(const char *text, size_t len, struct policy *policy, struct load_error *error)
{
	policy_defaults(policy);
	if (load_scan(text, len, error) || parse(text, policy, error))
		return -1;
	policy_finish(policy);
	return 0;
}

static int load_compiled(const char *data, size_t len, struct policy *policy,
			 struct load_error *error)
{
	const char *why;
	const struct policy *found = compiled_open(data, len, &why);

	if (!found)
		return fail(error, 0, "%s", why);
	compiled_copy(policy, found);
	return 0;
}

int load_any_policy(const char *path, struct policy *policy, struct load_error *error,
		    bool *compiled)
{
	char *text = malloc(FILE_MAX + 1);
	int result = -1;
	int len;

	if (!text)
		return fail(error, 0, "cannot be read: out of memory");
	len = read_file(path, text, FILE_MAX, error);
	if (len < 0)
		goto out;
	text[len] = '\0';
	*compiled = compiled_is(text, len);
	result = *compiled ? load_compiled(text, len, policy, error)
			   : load_text(text, len, policy, error);
out:
	free(text);
	return result;
}

int load_policy(const char *path, struct policy *policy, struct load_error *error)
{
	bool compiled;

	if (load_any_policy(path, policy, error, &compiled))
		return -1;
	return compiled ? fail(error, 0, "is a compiled policy, not a text") : 0;
}

int redial_policy_load(const char *path, struct policy *policy, struct load_error *error,
		       unsigned version, unsigned long size)
{
	if (version != POLICY_VERSION || size != sizeof(*policy))
		return fail(error, 0,
			    "cannot be read: libredial.so and libredial-policy.so are of different "
			    "versions");
	return load_policy(path, policy, error);
}
