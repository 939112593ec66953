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

typedef bool line_function(const char *at, const char *end, void *asked);

/* Does any line of what the kernel says of that descriptor do? false if /proc does not tell. */
static bool any_line(int number, line_function *does, void *asked)
{
	char path[48];
	char text[2048];
	size_t len = 0;
	bool found = false;
	fdinfo_path(path, number);
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
			found = does(text + start, text + i, asked);
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

struct registration {
	int fd;
	uint32_t *events;
	uint64_t *data;
};

static bool is_registration(const char *at, const char *end, void *asked)
{
	const struct registration *of = asked;
	return read_line(at, end, of->fd, of->events, of->data);
}

bool os_epoll_registered(int epfd, int fd, uint32_t *events, uint64_t *data)
{
	struct registration asked = {fd, events, data};
	return any_line(epfd, is_registration, &asked);
}

/* One of an io_uring's PollList: "  op=6, task_works=0", IORING_OP_POLL_ADD. */
static bool is_poll(const char *at, const char *end, void *asked)
{
	static const char wanted[] = "  op=6,";
	(void)asked;
	return end - at >= (long)sizeof(wanted) - 1 && memcmp(at, wanted, sizeof(wanted) - 1) == 0;
}

/* The epoll sets that threads of the program have waited on: 1 + the number, 0 where there is none.
 */
static int sets[OS_EPOLL_SETS];
int os_last_epoll_set = -1;
uint32_t os_waits;

void os_note_epoll_set(int epfd)
{
	int *place = &sets[(uint32_t)epfd % OS_EPOLL_SETS];
	if (__atomic_load_n(place, __ATOMIC_RELAXED) != epfd + 1)
		__atomic_store_n(place, epfd + 1, __ATOMIC_RELAXED);
}

bool os_epoll_same(int a, int b)
{
	enum { FILES = 0 }; /* KCMP_FILE */
	if (a == b)
		return true;
	long pid = sys0(getpid);
	return sys6(kcmp, pid, pid, FILES, a, b, 0) == 0;
}

uint32_t os_watcher_events(uint32_t events)
{
	return (events & ~EPOLLEXCLUSIVE) | (events & EPOLLOUT ? EPOLLIN : 0u);
}

int os_epoll_set(int place)
{
	return __atomic_load_n(&sets[place], __ATOMIC_RELAXED) - 1;
}

/* What getdents64(2) fills in. */
struct entry {
	uint64_t inode;
	int64_t offset;
	unsigned short len;
	unsigned char type;
	char name[];
};

static bool is_like(int folder, const char *name, const char *wanted, size_t len)
{
	char link[32];
	return sys4(readlinkat, folder, name, link, sizeof(link)) == (long)len &&
	       memcmp(link, wanted, len) == 0;
}

typedef bool descriptor_function(int folder, const char *name, void *asked);

/* Does any of the process's descriptors do? false if there is no /proc. */
static bool any_descriptor(descriptor_function *does, void *asked)
{
	char room[2048] __attribute__((aligned(8)));
	bool found = false;
	long folder =
	    sys4(openat, AT_FDCWD, "/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	if (folder < 0)
		return false;
	for (long len; !found && (len = sys3(getdents64, folder, room, sizeof(room))) > 0;) {
		for (long at = 0; at < len && !found;) {
			const struct entry *entry = (const struct entry *)(void *)(room + at);
			found = entry->name[0] != '.' && does((int)folder, entry->name, asked);
			at += entry->len;
		}
	}
	sys1(close, folder);
	return found;
}

static int number_of(const char *name)
{
	const char *end = name + text_len(name, 12);
	return (int)read_number(&name, end, 10);
}

static bool is_set(int folder, const char *name)
{
	static const char set[] = "anon_inode:[eventpoll]";
	return is_like(folder, name, set, sizeof(set) - 1);
}

static bool is_ring(int folder, const char *name)
{
	static const char ring[] = "anon_inode:[io_uring]";
	return is_like(folder, name, ring, sizeof(ring) - 1);
}

static bool may_have(int folder, const char *name, void *asked)
{
	uint32_t events;
	uint64_t data;
	if (is_set(folder, name))
		return os_epoll_registered(number_of(name), *(int *)asked, &events, &data);
	return is_ring(folder, name) && any_line(number_of(name), is_poll, NULL);
}

bool os_epoll_any_may_have(int fd)
{
	return any_descriptor(may_have, &fd);
}

struct found {
	bool set, ring, polls;
};

static bool note_kind(int folder, const char *name, void *asked)
{
	struct found *found = asked;
	if (is_set(folder, name))
		found->set = true;
	else if (is_ring(folder, name)) {
		found->ring = true;
		found->polls = any_line(number_of(name), is_poll, NULL);
	}
	return found->polls;
}

bool os_ring_may_poll(void)
{
	struct found found = {false, false, false};
	any_descriptor(note_kind, &found);
	return found.polls || (found.ring && !found.set);
}
