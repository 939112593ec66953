/* SPDX-License-Identifier: MIT */
/* All there is in one run: its clock, its program's connections, and what was drawn for it. */
#ifndef SCHEDULE_WORLD_H
#define SCHEDULE_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../policy/policy.h"

enum {
	LINKS_MAX = 8,
	LINK_REQUESTS_MAX = 16,
	WIRES_MAX = 128,
	SERVERS = 2,
	STEPS_MAX = 40000,
};

struct wire;
struct thread;

/* A growing run of bytes; older ones stay where they were until the run ends. */
struct bytes {
	char *at;
	uint32_t len, room;
};

/* A request that the program makes, once. */
struct request {
	struct link *link;
	uint32_t index; /* of those of its link */
	enum method method;
	bool keyed;
	bool repeatable; /* under the run's policy */
	const char *text;
	uint32_t len, line_len, head_len;
	bool answer_seen; /* the program has been given a byte of an answer to it */
	uint32_t sendings;
	struct wire *last_wire;
};

/* What a program waits with: epoll once and for all, by level or edge, or anew each time. */
enum waits { WAITS_POLL, WAITS_SELECT, WAITS_LEVEL, WAITS_EDGE, WAITS_ONE_SHOT, WAITS_AROUND };

/* A connection as the program sees it: one socket of its own, whatever becomes of that. */
struct link {
	uint32_t id;
	int fd;
	int server;
	struct request *requests[LINK_REQUESTS_MAX];
	uint32_t request_count;
	struct bytes stream; /* all of them, one after the other */
	uint32_t told;	     /* bytes of it that the program was told are written */
	uint32_t answered;   /* whole answers that it has had */
	struct bytes part;   /* of the next one */
	bool connected;
	bool nonblocking;
	bool failed;  /* an error was told */
	bool ended;   /* the end of the stream was told */
	bool shut;    /* the program has called shutdown */
	bool closing; /* it is closing it, or has: no more calls */
	bool left;    /* it was closed past the hooks */
	bool raced;   /* its threads have raced as they could have bare: nothing can be said */
	int busy;     /* threads in a call on it */
	int writing;  /* of them */
	int blocked;  /* of those */
	int copy;     /* another number of it, by dup, or -1 */
	bool cloexec;
	uint64_t receive_limit_ms; /* SO_RCVTIMEO; NEVER */
	uint64_t send_limit_ms;	   /* SO_SNDTIMEO; NEVER */
	uint32_t options;	   /* that it has set: a mask of places in links.c's list */
	enum waits waits;
	int epfd;	 /* the program's epoll set that it waits with, or -1 */
	uint32_t events; /* that it is in it for; 0: it is not */
};

/* What a run dwells on. */
enum theme {
	THEME_NONE,
	THEME_CLOSES, /* threads that close and reuse what others work on */
	THEME_IDLE,   /* connections that are replaced because they may be about to be closed */
	THEME_PIPES,  /* pipelines, and answers that cannot be followed */
};

/* What was drawn for the whole run. */
struct setting {
	enum theme theme;
	uint32_t switch_most; /* points until another thread is looked for, at most; 0: never */
	uint32_t fine_most;   /* the same for points between the preload's own instructions */
	uint32_t fault_rate;  /* in 1000 calls of the kernel that can fail for want of means */
	uint32_t signal_rate; /* in 1000 waits */
	bool restarts;	      /* the program's handler is installed with SA_RESTART */
	bool beside;	      /* another connection's rescue is under way all the while */
	uint32_t trouble;     /* in 1000 requests and pauses: how often servers misbehave */
	uint32_t room;	      /* of send buffers */
};

struct world {
	uint64_t now_ns;
	uint32_t steps;
	bool tracing;
	bool bare; /* the preload passes everything through */
	struct setting set;
	struct policy policy;
	struct link links[LINKS_MAX];
	uint32_t link_count;
	struct wire *wires[WIRES_MAX];
	uint32_t wire_count;
	uint64_t last_id;     /* of sockets and files */
	uint32_t changes[64]; /* of numbers, by the program's closing and the like */
	uint64_t errors[3];   /* errnos that the kernel has told in this run */
	bool meddled;	      /* some thread does things to other threads' connections */
	bool ending;	      /* the program closes what it has: servers let go of all */
};

extern struct world world;

/* Was it closed with a request half written? Nobody will answer that. */
static inline bool link_unfinished(const struct link *link)
{
	return link->closing && link->told < link->stream.len;
}

/* All as at the start of the program. */
void world_reset(void);

/* Zeroed memory until the run ends. */
void *world_alloc(size_t size);

void bytes_add(struct bytes *to, const void *from, uint32_t len);

static inline uint64_t in_ms(uint64_t ms)
{
	return world.now_ns + ms * 1000000;
}

#endif
