/* SPDX-License-Identifier: MIT */
#include "revive.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <stddef.h>

#include "../conn/hello.h"
#include "../os/next.h"
#include "../os/real.h"
#include "../os/sys.h"
#include "../wire/socket.h"
#include "dial.h"
#include "greet.h"
#include "inherit.h"
#include "rescue.h"

/* Those of which it is known that the kernel keeps them (net/ipv4/tcp.c, tcp_disconnect). */
static bool is_kept(const struct wire_option *option)
{
	static const struct {
		uint8_t level, name;
	} kept[] = {
	    {IPPROTO_TCP, TCP_NODELAY},	 {SOL_SOCKET, SO_KEEPALIVE},
	    {IPPROTO_TCP, TCP_KEEPIDLE}, {IPPROTO_TCP, TCP_KEEPINTVL},
	    {IPPROTO_TCP, TCP_KEEPCNT},	 {IPPROTO_TCP, TCP_USER_TIMEOUT},
	    {SOL_SOCKET, SO_REUSEADDR},	 {SOL_SOCKET, SO_SNDBUF},
	    {SOL_SOCKET, SO_RCVBUF},	 {SOL_SOCKET, SO_LINGER},
	    {SOL_SOCKET, SO_RCVTIMEO},	 {SOL_SOCKET, SO_SNDTIMEO},
	    {SOL_SOCKET, SO_PRIORITY},	 {IPPROTO_IP, IP_TOS},
	    {SOL_SOCKET, SO_OOBINLINE},
	};
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		if (kept[i].level == option->level && kept[i].name == option->name)
			return true;
	}
	return false;
}

static bool are_kept(const struct wire_notes *notes)
{
	struct wire_note note;
	for (size_t at = 0; wire_notes_next(notes, &at, &note);) {
		if (!is_kept(&wire_options[note.option]))
			return false;
	}
	return true;
}

/* Another interposer may know the number for that of a connection which it has made. */
static bool is_libcs(void)
{
	return next_find_libcs("connect") == (void *)real.connect;
}

/* Other programs were started, which have the sockets whose numbers they inherit. */
static bool started;

void rescue_revive_note_program(void)
{
	__atomic_store_n(&started, true, __ATOMIC_RELAXED);
}

/* May another program have the socket? What is alive again would be so for that one as well. */
static bool is_elsewhere(const struct conn *conn)
{
	return __atomic_load_n(&started, __ATOMIC_RELAXED) && rescue_any_inheritable(conn);
}

static bool may_revive(const struct conn *conn)
{
	const uint32_t never = CONN_BOUND | CONN_SHARED | CONN_INHERITED | CONN_GREETING |
			       CONN_SECURED | CONN_SHUT_DOWN | CONN_DOUBT;
	const struct rescue *rescue = conn->rescue;
	return wire_seen_closed(&rescue->seen) && rescue->file_flags > 0 && rescue->attempts == 2 &&
	       !rescue->placed && rescue->old == OLD_DEAD && !rescue->laid_aside &&
	       !rescue->answered && !rescue->resumes && rescue->kept < 0 &&
	       !(conn->flags & never) && !conn->readers && !conn->writers &&
	       !rescue_is_dial(rescue) && !rescue_greets(conn) && !conn_is_hello(conn) &&
	       are_kept(&conn->options) && is_libcs() && !is_elsewhere(conn);
}

/* As they are to be while it is dialed, or were. */
static bool set_flags(const struct rescue *rescue, int fd, int more)
{
	return rescue->file_flags & O_NONBLOCK ||
	       sys3(fcntl, fd, F_SETFL, rescue->file_flags | more) == 0;
}

static void set_back(const struct rescue *rescue, int fd)
{
	if (!set_flags(rescue, fd, 0))
		set_flags(rescue, fd, 0);
}

/* Not by the next interposer: nothing is to be reached. -EBUSY where a thread waits on it. */
static bool disconnect(int fd)
{
	static const struct sockaddr nobody = {.sa_family = AF_UNSPEC};
	return sys3(connect, fd, &nobody, sizeof(nobody)) == 0;
}

bool rescue_revive(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	if (!may_revive(conn) || !set_flags(rescue, conn->fd, O_NONBLOCK))
		return false;
	if (!disconnect(conn->fd)) {
		set_back(rescue, conn->fd);
		return false;
	}
	rescue->fresh = conn->fd;
	rescue->revives = true;
	return true;
}

void rescue_revive_dialed(struct conn *conn)
{
	if (conn->rescue->revives)
		set_back(conn->rescue, conn->rescue->fresh);
}

int rescue_revive_move(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	if (!rescue->revives || rescue->fresh != conn->fd)
		return 0;
	int fresh = (int)sys3(fcntl, conn->fd, F_DUPFD_CLOEXEC, 0);
	if (fresh >= 0)
		rescue_own(&rescue->fresh, fresh);
	return fresh < 0 ? fresh : 0;
}

void rescue_revived(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	rescue->revives = false;
	if (rescue->fresh == conn->fd) /* else it is a number of ours, to be closed */
		rescue->fresh = -1;
}

void rescue_revive_end(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	if (!rescue->revives || rescue->fresh < 0)
		return;
	rescue->revives = false;
	disconnect(rescue->fresh);		  /* it must not come up behind our back */
	sys2(shutdown, rescue->fresh, SHUT_RDWR); /* what is read is the end, as after a reset */
	if (rescue->fresh == conn->fd)		  /* else it is a number of ours, to be closed */
		rescue->fresh = -1;
}
