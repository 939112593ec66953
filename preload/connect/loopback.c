/* SPDX-License-Identifier: MIT */
#include "loopback.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>

#include "../os/address.h"
#include "../os/mem.h"
#include "../os/sys.h"

/* The address as the files write it: words of the host's order, most of them zero. */
#define LOOPBACK4 "0100007F"
#define ANY4	  "00000000"
#define LOOPBACK6 "00000000000000000000000001000000"
#define ANY6	  "00000000000000000000000000000000"

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Of four digits; a number that no port has, if they are none. */
static unsigned hex(const char *text)
{
	unsigned number = 0;
	for (int i = 0; i < 4; i++) {
		if (digit(text[i]) < 0)
			return UINT32_MAX;
		number = number << 4 | (unsigned)digit(text[i]);
	}
	return number;
}

/* "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 ..." */
enum loopback_line loopback_look(const char *line, size_t len, bool v6, unsigned port)
{
	size_t width = v6 ? sizeof(ANY6) - 1 : sizeof(ANY4) - 1;
	size_t at = 0;
	while (at < len && line[at] != ':')
		at++;
	at += 2;
	/* Local and remote address, each with its port, and the state; the heading has fewer. */
	if (at + 2 * (width + 6) + 2 > len || line[at + width] != ':')
		return LOOPBACK_OTHER;
	const char *state = line + at + 2 * (width + 6);
	if (memcmp(state, "0A", 2) != 0)
		return LOOPBACK_END; /* listeners come first */
	bool there = memcmp(line + at, v6 ? LOOPBACK6 : LOOPBACK4, width) == 0 ||
		     memcmp(line + at, v6 ? ANY6 : ANY4, width) == 0;
	return there && hex(line + at + width + 1) == port ? LOOPBACK_FOUND : LOOPBACK_OTHER;
}

static bool listens(const char *path, bool v6, unsigned port)
{
	char text[4096];
	size_t len = 0;
	enum loopback_line result = LOOPBACK_OTHER;
	int fd = (int)sys4(openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	while (fd >= 0 && result == LOOPBACK_OTHER && len < sizeof(text)) {
		long got = sys3(read, fd, text + len, sizeof(text) - len);
		if (got <= 0)
			break;
		len += (size_t)got;
		size_t start = 0;
		for (size_t i = 0; i < len && result == LOOPBACK_OTHER; i++) {
			if (text[i] != '\n')
				continue;
			result = loopback_look(text + start, i - start, v6, port);
			start = i + 1;
		}
		len -= start;
		memmove(text, text + start, len);
	}
	if (fd >= 0)
		sys1(close, fd);
	return result == LOOPBACK_FOUND;
}

bool loopback_other_listens(const struct sockaddr *addr)
{
	static const uint8_t one6[16] = {[15] = 1};
	static const uint8_t mapped[16] = {[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1};
	static const uint8_t one4[4] = {127, 0, 0, 1};
	const union os_address *any = (const union os_address *)(const void *)addr;
	unsigned port =
	    __builtin_bswap16(any->in.sin_port); /* at the same place in both families */
	if (addr->sa_family == AF_INET)
		return memcmp(&any->in.sin_addr, one4, sizeof(one4)) == 0 &&
		       listens("/proc/net/tcp6", true, port);
	if (addr->sa_family != AF_INET6)
		return false;
	if (memcmp(&any->in6.sin6_addr, mapped, sizeof(mapped)) == 0)
		return listens("/proc/net/tcp6", true, port);
	return memcmp(&any->in6.sin6_addr, one6, sizeof(one6)) == 0 &&
	       listens("/proc/net/tcp", false, port);
}
