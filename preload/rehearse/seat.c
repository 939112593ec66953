/* SPDX-License-Identifier: MIT */
#include "seat.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "../os/mem.h"
#include "../os/sys.h"

#ifndef SO_COOKIE
#define SO_COOKIE 57
#endif

enum { SEATS = 16384, PATIENCE = 200 };

/* Wiped in the child of a fork, which starts with nothing: then the owner is 0. */
static struct room {
	uint32_t owner;
	struct seat seats[SEATS];
} * room;

bool seat_open(void)
{
	long at = sys6(mmap, 0, sizeof(*room), PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (at < 0 && at > -4096)
		return false;
	sys3(madvise, at, sizeof(*room), MADV_WIPEONFORK);
	__atomic_store_n(&room, (struct room *)at, __ATOMIC_RELEASE);
	return true;
}

/* Not if this is the child of a vfork: what it closes, its parent has still. */
static bool is_ours(void)
{
	return room->owner == (uint32_t)sys0(getpid);
}

static bool take(struct seat *seat)
{
	for (int i = 0; i < PATIENCE; i++) {
		uint32_t free_one = 0;
		if (__atomic_compare_exchange_n(&seat->taken, &free_one, 1, false, __ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED))
			return true;
		sys0(sched_yield);
	}
	return false;
}

struct seat *seat_take(int fd)
{
	if (!room || fd < 0 || fd >= SEATS)
		return NULL;
	struct seat *seat = &room->seats[fd];
	if (__atomic_load_n(&seat->state, __ATOMIC_RELAXED) == SEAT_EMPTY || !is_ours() ||
	    !take(seat))
		return NULL;
	if (seat->state != SEAT_EMPTY)
		return seat;
	seat_leave(seat);
	return NULL;
}

void seat_leave(struct seat *seat)
{
	__atomic_store_n(&seat->taken, 0, __ATOMIC_RELEASE);
}

void seat_begin(int fd, uint16_t port)
{
	uint32_t nobody = 0;
	if (!room || fd < 0 || fd >= SEATS)
		return;
	__atomic_compare_exchange_n(&room->owner, &nobody, (uint32_t)sys0(getpid), false,
				    __ATOMIC_RELAXED, __ATOMIC_RELAXED);
	struct seat *seat = &room->seats[fd];
	if (!is_ours() || !take(seat))
		return;
	memset((char *)seat + sizeof(seat->taken), 0, sizeof(*seat) - sizeof(seat->taken));
	seat->port = port;
	__atomic_store_n(&seat->state, SEAT_NEW, __ATOMIC_RELAXED);
	seat_leave(seat);
}

void seat_end(int fd)
{
	struct seat *seat = seat_take(fd);
	if (!seat)
		return;
	__atomic_store_n(&seat->state, SEAT_EMPTY, __ATOMIC_RELAXED);
	seat_leave(seat);
}

uint64_t seat_cookie(int fd)
{
	uint64_t cookie = 0;
	uint32_t len = sizeof(cookie);
	long error = sys6(getsockopt, fd, SOL_SOCKET, SO_COOKIE, &cookie, &len, 0);
	return error < 0 ? 0 : cookie;
}

uint64_t seat_received(int fd)
{
	struct tcp_info info;
	uint32_t len = sizeof(info);
	memset(&info, 0, sizeof(info));
	sys6(getsockopt, fd, IPPROTO_TCP, TCP_INFO, &info, &len, 0);
	return info.tcpi_bytes_received;
}
