/* SPDX-License-Identifier: MIT */
/* A server made of one function of the test, run by a thread of the test program. */
#ifndef REDIAL_FLOW_PEER_H
#define REDIAL_FLOW_PEER_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

struct peer;
typedef void peer_function(struct peer *peer);

struct peer {
	peer_function *serve;
	pthread_t thread;
	int listener, port;
	/* What it received, in all its connections. */
	size_t received;
	uint32_t sum; /* FNV-1a */
	int connections;
};

/* Listens on a free port of 127.0.0.1 and lets serve run. Returns 0 or -1. */
int peer_start(struct peer *peer, peer_function *serve);

/* Waits for serve to return; its accepts fail from now on. */
void peer_stop(struct peer *peer);

/* For serve functions. All give up after some seconds, or at the end of the stream: -1. */
int peer_accept(struct peer *peer);
int peer_read_until(struct peer *peer, int fd, const char *end);
int peer_read_count(struct peer *peer, int fd, size_t count);
void peer_read_all(struct peer *peer, int fd);
int peer_write(int fd, const void *bytes, size_t len);
void peer_say(int fd, const char *text);
void peer_close(int fd);
void peer_reset(int fd);

#endif
