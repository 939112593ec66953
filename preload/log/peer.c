/* SPDX-License-Identifier: MIT */
#include "peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/un.h>

#include "line.h"
#include "../os/mem.h"

static void put_local(struct log_line *line, const struct sockaddr_un *un)
{
	char name[LOG_PEER_MAX];
	bool abstract = un->sun_path[0] == '\0'; /* unix(7) */
	const char *start = un->sun_path + abstract;
	size_t len = text_len(start, sizeof(un->sun_path) - 1);
	memcpy(name, start, len);
	name[len] = '\0';
	line_put(line, abstract ? "unix:@" : "unix:");
	line_put(line, name);
	line->len = line->len < LOG_PEER_MAX ? line->len : LOG_PEER_MAX - 1;
}

void log_name_peer(char to[LOG_PEER_MAX], const struct sockaddr *peer)
{
	struct log_line line;
	line.len = 0;
	if (peer->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)peer;
		line_put_ipv4(&line, (const uint8_t *)&in->sin_addr);
		line_put(&line, ":");
		line_put_number(&line, ntohs(in->sin_port));
	} else if (peer->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)peer;
		line_put(&line, "[");
		line_put_ipv6(&line, (const uint8_t *)&in6->sin6_addr);
		line_put(&line, "]:");
		line_put_number(&line, ntohs(in6->sin6_port));
	} else if (peer->sa_family == AF_UNIX) {
		put_local(&line, (const struct sockaddr_un *)(const void *)peer);
	}
	memcpy(to, line.text, line.len);
	to[line.len] = '\0';
}
