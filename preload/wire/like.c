/* SPDX-License-Identifier: MIT */
#include "like.h"

#include <errno.h>
#include <netinet/in.h>

#include "../os/address.h"
#include "../os/mem.h"
#include "../os/option.h"
#include "../os/real.h"
#include "../os/sys.h"
#include "../os/watcher.h"

int wire_set(int fd, const struct wire_note *note)
{
	const struct wire_option *option = &wire_options[note->option];
	long error = sys6(setsockopt, fd, option->level, option->name, note->value, note->len, 0);
	return error < 0 ? WIRE_UNLIKE : 0;
}

static bool is_late(int option)
{
	return wire_options[option].traits & WIRE_LATE;
}

static int set_noted(int fd, bool late, const struct wire_notes *notes)
{
	struct wire_note note;
	for (size_t at = 0; wire_notes_next(notes, &at, &note);) {
		if (is_late(note.option) == late && wire_set(fd, &note) < 0)
			return WIRE_UNLIKE;
	}
	return 0;
}

int wire_set_early(int fd, const struct wire_note *note)
{
	return is_late(note->option) ? 0 : wire_set(fd, note);
}

/* As far as is known without a note of it, a socket has zero for each of them at first. */
static bool get(int fd, int option, struct wire_note *note)
{
	const struct wire_option *asked = &wire_options[option];
	socklen_t len = asked->len;
	*note = (struct wire_note){.option = (uint8_t)option};
	if (sys6(getsockopt, fd, asked->level, asked->name, note->value, &len, 0) < 0)
		return false;
	note->len = (uint8_t)len;
	for (size_t i = 0; i < len; i++) {
		if (note->value[i])
			return true;
	}
	return false;
}

static bool is_of_family(int option, int family)
{
	switch (wire_options[option].level) {
	case SOL_SOCKET:
		return true;
	case IPPROTO_IPV6:
		return family == AF_INET6;
	default:
		return family != AF_UNIX;
	}
}

/* last: the option before it, of those that are looked at in any case, was found set. */
static bool is_looked_at(int option, bool late, bool last)
{
	uint8_t traits = wire_options[option].traits;
	bool at_all = traits & WIRE_LOOK || (traits & WIRE_LOOK_NEXT && last);
	return at_all && late == ((traits & (WIRE_LATE | WIRE_LOOK_LATE)) != 0);
}

/* Those that calls past the hooks may have set, and redial itself has. */
static int set_unnoted(int like, int fd, int family, bool late, const struct wire_notes *notes)
{
	struct wire_note note, own;
	bool last = false;
	for (int i = 0; i < wire_option_count; i++) {
		if (!is_looked_at(i, late, last) || !is_of_family(i, family))
			continue;
		bool found = !wire_notes_have(notes, i) && get(like, i, &note);
		if (wire_options[i].traits & WIRE_LOOK)
			last = found;
		/* Others follow from what was set already, or from how the system is set up. */
		if (found && !(get(fd, i, &own) && memcmp(&own, &note, sizeof(own)) == 0) &&
		    wire_set(fd, &note) < 0)
			return WIRE_UNLIKE;
	}
	return 0;
}

static bool have(const struct wire_notes *notes, int name)
{
	return wire_notes_have(notes, wire_option_find(SOL_SOCKET, name, false));
}

static int copy_buffer_size(int like, int fd, int name)
{
	/* The kernel reports twice what was asked for (socket(7)). */
	int half = os_int(like, SOL_SOCKET, name) / 2;
	long error = sys6(setsockopt, fd, SOL_SOCKET, name, &half, sizeof(half), 0);
	return error < 0 ? WIRE_UNLIKE : 0;
}

/* Buffer sizes are copied only where the program set them: a fixed size turns autotuning off. */
static int copy_buffer_sizes(int like, int fd, const struct wire_notes *notes)
{
	enum { SNDBUF_SET = 1, RCVBUF_SET = 2 };
	const int buf_lock = 72; /* SO_BUF_LOCK, Linux 5.14 */
	int locked = os_int(like, SOL_SOCKET, buf_lock);
	int error = 0;
	if (locked & SNDBUF_SET && !have(notes, SO_SNDBUF) && !have(notes, SO_SNDBUFFORCE))
		error = copy_buffer_size(like, fd, SO_SNDBUF);
	if (locked & RCVBUF_SET && !have(notes, SO_RCVBUF) && !have(notes, SO_RCVBUFFORCE) &&
	    !error)
		error = copy_buffer_size(like, fd, SO_RCVBUF);
	return error;
}

/*
 * What the handshake, or the way that packets take, depends on, and what may fail. Every call here
 * delays the request. TCP_NODELAY can wait: the first bytes of a connection go out at once.
 */
static int begin_like(int like, int fd, int family, const struct wire_notes *notes)
{
	int error = set_noted(fd, false, notes);
	if (!error)
		error = set_unnoted(like, fd, family, false, notes);
	return error ? error : copy_buffer_sizes(like, fd, notes);
}

int wire_finish_like(int like, int fd, int family, const struct wire_notes *notes)
{
	int error = set_noted(fd, true, notes);
	return error ? error : set_unnoted(like, fd, family, true, notes);
}

/* The program's local address, any port: its own port may still be taken by the dead socket. */
static int bind_like(int fd, int like)
{
	union os_address local;
	socklen_t len = sizeof(local);
	long error = sys3(getsockname, like, &local, &len);
	if (error < 0)
		return (int)error;
	if (local.any.sa_family == AF_INET)
		local.in.sin_port = 0;
	else
		local.in6.sin6_port = 0;
	return (int)sys3(bind, fd, &local, len);
}

int wire_socket_like(int like, int family, bool bound, const struct wire_notes *notes)
{
	if (family == AF_UNIX && bound)
		return -EPROTONOSUPPORT;
	int kept = get_errno();
	int fd = real.socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int error = fd < 0 ? -get_errno() : 0;
	set_errno(kept);
	if (error)
		return error;
	error = begin_like(like, fd, family, notes);
	if (!error && bound)
		error = bind_like(fd, like);
	if (error < 0) {
		os_close(fd);
		return error;
	}
	return fd;
}
