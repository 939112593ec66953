/* SPDX-License-Identifier: MIT */
/* TLS for the peer, with a certificate made for this run. */
#ifndef REDIAL_INJECT_SECURE_H
#define REDIAL_INJECT_SECURE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct secure;

/* A key, and a certificate of localhost by itself, which goes to FOLDER/trusted.pem. */
bool secure_make(const char *folder);

struct secure *secure_new(int fd);
bool secure_accept(struct secure *secure);
ssize_t secure_read(struct secure *secure, char *bytes, size_t room);
void secure_write(struct secure *secure, const char *bytes, size_t len);
void secure_free(struct secure *secure);

#endif
