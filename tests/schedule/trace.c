/* SPDX-License-Identifier: MIT */
#include "trace.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "call.h"
#include "thread.h"

void trace_line(const char *format, ...)
{
	va_list args;
	printf("%10.3f %-10s ", (double)world.now_ns / 1e6,
	       thread_current ? thread_current->name : "");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

const char *trace_bytes(const void *bytes, size_t len)
{
	static char rooms[2][140];
	static int next;
	char *room = rooms[next++ % 2];
	size_t at = 0;
	for (size_t i = 0; i < len && at < sizeof(rooms[0]) - 8; i++) {
		char c = ((const char *)bytes)[i];
		if (c == '\r' || c == '\n')
			at += (size_t)sprintf(room + at, "\\%c", c == '\r' ? 'r' : 'n');
		else
			room[at++] = c >= ' ' && c < 127 ? c : '?';
	}
	strcpy(room + at, at < sizeof(rooms[0]) - 8 ? "" : "...");
	return room;
}

const char *trace_result(long result)
{
	static char room[24];
	if (result < 0 && strerrorname_np((int)-result))
		return strerrorname_np((int)-result);
	snprintf(room, sizeof(room), "%ld", result);
	return room;
}

void call_trace(long number, long a, long b, long c, long result)
{
	static const struct {
		long number;
		const char *name;
	} names[] = {
#define N(name) {SYS_##name, #name},
	    N(socket) N(connect) N(sendto) N(sendmsg) N(sendmmsg) N(recvfrom) N(recvmsg) N(recvmmsg)
		N(write) N(writev) N(read) N(readv) N(sendfile) N(splice) N(close) N(close_range)
		    N(shutdown) N(dup) N(dup3) N(fcntl) N(ioctl) N(getsockopt) N(setsockopt)
			N(getpeername) N(getsockname) N(ppoll) N(pselect6) N(epoll_create1)
			    N(epoll_ctl) N(epoll_pwait) N(epoll_pwait2) N(timerfd_create)
				N(timerfd_settime) N(nanosleep) N(sched_yield) N(openat) N(fstat)
				    N(mmap) N(munmap)
#undef N
	};
	const char *name = "";
	if (!world.tracing)
		return;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		name = names[i].number == number ? names[i].name : name;
	trace_line("    %s[%ld](%ld, %ld, %ld) = %s", name, number, a, b, c, trace_result(result));
}
