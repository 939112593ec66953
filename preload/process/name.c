/* SPDX-License-Identifier: MIT */
#include "name.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/prctl.h>

#include "../os/mem.h"
#include "../os/start.h"
#include "../os/sys.h"

enum { TEXT_ROOM = 1024 };

/* Keeps the last part of the path that ends before `end`. */
static void keep(char name[NAME_ROOM], const char *path, const char *end)
{
	const char *start = end;
	while (start > path && start[-1] != '/')
		start--;
	size_t len = (size_t)(end - start) < NAME_ROOM ? (size_t)(end - start) : NAME_ROOM - 1;
	if (!len)
		return;
	memcpy(name, start, len);
	name[len] = '\0';
}

AT_START static bool is_loader(const char *name)
{
	return text_after(name, "ld-linux") || text_after(name, "ld-musl") ||
	       text_after(name, "ld.so") || text_after(name, "ld64.so");
}

/* fexecve(3) starts /proc/self/fd/N, or memfd:NAME where the kernel knows better. */
AT_START static bool is_way(const char *name)
{
	const char *at = name;
	while (*at >= '0' && *at <= '9')
		at++;
	return !*at || text_equal(name, "exe") || text_after(name, "memfd:");
}

static void name_by_file(char name[NAME_ROOM])
{
	static const char gone[] = " (deleted)", memory[] = "/memfd:";
	char path[TEXT_ROOM + 1];
	long len = sys4(readlinkat, AT_FDCWD, "/proc/self/exe", path, TEXT_ROOM);
	if (len <= 0)
		return;
	path[len] = '\0';
	char *end = path + len;
	if ((size_t)len > sizeof(gone) && text_equal(end - (sizeof(gone) - 1), gone))
		end -= sizeof(gone) - 1;
	const char *named = text_after(path, memory);
	keep(name, named ? named : path, end);
}

/* Does the word behind this option of ld.so(8) belong to it? */
static bool takes_a_word(const char *option)
{
	static const char options[][24] = {"--library-path", "--inhibit-rpath",
					   "--audit",	     "--preload",
					   "--argv0",	     "--glibc-hwcaps-mask"};
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (text_equal(option, options[i]))
			return true;
	}
	return false;
}

/* ld.so [OPTION...] PROGRAM [ARG...] */
static void name_by_arguments(char name[NAME_ROOM])
{
	char text[TEXT_ROOM + 1];
	long fd = sys4(openat, AT_FDCWD, "/proc/self/cmdline", O_RDONLY | O_CLOEXEC, 0);
	long len = fd < 0 ? 0 : sys3(read, fd, text, TEXT_ROOM);
	if (fd >= 0)
		sys1(close, fd);
	if (len <= 0)
		return;
	text[len] = '\0';
	const char *at = text + text_len(text, TEXT_ROOM) + 1, *end = text + len;
	while (at < end && text_after(at, "--")) {
		bool more = takes_a_word(at);
		at += text_len(at, TEXT_ROOM) + 1;
		if (more && at < end)
			at += text_len(at, TEXT_ROOM) + 1;
	}
	if (at < end)
		keep(name, at, at + text_len(at, TEXT_ROOM));
}

AT_START void name_of_program(char name[NAME_ROOM])
{
	sys2(prctl, PR_GET_NAME, name);
	if (is_way(name))
		name_by_file(name);
	if (is_loader(name)) /* by /proc/self/exe it may have been that as well */
		name_by_arguments(name);
}
