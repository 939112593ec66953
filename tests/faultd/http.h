/* SPDX-License-Identifier: MIT */
/* HTTP/1.x requests as faultd reads them, and the answers it makes. */
#ifndef FAULTD_HTTP_H
#define FAULTD_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct request {
	char method[32];
	char path[512];
	char id[128];	  /* X-Request-Id, "-" without one */
	char attempt[16]; /* X-Retry-Attempt, the same */
	bool http10;
	bool keep_alive;
	bool expect_continue;
	bool chunked;
	int chunk_state;
	uint64_t left; /* of the body, or of the chunk */
	uint64_t body_len;
	uint32_t sum;	   /* FNV-1a of the body so far */
	uint32_t head_sum; /* of the head without those two headers */
	bool done;
};

/* Reads the head. Returns its length, 0 if it is not whole yet, -1 if it is no HTTP/1.x. */
long request_head(struct request *request, const char *data, size_t len);

/* Reads body bytes. Returns how many belong to this request, -1 if the chunking is broken. */
long request_body(struct request *request, const char *data, size_t len);

uint32_t fnv1a(uint32_t sum, const void *data, size_t len);
#define FNV1A_START 2166136261u

struct reply {
	char *data;
	size_t len;
	bool close;	 /* the connection ends after it */
	int retry_after; /* its header's value in seconds; negative: none. Set before it is built */
};

/* From now on answers that leave the connection open say Keep-Alive: timeout=SECONDS. */
void reply_promise(int seconds);

/*
 * Builds the answer to the nth request of a connection; status 0: the path's own. Returns 0, or -1
 * when memory is short. Free data.
 */
int reply_build(struct reply *reply, const struct request *request, int status, unsigned conn,
		unsigned nth);

#endif
