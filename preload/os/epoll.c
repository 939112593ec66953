/* SPDX-License-Identifier: MIT */
#include "epoll.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/epoll.h>

#include "mem.h"
#include "real.h"
#include "sys.h"

#ifndef EPOLLEXCLUSIVE
#define EPOLLEXCLUSIVE (1u << 28)
#endif

/* The bits that are behaviour, not events to wait for: what a fired EPOLLONESHOT leaves. */
const uint32_t os_epoll_private_bits = EPOLLONESHOT | EPOLLET | EPOLLEXCLUSIVE | EPOLLWAKEUP;

int os_epoll_control(int epfd, int op, int fd, uint32_t events, uint64_t data)
{
	struct epoll_event event = {.events = events, .data.u64 = data};
	int kept = get_errno();
	int error = real.epoll_ctl(epfd, op, fd, &event) < 0 ? -get_errno() : 0;
	set_errno(kept);
	return error;
}

static const char *skip_to_number(const char *at, const char *end)
{
	while (at < end && *at != ':')
		at++;
	at++;
	while (at < end && *at == ' ')
		at++;
	return at;
}

static uint64_t read_number(const char **at, const char *end, unsigned base)
{
	uint64_t number = 0;
	for (; *at < end; (*at)++) {
		unsigned char c = (unsigned char)**at;
		unsigned digit = c >= 'a' ? c - 'a' + 10u : c - '0' + 0u;
		if (digit >= base)
			break;
		number = number * base + digit;
	}
	return number;
}

/* One line of /proc/self/fdinfo/EPFD: "tfd: 7 events: 40000001 data: 7 ..." (proc(5)). */
static bool read_line(const char *at, const char *end, int fd, uint32_t *events, uint64_t *data)
{
	if (end - at < 4 || memcmp(at, "tfd:", 4) != 0)
		return false;
	at = skip_to_number(at, end);
	if (read_number(&at, end, 10) != (uint64_t)fd)
		return false;
	at = skip_to_number(at, end);
	*events = (uint32_t)read_number(&at, end, 16);
	at = skip_to_number(at, end);
	*data = read_number(&at, end, 16);
	return true;
}

static void fdinfo_path(char *path, int epfd)
{
	static const char folder[] = "/proc/self/fdinfo/";
	char digits[12];
	size_t count = 0;
	do
		digits[count++] = (char)('0' + epfd % 10);
	while ((epfd /= 10) > 0);
	memcpy(path, folder, sizeof(folder));
	path += sizeof(folder) - 1;
	while (count)
		*path++ = digits[--count];
	*path = '\0';
}

/* What epfd waits for on fd right now; false if it does not, or /proc does not tell. */
bool os_epoll_registered(int epfd, int fd, uint32_t *events, uint64_t *data)
{
	char path[48];
	char text[2048];
	size_t len = 0;
	bool found = false;
	fdinfo_path(path, epfd);
	int file = (int)sys4(openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	if (file < 0)
		return false;
	for (;;) {
		long got = sys3(read, file, text + len, sizeof(text) - len);
		if (got <= 0)
			break;
		len += (size_t)got;
		size_t start = 0;
		for (size_t i = 0; i < len && !found; i++) {
			if (text[i] != '\n')
				continue;
			found = read_line(text + start, text + i, fd, events, data);
			start = i + 1;
		}
		if (found || start == 0)
			break;
		memmove(text, text + start, len - start);
		len -= start;
	}
	sys1(close, file);
	return found;
}

/* The epoll sets that threads of the program have waited on lately. */
static int sets[OS_EPOLL_SETS] = {-1, -1, -1, -1, -1, -1, -1, -1};
static uint32_t next_set;
int os_last_epoll_set = -1;

void os_note_epoll_set(int epfd)
{
	for (int i = 0; i < OS_EPOLL_SETS; i++) {
		if (__atomic_load_n(&sets[i], __ATOMIC_RELAXED) == epfd)
			return;
	}
	uint32_t i = __atomic_fetch_add(&next_set, 1, __ATOMIC_RELAXED) % OS_EPOLL_SETS;
	__atomic_store_n(&sets[i], epfd, __ATOMIC_RELAXED);
}

uint32_t os_watcher_events(uint32_t events)
{
	return (events & ~EPOLLEXCLUSIVE) | (events & EPOLLOUT ? EPOLLIN : 0u);
}

int os_epoll_set(int place)
{
	return __atomic_load_n(&sets[place], __ATOMIC_RELAXED);
}
