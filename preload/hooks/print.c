/* SPDX-License-Identifier: MIT */
/*
 * dprintf, whose text libc would write past every hook: on a tracked descriptor it is made here and
 * written by write. (The formatting is libc's.)
 */
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>

#include "../conn/conn.h"
#include "../conn/table.h"
#include "../os/real.h"

enum { USUAL_LEN = 1024 };

typedef int print(char *text, size_t room, const char *format, va_list args);

static bool write_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t taken = write(fd, text, len);
		if (taken < 0)
			return false;
		text += taken;
		len -= (size_t)taken;
	}
	return true;
}

static int print_long(int fd, print *print_to, int len, const char *format, va_list args)
{
	size_t room = (size_t)len + 1;
	long at = sys6(mmap, 0, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at < 0 && at > -4096) {
		set_errno((int)-at);
		return -1;
	}
	print_to((char *)at, room, format, args);
	bool written = write_all(fd, (const char *)at, (size_t)len);
	sys2(munmap, at, room);
	return written ? len : -1;
}

/* false if libc is to do it. */
static TRACKED bool print_tracked(int fd, const char *format, va_list args, int *result)
{
	char text[USUAL_LEN];
	va_list again;
	print *print_to = (print *)real_find("vsnprintf");
	if (!print_to || table_find(fd) == &conn_own)
		return false;
	va_copy(again, args);
	int len = print_to(text, sizeof(text), format, args);
	if (len < 0 || (size_t)len < sizeof(text))
		*result = len < 0 || write_all(fd, text, (size_t)len) ? len : -1;
	else
		*result = print_long(fd, print_to, len, format, again);
	va_end(again);
	return true;
}

HOOK int vdprintf(int fd, const char *format, va_list args)
{
	int result;
	if (__builtin_expect(table_find(fd) != NULL, 0) && print_tracked(fd, format, args, &result))
		return result;
	return real.vdprintf(fd, format, args);
}

HOOK int dprintf(int fd, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int result = vdprintf(fd, format, args);
	va_end(args);
	return result;
}

/* What glibc's <stdio.h> makes of them under _FORTIFY_SOURCE. */
int __vdprintf_chk(int fd, int flag, const char *format, va_list args);
int __dprintf_chk(int fd, int flag, const char *format, ...);

HOOK int __vdprintf_chk(int fd, int flag, const char *format, va_list args)
{
	int result;
	if (__builtin_expect(table_find(fd) != NULL, 0) && print_tracked(fd, format, args, &result))
		return result;
	return real.__vdprintf_chk(fd, flag, format, args);
}

HOOK int __dprintf_chk(int fd, int flag, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int result = __vdprintf_chk(fd, flag, format, args);
	va_end(args);
	return result;
}
