/* SPDX-License-Identifier: MIT */
#include "seen.h"

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <stddef.h>
#include <sys/ioctl.h>

#include "../os/address.h"
#include "../os/sys.h"
#include "socket.h"

enum { STATE_ESTABLISHED = 1, STATE_CLOSE = 7, STATE_CLOSE_WAIT = 8 }; /* of tcpi_state */

#define TOLD(len, member)                                                                          \
	((len) >= offsetof(struct tcp_info, member) + sizeof(((struct tcp_info *)0)->member))

/*
 * The bytes that the peer's kernel has not acknowledged, of what the counts tell (Linux 4.19),
 * which were begun with the SYN: SIOCOUTQ has the same. Not where some were sent twice.
 */
static void count_unacked(const struct tcp_info *info, socklen_t len, struct wire_seen *seen)
{
	if (!TOLD(len, tcpi_bytes_retrans) || info->tcpi_bytes_retrans ||
	    info->tcpi_total_retrans || !info->tcpi_bytes_sent || !info->tcpi_bytes_acked)
		return;
	seen->unacked = (int64_t)(info->tcpi_bytes_sent - (info->tcpi_bytes_acked - 1) +
				  info->tcpi_notsent_bytes);
	seen->counted = seen->unacked >= 0;
}

void wire_see(int fd, int family, struct wire_seen *seen)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);
	*seen = (struct wire_seen){.tcp = WIRE_UNTOLD};
	if (family == AF_UNIX)
		return;
	if (sys6(getsockopt, fd, IPPROTO_TCP, TCP_INFO, &info, &len, 0) < 0 || !len) {
		seen->tcp = WIRE_NOT_TCP;
		return;
	}
	seen->state = info.tcpi_state;
	seen->timed = TOLD(len, tcpi_last_ack_recv);
	if (!seen->timed)
		return;
	seen->sent = info.tcpi_last_data_sent;
	seen->acked = info.tcpi_last_ack_recv;
	seen->heard = info.tcpi_last_data_recv;
	if (!TOLD(len, tcpi_bytes_received))
		return;
	seen->tcp = WIRE_TOLD;
	seen->received = info.tcpi_bytes_received;
	count_unacked(&info, len, seen);
}

bool wire_seen_ended(const struct wire_seen *seen)
{
	return seen->state == STATE_CLOSE || seen->state == STATE_CLOSE_WAIT;
}

bool wire_seen_closed(const struct wire_seen *seen)
{
	return seen->state == STATE_CLOSE;
}

bool wire_seen_dead(const struct wire_seen *seen, int fd)
{
	return seen->state ? seen->state != STATE_ESTABLISHED : wire_is_dead(fd);
}

/* Of what has ended by a FIN that counts as well. */
bool wire_seen_all_read(const struct wire_seen *seen, uint64_t so_far)
{
	bool fin = seen->state == STATE_CLOSE_WAIT;
	return wire_seen_ended(seen) && seen->tcp == WIRE_TOLD && seen->received == so_far + fin;
}

bool wire_seen_received(const struct wire_seen *seen, int fd, uint64_t so_far)
{
	if (seen->tcp == WIRE_UNTOLD)
		return !wire_has_unread(fd);
	/* A FIN counts as one byte; after a reset one cannot tell whether one had come. */
	return seen->tcp == WIRE_TOLD && seen->received - so_far <= 1;
}

bool wire_seen_unread(const struct wire_seen *seen, int fd, uint64_t so_far)
{
	return !wire_seen_all_read(seen, so_far) && wire_has_unread(fd);
}

bool wire_seen_sent(const struct wire_seen *seen, int fd, struct wire_sent *sent)
{
	int unacked = 0;
	if (!seen->timed || (!seen->counted && sys3(ioctl, fd, SIOCOUTQ, &unacked) < 0))
		return false;
	/* A FIN acknowledges as well, and is the last to do so; a reset leaves no trace. */
	uint32_t since = seen->state == STATE_CLOSE_WAIT ? seen->acked : 0;
	sent->unacked = seen->counted ? (uint64_t)seen->unacked : (uint64_t)unacked;
	sent->last_ms = seen->sent > since ? seen->sent - since : 0;
	sent->answered = seen->acked <= seen->sent;
	sent->heard_ms = seen->heard > since ? seen->heard - since : 0;
	return true;
}
