/* SPDX-License-Identifier: MIT */
/*
 * Does somebody ask a peer that lets nobody in? The kernel is asked for what has sent a SYN, and
 * for nothing else (sock_diag(7)): /proc/net/tcp takes long where there are many sockets, and a SYN
 * does not wait for ever.
 */
#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "peer.h"
#include "program.h"

enum { SYN_SENT = 2 }; /* as in the kernel's include/net/tcp_states.h */
enum { KNOCK_MS = 5000 };

static bool is_filler(const struct peer *peer, in_port_t port)
{
	for (int i = 0; i < PEER_FILLERS; i++) {
		struct sockaddr_in addr = {0};
		socklen_t len = sizeof(addr);
		getsockname(peer->fillers[i], (struct sockaddr *)&addr, &len);
		if (addr.sin_port == port)
			return true;
	}
	return false;
}

static bool ask_kernel(int diag, in_port_t to)
{
	struct {
		struct nlmsghdr head;
		struct inet_diag_req_v2 what;
	} request = {
	    .head = {.nlmsg_len = sizeof(request),
		     .nlmsg_type = SOCK_DIAG_BY_FAMILY,
		     .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
	    .what = {.sdiag_family = AF_INET,
		     .sdiag_protocol = IPPROTO_TCP,
		     .idiag_states = 1u << SYN_SENT,
		     .id = {.idiag_dport = to}},
	};
	return send(diag, &request, sizeof(request), 0) == sizeof(request);
}

/* Is one of the sockets in these messages no filler? *over: there are no more messages. */
static bool is_among(const struct peer *peer, const void *messages, int len, bool *over)
{
	bool found = false;
	*over = len <= 0;
	for (const struct nlmsghdr *at = messages; NLMSG_OK(at, (unsigned)len);
	     at = NLMSG_NEXT(at, len)) {
		if (at->nlmsg_type == NLMSG_ERROR)
			abort();
		*over |= at->nlmsg_type == NLMSG_DONE;
		if (at->nlmsg_type == SOCK_DIAG_BY_FAMILY) {
			const struct inet_diag_msg *socket = NLMSG_DATA(at);
			found |= !is_filler(peer, socket->id.idiag_sport);
		}
	}
	return found;
}

static bool somebody_asks(const struct peer *peer, int diag)
{
	static _Alignas(struct nlmsghdr) char messages[32768];
	bool found = false, over = !ask_kernel(diag, htons((uint16_t)peer->port));
	while (!over)
		found |=
		    is_among(peer, messages, (int)recv(diag, messages, sizeof(messages), 0), &over);
	return found;
}

void peer_await_knock(struct peer *peer)
{
	int diag = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	if (diag < 0)
		abort();
	for (long end = now_ms() + KNOCK_MS; now_ms() < end && !somebody_asks(peer, diag);)
		usleep(1000);
	close(diag);
}
