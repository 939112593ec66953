/* SPDX-License-Identifier: MIT */
#include "where.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static bool read_port(const char *text, in_port_t *port)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	*port = htons((uint16_t)number);
	return *text >= '0' && *text <= '9' && number <= UINT16_MAX && !*end;
}

static bool read_ipv4(struct where *where, const char *text, in_port_t port)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&where->address;

	in->sin_family = AF_INET;
	in->sin_port = port;
	where->len = sizeof(*in);
	return inet_pton(AF_INET, text, &in->sin_addr) == 1;
}

static bool read_ipv6(struct where *where, char *text, in_port_t port)
{
	struct sockaddr_in6 *in = (struct sockaddr_in6 *)&where->address;
	char *scope = strchr(text, '%');

	if (scope) {
		*scope++ = '\0';
		in->sin6_scope_id = if_nametoindex(scope);
		if (!in->sin6_scope_id)
			return false;
	}
	in->sin6_family = AF_INET6;
	in->sin6_port = port;
	where->len = sizeof(*in);
	return inet_pton(AF_INET6, text, &in->sin6_addr) == 1;
}

bool where_read(struct where *where, const char *text)
{
	char address[128];
	const char *colon = strrchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : 0;
	in_port_t port;

	memset(where, 0, sizeof(*where));
	if (!len || len >= sizeof(address) || !read_port(colon + 1, &port))
		return false;
	memcpy(address, text, len);
	address[len] = '\0';
	if (*address != '[')
		return read_ipv4(where, address, port);
	if (address[len - 1] != ']')
		return false;
	address[len - 1] = '\0';
	return read_ipv6(where, address + 1, port);
}

void where_print(FILE *to, const struct where *where)
{
	const struct sockaddr_in *four = (const struct sockaddr_in *)&where->address;
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)&where->address;
	char address[INET6_ADDRSTRLEN] = "";

	if (where->address.ss_family == AF_INET6)
		fprintf(to, "[%s]:%u",
			inet_ntop(AF_INET6, &six->sin6_addr, address, sizeof(address)),
			ntohs(six->sin6_port));
	else
		fprintf(to, "%s:%u", inet_ntop(AF_INET, &four->sin_addr, address, sizeof(address)),
			ntohs(four->sin_port));
}
