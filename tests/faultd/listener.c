/* SPDX-License-Identifier: MIT */
#include "listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <net/ethernet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log.h"
#include "waiting.h"

static int bound_socket(const struct sockaddr_storage *addr, socklen_t len)
{
	int on = 1, fd = socket(addr->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) ||
	    bind(fd, (const struct sockaddr *)addr, len)) {
		close(fd);
		return -1;
	}
	return fd;
}

static int parse_address(const char *text, int port, struct sockaddr_storage *addr, socklen_t *len)
{
	struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM}, *found;
	char service[16];

	snprintf(service, sizeof service, "%d", port);
	if (getaddrinfo(text, service, &hints, &found))
		return -1;
	memcpy(addr, found->ai_addr, found->ai_addrlen);
	*len = found->ai_addrlen;
	freeaddrinfo(found);
	return 0;
}

int listener_open(struct listener *l, const char *address, int port)
{
	struct sockaddr_storage addr;
	socklen_t len;
	int first = -1;

	memset(l, 0, sizeof *l);
	l->packets = -1;
	if (parse_address(address, port, &addr, &len)) {
		fprintf(stderr, "faultd: --listen %s: not an IPv4 or IPv6 address\n", address);
		return -1;
	}
	/* Only a port that was asked for by number stays ours after listening has been stopped
	 * (SOCK_BINDPORT_LOCK): so a free one is found first, then bound by its number. */
	if (!port) {
		first = bound_socket(&addr, len);
		if (first < 0 || getsockname(first, (struct sockaddr *)&addr, &len))
			goto fail;
	}
	l->fd = bound_socket(&addr, len);
	if (first >= 0)
		close(first);
	if (l->fd < 0 || listen(l->fd, SOMAXCONN))
		goto fail;
	l->port = ntohs(((struct sockaddr_in *)&addr)->sin_port); /* same place in sockaddr_in6 */
	return 0;
fail:
	fprintf(stderr, "faultd: cannot listen on %s port %d: %s\n", address, port,
		strerror(errno));
	return -1;
}

/* TCP AttemptFails of this network namespace: what is left to count by without CAP_NET_RAW. */
static long attempt_fails(void)
{
	char line[1024];
	long value = -1;
	int values = 0;
	FILE *f = fopen("/proc/net/snmp", "re");

	while (f && fgets(line, sizeof line, f)) {
		if (strncmp(line, "Tcp:", 4))
			continue;
		if (values++)
			sscanf(line, "Tcp: %*d %*d %*d %*d %*d %*d %ld", &value);
	}
	if (f)
		fclose(f);
	return value;
}

/* Is this IP packet, on its way out, the RST that answers a SYN to our port? */
static bool is_refusal(const unsigned char *packet, size_t len, int port)
{
	static const unsigned char zero[4];
	const unsigned char *tcp;

	if (len >= 40 && packet[0] >> 4 == 4 && packet[9] == IPPROTO_TCP)
		tcp = packet + (packet[0] & 15) * 4;
	else if (len >= 60 && packet[0] >> 4 == 6 && packet[6] == IPPROTO_TCP)
		tcp = packet + 40;
	else
		return false;
	if (tcp + 20 > packet + len)
		return false;
	/* The sequence number tells it from the RST of a connection that stood. */
	return (tcp[0] << 8 | tcp[1]) == port && (tcp[13] & 4) && !memcmp(tcp + 4, zero, 4);
}

static int count_refusals(struct listener *l)
{
	unsigned char packet[128];
	struct sockaddr_ll from = {0};
	socklen_t from_len = sizeof from;
	int n = 0;
	ssize_t len;

	if (l->packets < 0) {
		long now = attempt_fails();

		n = (int)(now - l->refused_before);
		l->refused_before = now;
		return n;
	}
	while ((len = recvfrom(l->packets, packet, sizeof packet, 0, (struct sockaddr *)&from,
			       &from_len)) >= 0) {
		if (from.sll_pkttype == PACKET_OUTGOING && is_refusal(packet, (size_t)len, l->port))
			n++;
		from_len = sizeof from;
	}
	return n;
}

void listener_refuse(struct listener *l, int n)
{
	if (!l->refuse_left) {
		l->packets =
		    socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_ALL));
		l->refused_before = attempt_fails();
		/* Ends listening, unlike close() without giving the port away. */
		shutdown(l->fd, SHUT_RD);
	}
	l->refuse_left += n;
}

static void tick_refuse(struct listener *l)
{
	int n = count_refusals(l);

	if (!n)
		return;
	log_line("refused attempts=%d", n);
	l->refuse_left -= n;
	if (l->refuse_left > 0)
		return;
	l->refuse_left = 0;
	if (listen(l->fd, SOMAXCONN))
		fprintf(stderr, "faultd: cannot listen again: %s\n", strerror(errno));
}

/* Drops everything, or only what comes from the ports that were told to hang. */
static void set_filter(const struct listener *l)
{
	struct sock_filter code[2 * HANG_MAX + 4];
	struct sock_fprog program = {.filter = code};
	int n = 0;

	/* The filter of a TCP socket sees the segment from its TCP header on: offset 0 is the
	 * source port. */
	code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 0);
	for (int i = 0; i < l->hung; i++) {
		code[n++] =
		    (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, l->hung_port[i], 0, 1);
		code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0);
	}
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, l->hang_left ? 0 : 0xffffffff);
	program.len = (unsigned short)n;
	if (setsockopt(l->fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program))
		fprintf(stderr, "faultd: cannot drop connections: %s\n", strerror(errno));
}

void listener_hang(struct listener *l, int n)
{
	l->hang_left += n;
	set_filter(l);
}

static bool is_hung(const struct listener *l, unsigned port)
{
	for (int i = 0; i < l->hung; i++) {
		if (l->hung_port[i] == port)
			return true;
	}
	return false;
}

static void tick_hang(struct listener *l)
{
	uint16_t ports[HANG_MAX];
	int before = l->hung, count = waiting_ports(l->port, ports, HANG_MAX);

	for (int i = 0; i < count && l->hang_left && l->hung < HANG_MAX; i++) {
		if (is_hung(l, ports[i]))
			continue;
		l->hung_port[l->hung++] = ports[i];
		l->hang_left--;
		log_line("unanswered port=%u", ports[i]);
	}
	if (l->hung == HANG_MAX)
		l->hang_left = 0;
	if (l->hung != before)
		set_filter(l);
}

bool listener_needs_ticks(const struct listener *l)
{
	return l->hang_left || (l->refuse_left && l->packets < 0);
}

void listener_tick(struct listener *l)
{
	if (l->refuse_left)
		tick_refuse(l);
	if (l->hang_left)
		tick_hang(l);
}
