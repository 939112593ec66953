/* SPDX-License-Identifier: MIT */
/* Each socket option that a process can set is as it was after a rescue, and no other differs. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "flow.h"

enum { LEVELS = 4, NAMES = 128, VALUE_MAX = 32 };

static const int levels[LEVELS] = {SOL_SOCKET, IPPROTO_IP, IPPROTO_TCP, IPPROTO_IPV6};
static const char *const level_names[LEVELS] = {"SOL_SOCKET", "IPPROTO_IP", "IPPROTO_TCP",
						"IPPROTO_IPV6"};

struct row {
	uint8_t level; /* a place in levels */
	uint8_t name;
	uint8_t len;
	char value[23];
};

enum { S, I4, T, I6 };

/* A little-endian int, as text. */
#define INT(n)                                                                                     \
	{                                                                                          \
		(char)((n)&0xff), (char)((n) >> 8 & 0xff), (char)((n) >> 16 & 0xff),               \
		    (char)((n) >> 24 & 0xff)                                                       \
	}
#define ROW(level, name, n)                                                                        \
	{                                                                                          \
		level, name, 4, INT(n)                                                             \
	}

/* By number: not all headers know them all, nor do all kernels. */
static const struct row rows[] = {
    ROW(S, SO_DEBUG, 1),
    ROW(S, SO_REUSEADDR, 1),
    ROW(S, SO_DONTROUTE, 1),
    ROW(S, SO_BROADCAST, 1),
    ROW(S, SO_SNDBUF, 30000),
    ROW(S, SO_RCVBUF, 40000),
    ROW(S, SO_SNDBUFFORCE, 50000),
    ROW(S, SO_RCVBUFFORCE, 60000),
    ROW(S, SO_KEEPALIVE, 1),
    ROW(S, SO_OOBINLINE, 1),
    ROW(S, SO_NO_CHECK, 1),
    ROW(S, SO_PRIORITY, 5),
    ROW(S, SO_BSDCOMPAT, 1),
    {S, SO_LINGER, 8, {1, 0, 0, 0, 9}},
    ROW(S, SO_REUSEPORT, 1),
    ROW(S, SO_RCVLOWAT, 20),
    {S, SO_RCVTIMEO, 16, {7}},
    {S, SO_SNDTIMEO, 16, {9, 0, 0, 0, 0, 0, 0, 0, 0x20, (char)0xa1, 7}},
    {S, 66, 16, {6}}, /* SO_RCVTIMEO_NEW */
    {S, 67, 16, {5}},
    {S, SO_BINDTODEVICE, 3, "lo"},
    ROW(S, SO_TIMESTAMP, 1),
    ROW(S, SO_TIMESTAMPNS, 1),
    ROW(S, SO_MARK, 7),
    ROW(S, SO_TIMESTAMPING, SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE),
    ROW(S, 63, 1), /* SO_TIMESTAMP_NEW and its kin */
    ROW(S, 64, 1),
    ROW(S, 65, SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE),
    ROW(S, SO_RXQ_OVFL, 1),
    ROW(S, SO_WIFI_STATUS, 1),
    ROW(S, SO_NOFCS, 1),
    ROW(S, SO_LOCK_FILTER, 1),
    ROW(S, SO_SELECT_ERR_QUEUE, 1),
    ROW(S, SO_BUSY_POLL, 10),
    ROW(S, SO_MAX_PACING_RATE, 100000000),
    {S, SO_MAX_PACING_RATE, 8, {0, 0, 0, 0, 1}},
    ROW(S, SO_INCOMING_CPU, 0),
    ROW(S, SO_ZEROCOPY, 1),
    {S, SO_TXTIME, 8, {CLOCK_MONOTONIC, 0, 0, 0, 2}},
    ROW(S, SO_BINDTOIFINDEX, 1),
    ROW(S, 69, 1),     /* SO_PREFER_BUSY_POLL */
    ROW(S, 70, 8),     /* SO_BUSY_POLL_BUDGET */
    ROW(S, 72, 3),     /* SO_BUF_LOCK */
    ROW(S, 73, 65536), /* SO_RESERVE_MEM */
    ROW(S, 74, 0),     /* SO_TXREHASH */
    ROW(S, 75, 1),     /* SO_RCVMARK */
    ROW(S, 82, 1),     /* SO_RCVPRIORITY */
    ROW(I4, IP_TOS, 0x10),
    {I4, IP_TOS, 1, {0x20}},
    ROW(I4, IP_TTL, 3),
    ROW(I4, IP_RECVOPTS, 1),
    ROW(I4, IP_RETOPTS, 1),
    ROW(I4, IP_PKTINFO, 1),
    ROW(I4, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE),
    ROW(I4, IP_RECVERR, 1),
    ROW(I4, IP_RECVTTL, 1),
    ROW(I4, IP_RECVTOS, 1),
    ROW(I4, IP_FREEBIND, 1),
    ROW(I4, IP_PASSSEC, 1),
    ROW(I4, IP_TRANSPARENT, 1),
    ROW(I4, IP_RECVORIGDSTADDR, 1),
    ROW(I4, IP_MINTTL, 2),
    ROW(I4, IP_CHECKSUM, 1),
    ROW(I4, IP_BIND_ADDRESS_NO_PORT, 1),
    ROW(I4, 26, 1), /* IP_RECVERR_RFC4884 */
    ROW(I4, IP_MULTICAST_LOOP, 0),
    ROW(I4, IP_MULTICAST_ALL, 0),
    ROW(I4, IP_UNICAST_IF, 1 << 24),
    ROW(I4, 51, 40000 | 50000 << 16), /* IP_LOCAL_PORT_RANGE */
    ROW(T, TCP_NODELAY, 1),
    ROW(T, TCP_MAXSEG, 700),
    ROW(T, TCP_CORK, 1),
    ROW(T, TCP_KEEPIDLE, 77),
    ROW(T, TCP_KEEPINTVL, 11),
    ROW(T, TCP_KEEPCNT, 4),
    ROW(T, TCP_SYNCNT, 2),
    ROW(T, TCP_LINGER2, 3),
    ROW(T, TCP_DEFER_ACCEPT, 1),
    ROW(T, TCP_WINDOW_CLAMP, 20000),
    ROW(T, TCP_QUICKACK, 0),
    {T, TCP_CONGESTION, 4, "reno"},
    ROW(T, TCP_THIN_LINEAR_TIMEOUTS, 1),
    ROW(T, TCP_THIN_DUPACK, 1),
    ROW(T, TCP_USER_TIMEOUT, 9000),
    ROW(T, TCP_FASTOPEN, 5),
    ROW(T, TCP_NOTSENT_LOWAT, 4096),
    ROW(T, TCP_SAVE_SYN, 1),
    ROW(T, TCP_FASTOPEN_CONNECT, 1),
    ROW(T, 34, 1),	/* TCP_FASTOPEN_NO_COOKIE */
    ROW(T, 36, 1),	/* TCP_INQ */
    ROW(T, 37, 500),	/* TCP_TX_DELAY */
    ROW(T, 44, 4000),	/* TCP_RTO_MAX_MS */
    ROW(T, 45, 100000), /* TCP_RTO_MIN_US */
    ROW(T, 46, 100000), /* TCP_DELACK_MAX_US */
    ROW(I6, IPV6_V6ONLY, 1),
    ROW(I6, IPV6_2292PKTINFO, 1),
    ROW(I6, IPV6_2292HOPOPTS, 1),
    ROW(I6, IPV6_2292DSTOPTS, 1),
    ROW(I6, IPV6_2292RTHDR, 1),
    ROW(I6, IPV6_2292HOPLIMIT, 1),
    ROW(I6, 11, 1), /* IPV6_FLOWINFO */
    ROW(I6, IPV6_UNICAST_HOPS, 7),
    ROW(I6, IPV6_MULTICAST_LOOP, 0),
    ROW(I6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE),
    ROW(I6, IPV6_MTU, 1400),
    ROW(I6, IPV6_RECVERR, 1),
    ROW(I6, 29, 0), /* IPV6_MULTICAST_ALL */
    ROW(I6, 30, 1), /* IPV6_ROUTER_ALERT_ISOLATE */
    ROW(I6, 31, 1), /* IPV6_RECVERR_RFC4884 */
    ROW(I6, 33, 1), /* IPV6_FLOWINFO_SEND */
    ROW(I6, IPV6_RECVPKTINFO, 1),
    {I6, IPV6_PKTINFO, 20, {[15] = 1, [16] = 1}},
    ROW(I6, IPV6_RECVHOPLIMIT, 1),
    ROW(I6, IPV6_RECVHOPOPTS, 1),
    ROW(I6, IPV6_RECVRTHDR, 1),
    ROW(I6, IPV6_RECVDSTOPTS, 1),
    ROW(I6, IPV6_RECVPATHMTU, 1),
    ROW(I6, IPV6_DONTFRAG, 1),
    ROW(I6, IPV6_RECVTCLASS, 1),
    ROW(I6, IPV6_TCLASS, 0x20),
    ROW(I6, IPV6_AUTOFLOWLABEL, 1),
    ROW(I6, IPV6_ADDR_PREFERENCES, 2),
    ROW(I6, IPV6_MINHOPCOUNT, 1),
    ROW(I6, IPV6_RECVORIGDSTADDR, 1),
    ROW(I6, IPV6_TRANSPARENT, 1),
    ROW(I6, IPV6_UNICAST_IF, 1 << 24),
    ROW(I6, IPV6_RECVFRAGSIZE, 1),
    ROW(I6, IPV6_FREEBIND, 1),
};

struct answer {
	int error;
	socklen_t len;
	char value[VALUE_MAX];
};

typedef struct answer answers[LEVELS][NAMES];

/* What a connection has of its own, or what is an act rather than a question. */
static bool is_its_own(int level, int name, const struct row *set)
{
	bool is_set = set->level == level && set->name == name;
	switch (level) {
	case S:
		if (name == SO_SNDBUF || name == SO_RCVBUF) /* grow if they were not set */
			return set->level != S;
		return name == SO_ERROR || name == SO_INCOMING_CPU || name == SO_COOKIE ||
		       name == SO_MEMINFO || name == SO_INCOMING_NAPI_ID || name == 77;
	case I4:
		return name == 52 || name >= 64; /* the local port; those of netfilter */
	case T:
		if (name == TCP_WINDOW_CLAMP) /* of the buffer, if it was not set */
			return !is_set;
		return name == TCP_INFO || name == TCP_QUICKACK || name == TCP_CC_INFO ||
		       name == TCP_TIMESTAMP || name == TCP_ZEROCOPY_RECEIVE;
	default:
		return name == IPV6_2292PKTOPTIONS;
	}
}

static void ask_all(int fd, answers found)
{
	for (int i = 0; i < LEVELS; i++) {
		for (int name = 1; name < NAMES; name++) {
			struct answer *one = &found[i][name];
			memset(one, 0, sizeof(*one));
			one->len = sizeof(one->value);
			if (i == T && name == TCP_ZEROCOPY_RECEIVE)
				continue;
			if ((i == S && name == SO_ERROR) || (i == S && name == 77))
				continue;
			if (getsockopt(fd, levels[i], name, one->value, &one->len))
				one->error = errno;
		}
	}
}

static int compare(const struct row *set, answers before, answers after)
{
	int differ = 0;
	for (int i = 0; i < LEVELS; i++) {
		for (int name = 1; name < NAMES; name++) {
			const struct answer *a = &before[i][name], *b = &after[i][name];
			if (is_its_own(i, name, set) || !memcmp(a, b, sizeof(*a)))
				continue;
			differ++;
			say("%s %d was set; %s %d was %02x%02x%02x%02x (%s), is %02x%02x%02x%02x "
			    "(%s)",
			    level_names[set->level], set->name, level_names[i], name,
			    a->value[3] & 0xff, a->value[2] & 0xff, a->value[1] & 0xff,
			    a->value[0] & 0xff, error_name(a->error), b->value[3] & 0xff,
			    b->value[2] & 0xff, b->value[1] & 0xff, b->value[0] & 0xff,
			    error_name(b->error));
		}
	}
	return differ;
}

/* Without a word, if there is an answer. */
static bool is_answered(int fd, const char *path)
{
	char bytes[4096];
	ssize_t got;
	size_t len = 0;
	if (!ask(fd, "GET", path, NULL))
		return false;
	do {
		got = get(fd, bytes + len, sizeof(bytes) - 1 - len);
		len += got > 0 ? (size_t)got : 0;
		bytes[len] = '\0';
	} while (got > 0 && !strchr(bytes, '}'));
	return got > 0;
}

static bool set_row(int fd, const struct row *row)
{
	return setsockopt(fd, levels[row->level], row->name, row->value, row->len) == 0;
}

/* arg: "before" or "after" connect, and "nobody" for one without privileges. */
PROGRAM(options_one_by_one)
{
	static answers before, after;
	bool early = strstr(program.arg, "before");
	int count = 0, differ = 0;
	if (strstr(program.arg, "nobody") && !getuid() && (setgid(65534) || setuid(65534)))
		say("setuid: %s", error_name(errno));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int fd = dial_socket();
		bool is_set = early && set_row(fd, &rows[i]);
		dial_on(fd);
		if (!early)
			is_set = set_row(fd, &rows[i]);
		if (is_set && is_answered(fd, "/1")) {
			ask_all(fd, before);
			if (!is_answered(fd, "/2"))
				say("%s %d: %s", level_names[rows[i].level], rows[i].name,
				    error_name(errno));
			ask_all(fd, after);
			differ += compare(&rows[i], before, after);
			count++;
		}
		hang_up(fd);
	}
	say("%s set, %d differ", count > 50 ? "many" : "few", differ);
}

static void every_option_that_can_be_set_outlives_a_rescue(void)
{
	static const char *const args[] = {"before", "after", "before nobody", "after nobody"};
	static const char *const addresses[] = {"127.0.0.1", "::1"};
	for (int i = 0; i < 8; i++) {
		struct flow flow = {.program = "options_one_by_one",
				    .arg = args[i % 4],
				    .listen = addresses[i / 4],
				    .address = addresses[i / 4],
				    .faults = {"reset@2"}};
		flow.way = i % 2 ? WAY_BLOCK : WAY_POLL;
		flow_redial(&flow);
		expect_printed(&flow, "many set, 0 differ\n");
		flow_end(&flow);
	}
}

const struct runner_test options_tests[] = {
    T(every_option_that_can_be_set_outlives_a_rescue),
    T_END,
};
