/* SPDX-License-Identifier: MIT */
#include "option.h"

#include <linux/tcp.h>
#include <netinet/in.h>

#include "../os/mem.h"

/* What the headers that this is built with may lack: linux/socket.h, in.h, in6.h and tcp.h. */
enum {
	NEW_SO_PREFER_BUSY_POLL = 69,
	NEW_SO_BUSY_POLL_BUDGET = 70,
	NEW_SO_BUF_LOCK = 72,
	NEW_SO_RESERVE_MEM = 73,
	NEW_SO_TXREHASH = 74,
	NEW_SO_RCVMARK = 75,
	NEW_SO_PASSPIDFD = 76,
	NEW_SO_RCVPRIORITY = 82,
	NEW_SO_PASSRIGHTS = 83,
	NEW_SO_INQ = 84,
	NEW_IP_RECVERR_RFC4884 = 26,
	NEW_IP_LOCAL_PORT_RANGE = 51,
	NEW_IPV6_MULTICAST_ALL = 29,
	NEW_IPV6_ROUTER_ALERT_ISOLATE = 30,
	NEW_IPV6_RECVERR_RFC4884 = 31,
	NEW_IPV6_FLOWINFO = 11,
	NEW_IPV6_FLOWINFO_SEND = 33,
	NEW_TCP_RTO_MAX_MS = 44,
	NEW_TCP_RTO_MIN_US = 45,
	NEW_TCP_DELACK_MAX_US = 46,
};

#define OPTION(level, name, type, traits)                                                          \
	{                                                                                          \
		level, name, sizeof(type), traits                                                  \
	}
#define SOCK(name, traits) OPTION(SOL_SOCKET, SO_##name, int, traits)
#define IP(name, traits)   OPTION(IPPROTO_IP, IP_##name, int, traits)
#define IP6(name, traits)  OPTION(IPPROTO_IPV6, IPV6_##name, int, traits)
#define TCP(name, traits)  OPTION(IPPROTO_TCP, TCP_##name, int, traits)
#define NEW(level, name)   OPTION(level, NEW_##name, int, 0)

enum {
	LATE = WIRE_LATE,
	ONCE = WIRE_ONCE,
	TWOFOLD = WIRE_TWOFOLD,
	NAME = WIRE_NAME,
	STRUCT = WIRE_STRUCT,
	LOOK = WIRE_LOOK,
	LOOK_NEXT = WIRE_LOOK_NEXT,
	LOOK_LATE = WIRE_LOOK_LATE,
};

typedef char name_of_16[16]; /* IFNAMSIZ, TCP_CA_NAME_MAX */
typedef char two_longs[16];  /* struct timeval, of either kind */
typedef char two_ints[8];    /* struct linger, so_timestamping, sock_txtime */
typedef char packet_info[WIRE_VALUE_MAX];

const struct wire_option wire_options[] = {
    /* What most programs set comes first. */
    TCP(NODELAY, LATE | LOOK),
    SOCK(KEEPALIVE, LATE | LOOK),
    TCP(KEEPIDLE, LATE | LOOK_NEXT),
    TCP(KEEPINTVL, LATE | LOOK_NEXT),
    TCP(KEEPCNT, LATE | LOOK_NEXT),
    TCP(USER_TIMEOUT, LATE | LOOK),

    SOCK(DEBUG, 0),
    SOCK(REUSEADDR, LATE),
    SOCK(DONTROUTE, LOOK),
    SOCK(BROADCAST, 0),
    SOCK(SNDBUF, 0),
    SOCK(RCVBUF, 0),
    SOCK(SNDBUFFORCE, 0),
    SOCK(RCVBUFFORCE, 0),
    SOCK(OOBINLINE, LATE | LOOK),
    SOCK(NO_CHECK, 0),
    SOCK(PRIORITY, LOOK | LOOK_LATE),
    OPTION(SOL_SOCKET, SO_LINGER, two_ints, LATE | LOOK),
    SOCK(BSDCOMPAT, ONCE), /* the kernel knows its name, and no more */
    SOCK(REUSEPORT, 0),
    SOCK(PASSCRED, 0),
    SOCK(RCVLOWAT, 0), /* the kernel bounds it by the size of the buffer */
    OPTION(SOL_SOCKET, SO_RCVTIMEO, two_longs, LATE | LOOK),
    OPTION(SOL_SOCKET, SO_SNDTIMEO, two_longs, LATE | LOOK),
    OPTION(SOL_SOCKET, SO_BINDTODEVICE, name_of_16, NAME | LOOK),
    SOCK(TIMESTAMP_OLD, 0), /* of the answer, which may come at once */
    SOCK(PASSSEC, 0),
    SOCK(TIMESTAMPNS_OLD, 0),
    SOCK(MARK, LOOK),
    OPTION(SOL_SOCKET, SO_TIMESTAMPING_OLD, two_ints, STRUCT),
    SOCK(RXQ_OVFL, 0),
    SOCK(WIFI_STATUS, 0),
    SOCK(NOFCS, 0),
    SOCK(LOCK_FILTER, 0),
    SOCK(SELECT_ERR_QUEUE, 0),
    SOCK(BUSY_POLL, 0),
    OPTION(SOL_SOCKET, SO_MAX_PACING_RATE, two_ints, 0), /* an int, or unsigned long */
    SOCK(INCOMING_CPU, LATE),
    SOCK(CNX_ADVICE, ONCE),
    SOCK(ZEROCOPY, 0),
    OPTION(SOL_SOCKET, SO_TXTIME, two_ints, 0),
    SOCK(BINDTOIFINDEX, 0),
    SOCK(TIMESTAMP_NEW, 0),
    SOCK(TIMESTAMPNS_NEW, 0),
    OPTION(SOL_SOCKET, SO_TIMESTAMPING_NEW, two_ints, STRUCT),
    OPTION(SOL_SOCKET, SO_RCVTIMEO_NEW, two_longs, LATE),
    OPTION(SOL_SOCKET, SO_SNDTIMEO_NEW, two_longs, LATE),
    NEW(SOL_SOCKET, SO_PREFER_BUSY_POLL),
    NEW(SOL_SOCKET, SO_BUSY_POLL_BUDGET),
    NEW(SOL_SOCKET, SO_BUF_LOCK),
    NEW(SOL_SOCKET, SO_RESERVE_MEM),
    NEW(SOL_SOCKET, SO_TXREHASH),
    NEW(SOL_SOCKET, SO_RCVMARK),
    NEW(SOL_SOCKET, SO_PASSPIDFD),
    NEW(SOL_SOCKET, SO_RCVPRIORITY),
    NEW(SOL_SOCKET, SO_PASSRIGHTS),
    NEW(SOL_SOCKET, SO_INQ),

    IP(TOS, LOOK),
    IP(TTL, 0),
    IP(RECVOPTS, 0),
    IP(RETOPTS, 0),
    IP(PKTINFO, 0),
    IP(MTU_DISCOVER, 0),
    IP(RECVERR, 0),
    IP(RECVTTL, 0),
    IP(RECVTOS, 0),
    IP(FREEBIND, 0),
    IP(PASSSEC, 0),
    IP(TRANSPARENT, 0),
    IP(ORIGDSTADDR, 0),
    IP(MINTTL, 0),
    IP(CHECKSUM, 0),
    IP(BIND_ADDRESS_NO_PORT, 0),
    NEW(IPPROTO_IP, IP_RECVERR_RFC4884),
    IP(MULTICAST_LOOP, 0),
    IP(MULTICAST_ALL, 0),
    IP(UNICAST_IF, 0),
    NEW(IPPROTO_IP, IP_LOCAL_PORT_RANGE),

    TCP(MAXSEG, TWOFOLD), /* bounds what the handshake offers */
    TCP(MAXSEG, LATE),
    TCP(CORK, LATE), /* it would hold the request back */
    TCP(SYNCNT, 0),
    TCP(LINGER2, LATE),
    TCP(DEFER_ACCEPT, 0),
    TCP(WINDOW_CLAMP, TWOFOLD),
    TCP(WINDOW_CLAMP, LATE),
    TCP(QUICKACK, ONCE), /* tcp(7): it is not permanent */
    OPTION(IPPROTO_TCP, TCP_CONGESTION, name_of_16, NAME | LOOK | LOOK_LATE),
    TCP(THIN_LINEAR_TIMEOUTS, 0),
    TCP(THIN_DUPACK, 0),
    TCP(FASTOPEN, 0),
    TCP(NOTSENT_LOWAT, LATE), /* it would make the request wait */
    TCP(SAVE_SYN, 0),
    TCP(FASTOPEN_CONNECT, 0),
    TCP(FASTOPEN_NO_COOKIE, 0),
    TCP(INQ, LATE),
    TCP(TX_DELAY, 0),
    NEW(IPPROTO_TCP, TCP_RTO_MAX_MS),
    NEW(IPPROTO_TCP, TCP_RTO_MIN_US),
    NEW(IPPROTO_TCP, TCP_DELACK_MAX_US),

    IP6(V6ONLY, LOOK),
    IP6(2292PKTINFO, 0),
    IP6(2292HOPOPTS, 0),
    IP6(2292DSTOPTS, 0),
    IP6(2292RTHDR, 0),
    IP6(2292HOPLIMIT, 0),
    NEW(IPPROTO_IPV6, IPV6_FLOWINFO),
    IP6(UNICAST_HOPS, 0),
    IP6(MULTICAST_LOOP, 0),
    IP6(MTU_DISCOVER, 0),
    IP6(MTU, 0),
    IP6(RECVERR, 0),
    NEW(IPPROTO_IPV6, IPV6_MULTICAST_ALL),
    NEW(IPPROTO_IPV6, IPV6_ROUTER_ALERT_ISOLATE),
    NEW(IPPROTO_IPV6, IPV6_RECVERR_RFC4884),
    NEW(IPPROTO_IPV6, IPV6_FLOWINFO_SEND),
    IP6(RECVPKTINFO, 0),
    OPTION(IPPROTO_IPV6, IPV6_PKTINFO, packet_info, 0),
    IP6(RECVHOPLIMIT, 0),
    IP6(RECVHOPOPTS, 0),
    IP6(RECVRTHDR, 0),
    IP6(RECVDSTOPTS, 0),
    IP6(RECVPATHMTU, 0),
    IP6(DONTFRAG, 0),
    IP6(RECVTCLASS, 0),
    IP6(TCLASS, LOOK),
    IP6(AUTOFLOWLABEL, 0),
    IP6(ADDR_PREFERENCES, 0),
    IP6(MINHOPCOUNT, 0),
    IP6(ORIGDSTADDR, 0),
    IP6(TRANSPARENT, 0),
    IP6(UNICAST_IF, 0),
    IP6(RECVFRAGSIZE, 0),
    IP6(FREEBIND, 0),
};

const int wire_option_count = sizeof(wire_options) / sizeof(wire_options[0]);

int wire_option_find(int level, int name, bool connected)
{
	for (int i = 0; i < wire_option_count; i++) {
		const struct wire_option *option = &wire_options[i];
		if (option->name == name && option->level == level)
			return option->traits & WIRE_TWOFOLD && connected ? i + 1 : i;
	}
	return -1;
}

size_t wire_option_len(int option, const void *value, socklen_t given)
{
	size_t len = wire_options[option].len;
	uint8_t level = wire_options[option].level;
	if (wire_options[option].traits & WIRE_NAME) /* cut to leave room for a NUL */
		return text_len(value, given < len ? given : len - 1);
	if (wire_options[option].traits & WIRE_STRUCT && given != len)
		return sizeof(int);
	/* ip(7) takes a single byte as well; ipv6(7) does not look at less than an int. */
	if (level == IPPROTO_IP && given < sizeof(int))
		return given != 0;
	if (level == IPPROTO_IPV6 && given < sizeof(int))
		return 0;
	return given < len ? given : len;
}
