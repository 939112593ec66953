/* SPDX-License-Identifier: MIT */
/* What can be asked of a socket, and what it has to say, whatever lies at its number meanwhile. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "draw.h"
#include "judge.h"
#include "program.h"
#include "trace.h"

static void ask_options(struct link *link)
{
	static const int names[] = {SO_TYPE, SO_DOMAIN, SO_PROTOCOL};
	static const int wanted[] = {SOCK_STREAM, AF_INET, IPPROTO_TCP};
	uint32_t which = draw(3);
	int value = -1;
	socklen_t len = sizeof(value);
	call_begin("getsockopt", link, link->fd, 0);
	long result =
	    call_end(preload_getsockopt(link->fd, SOL_SOCKET, names[which], &value, &len));
	if (!result && value != wanted[which] && link_usable(link))
		judge_fail("placeholder", "link %u is said to be of type, domain or protocol %d",
			   link->id, value);
}

static void ask_flags(struct link *link)
{
	call_begin("fcntl, F_GETFL", link, link->fd, 0);
	int flags = (int)call_end(preload_fcntl(link->fd, F_GETFL, NULL));
	/* Another thread may be about to set them. */
	if (flags >= 0 && link_usable(link) && !link->busy &&
	    !!(flags & O_NONBLOCK) != link->nonblocking)
		judge_fail("placeholder", "link %u is said to be %sblocking", link->id,
			   flags & O_NONBLOCK ? "non-" : "");
	if (!link_usable(link))
		return;
	call_begin("fcntl, F_GETFD", link, link->fd, 0);
	flags = (int)call_end(preload_fcntl(link->fd, F_GETFD, NULL));
	if (flags >= 0 && link_usable(link) && !!(flags & FD_CLOEXEC) != link->cloexec)
		judge_fail("placeholder", "link %u is said to be %sclose-on-exec", link->id,
			   flags & FD_CLOEXEC ? "" : "not ");
}

static void ask_names(struct link *link)
{
	struct sockaddr_in addr = {0};
	socklen_t len = sizeof(addr);
	uint32_t server = PROGRAM_ADDRESS + (uint32_t)link->server;
	if (draw(2)) {
		call_begin("getsockname", link, link->fd, 0);
		call_end(preload_getsockname(link->fd, (void *)&addr, &len));
		return;
	}
	call_begin("getpeername", link, link->fd, 0);
	long result = preload_getpeername(link->fd, (void *)&addr, &len);
	/* Once a connection has ended the kernel knows no peer any more. */
	if (result < 0 && call_error() == ENOTCONN)
		result = 1;
	call_end(result);
	if (!result && link_usable(link) && ntohl(addr.sin_addr.s_addr) != server)
		judge_fail("placeholder", "link %u is said to go elsewhere", link->id);
}

static void ask_unread(struct link *link)
{
	int unread = 0;
	call_begin("ioctl, FIONREAD", link, link->fd, 0);
	call_end(preload_ioctl(link->fd, FIONREAD, &unread));
}

void link_ask(struct link *link)
{
	if (!link_usable(link))
		return;
	switch (draw(5)) {
	case 0:
		ask_options(link);
		break;
	case 1:
		ask_flags(link);
		break;
	case 2:
		ask_names(link);
		break;
	case 3:
		link_ask_option(link);
		break;
	default:
		ask_unread(link);
	}
}
