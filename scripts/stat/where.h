/* SPDX-License-Identifier: MIT */
/* Where to listen: ADDRESS:PORT or [ADDRESS]:PORT, numbers both. Asks no resolver, which a static
 * program has not. */
#ifndef REDIAL_STAT_WHERE_H
#define REDIAL_STAT_WHERE_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>

struct where {
	struct sockaddr_storage address;
	socklen_t len;
};

/* false if the text is none. An IPv6 address may have a scope behind it: fe80::1%eth0. */
bool where_read(struct where *where, const char *text);

/* As where_read has it, without the scope. */
void where_print(FILE *to, const struct where *where);

#endif
