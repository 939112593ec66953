/* SPDX-License-Identifier: MIT */
/*
 * What is known of one connection, and the events that change it. Every function here but
 * conn_open and conn_lock is called with the connection locked. How it ends: end.h.
 */
#ifndef REDIAL_CONN_H
#define REDIAL_CONN_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "../../policy/decide.h"
#include "../../policy/state.h"
#include "../http1/http1.h"
#include "../os/sys.h"
#include "../wire/notes.h"

enum {
	CONN_REQUESTS_MAX = 8,	    /* unanswered at once; a deeper pipeline is not tracked */
	CONN_REGISTRATIONS_MAX = 4, /* epoll sets that one connection may be in */
	CONN_ALIASES_MAX = 3,	    /* further descriptors for it, by dup and its kin */
	CONN_HELD_FEW = 1024,	    /* bytes of requests that are held with an exchange */
};

/* The program's registration of a descriptor in an epoll set of its own. */
struct conn_registration {
	int epfd;
	int fd;
	uint32_t events;
	uint64_t data;
} __attribute__((packed, aligned(4))); /* there is one in every connection */

/* What few connections need. */
struct conn_more {
	int aliases[CONN_ALIASES_MAX]; /* other numbers of the same socket */
	struct conn_registration registrations[CONN_REGISTRATIONS_MAX - 1]; /* beside the first */
};

/* What those have that do not: all zero, and nobody changes it. */
extern struct conn_more conn_no_more __attribute__((visibility("hidden")));

/* A request that was not answered yet; its bytes are a piece of conn.held. */
struct conn_request {
	uint32_t len;
	uint8_t method;
	bool complete;
	uint8_t attempt : 4; /* which sending of it this is (mark.h); 0: the program's own */
	uint8_t header : 4; /* 1 + the place in mark.c of the header that tells so; 0: none */
	uint8_t marked;	    /* bytes of that header that are out */
};

/*
 * What is known only from the first byte of a request on until the last one is answered. A
 * connection that is idle has none of its own.
 */
struct conn_exchange {
	uint32_t pool_link; /* the arena's */
	struct conn_request requests[CONN_REQUESTS_MAX];
	struct http1 request;  /* the one being written */
	struct http1 response; /* the one being read; its flags are 0 before its first byte */
	char bytes[];	       /* CONN_HELD_FEW of them */
};

/* What an idle connection has: all zero, and nobody changes it. */
extern struct conn_exchange conn_no_exchange __attribute__((visibility("hidden")));

enum conn_flag {
	CONN_REUSED = 1 << 0,	  /* a complete response was read on it */
	CONN_ANSWERING = 1 << 1,  /* the program has seen part of the next response */
	CONN_UNHELD = 1 << 2,	  /* some bytes of unanswered requests are not in held */
	CONN_TOO_LARGE = 1 << 3,  /* that is so because of max_request_bytes */
	CONN_SHUT_DOWN = 1 << 4,  /* the program called shutdown */
	CONN_AUTH = 1 << 5,	  /* NTLM or Negotiate was seen: authentication is its own */
	CONN_BOUND = 1 << 6,	  /* the program called bind */
	CONN_CROWDED = 1 << 7,	  /* in more epoll sets than we can put back */
	CONN_DOUBT = 1 << 8,	  /* a call got past us: forget it at the next chance */
	CONN_SHARED = 1 << 10,	  /* handed to another process: it cannot be replaced there */
	CONN_CONNECTED = 1 << 9,  /* connect was called */
	CONN_FAILED = 1 << 14,	  /* the response being read has been counted as a failure */
	CONN_ENDING = 1 << 11,	  /* SHUT_WR is to follow what is unsent */
	CONN_COUNTED = 1 << 13,	  /* by live.c */
	CONN_OPAQUE = 1 << 15,	  /* held bytes are not HTTP: forget it once they are sent */
	CONN_SERVED = 1 << 18,	  /* answered since it was last added to an epoll set */
	CONN_WATCHED = 1 << 12,	  /* the kernel was asked to notice when it goes (path.h) */
	CONN_UNLIKE = 1 << 16,	  /* no new socket could be given the options that it has */
	CONN_GREETING = 1 << 19,  /* what is written tells a proxy where to: greeting.h */
	CONN_LARGE = 1 << 21,	  /* the unanswered requests may not all be held whole */
	CONN_SECURED = 1 << 20,	  /* TLS goes over it, and is followed (secured.h) */
	CONN_LAST = 1 << 22,	  /* its server takes one more request at most, as it has said */
	CONN_RESUMES = 1 << 23,	  /* an answer of it was one that can be gone on with: resume.h */
	CONN_REVIVED = 1 << 24,	  /* its socket was there before, for a connection that was reset */
	CONN_ENDED = 1 << 25,	  /* a reset was told as the end: the next write is to tell it */
	CONN_INHERITED = 1 << 17, /* a child may have it: while it lives nothing replaces it */
};

/* What a read has to look out for. */
enum conn_care {
	CARE_STATUSES = 1 << 0, /* the policy retries some */
	CARE_PROBE = 1 << 2,	/* its first response tells whether the peer's breaker closes */
	CARE_READERS = 1 << 4, /* living sockets may be replaced: count threads that read or poll */
	CARE_HOLDING = 1 << 1, /* bytes of a response that the program has not had are held back */
	CARE_GREETING = 1 << 5, /* what is read is a proxy's answer to that */
	CARE_TOKEN = 1 << 6,	/* is it a 401, to a sending again of what serves once? */
	CARE_SECURED = 1 << 7, /* CONN_SECURED */
	CARE_IDLE = 1 << 3,	/* when the last byte came, and what heads say of idling and resuming */
};

/* What is at work on a connection, as far as this room knows it: rescue/ has the rest. */
struct rescue;
struct conn_rescue;
struct conn_local;
struct greeting;
struct conn_secured;
struct conn_resume;

struct conn {
	uint32_t pool_link; /* the arena's */
	int fd;		    /* -1 while this is free */
	uintptr_t lock;	    /* sys_self() of the thread inside, or 0 */
	struct conn_exchange *exchange; /* while a request is unanswered; never NULL */
	struct conn_more *more;		/* never NULL, for those who look without the lock */
	uint32_t life;	    /* goes up whenever this memory becomes another connection's */
	uint32_t epoch;	    /* goes up whenever another socket takes the descriptor's number */
	uint16_t writers;   /* threads between having recorded bytes and the kernel's answer */
	uint16_t popped_before; /* `popped`, cut to fit, when this socket took the number */
	uint32_t flags;	    /* mask of enum conn_flag */
	union {
		struct {
			bool busy; /* a rescue is at work: the descriptor may be its placeholder */
			uint8_t care; /* mask of enum conn_care */
		};
		uint16_t busy_or_care; /* what a read looks at first: 0, unless something is up */
	};
	uint8_t request_count;
	uint8_t registration_count;
	uint8_t peer_len;
	uint8_t alias_count;
	uint8_t readers;	   /* threads in a read, where that matters: see rescue/watch.h */
	struct wire_notes options; /* what the program has set of the socket */
	struct rescue *rescue;	   /* of the oldest unanswered request, until that is answered */
	uint64_t cookie;	   /* SO_COOKIE of the socket behind the descriptor */
	uint64_t received;	   /* bytes that the program read from it */
	struct state_peer *peer_state; /* what all processes know of the peer; never NULL */
	char *held;		       /* the unanswered requests' bytes, one after the other */
	uint32_t held_len;
	uint32_t unsent;      /* of held, at its end: pipelined requests that wait their turn */
	int8_t held_class;    /* the arena's pool that it is from; 0: exchange->bytes */
	uint8_t pollers;      /* threads that wait for it in the kernel (pollers.h) */
	uint32_t poller;      /* the last of those, cut to fit; 0: it has come back */
	uint16_t idle_hint_s; /* the server's Keep-Alive: timeout=N; 0: none (idle.h) */
	uint32_t popped;      /* requests answered so far */
	uint32_t waits;	      /* os_waits when bytes were last written */
	uint32_t idle_since;  /* os_now_ms() of the last byte read, cut to fit; 0: unknown */
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct {
			sa_family_t family;
			struct conn_local *at; /* NULL: not known whom it leads to */
		} __attribute__((packed, aligned(4))) local;
	} peer;
	struct conn_registration registration; /* the first one */
	union {
		struct greeting *greeting; /* what is said to a proxy before the first request, or
					      NULL */
		struct conn_secured *secured; /* of CONN_SECURED, which has the greeting as well */
		struct conn_resume *resume;   /* of CONN_RESUMES alone: so has this */
	};
};

/* What must be put back if the kernel did not take all that was recorded. */
struct conn_mark {
	uint32_t held_len;
	uint32_t popped;
	uint8_t request_count;
	bool writing; /* the last request was incomplete: where it stood follows */
	struct conn_request last;
	struct http1 request;
};

/* Stands in the slots of descriptors that a rescue uses: open, but none of the program's. */
extern struct conn conn_own __attribute__((visibility("hidden")));

/* Does TLS go over it, and is followed? */
static inline bool conn_is_secured(const struct conn *conn)
{
	return conn->flags & CONN_SECURED;
}

/* Starts tracking fd, of which nothing is known; whatever was tracked there before is let go. */
void conn_open(int fd);

/* The address that connect was given, the cookie of the socket, and the counts of that peer. */
void conn_connected(struct conn *conn, const struct sockaddr *addr, socklen_t len, uint64_t cookie,
		    struct state_peer *peer_state);

/* life and epoch, at once. */
static inline uint64_t conn_life_and_epoch(const struct conn *conn)
{
	typedef uint64_t __attribute__((may_alias)) both;
	_Static_assert(offsetof(struct conn, epoch) == offsetof(struct conn, life) + 4,
		       "they lie side by side");
	return __atomic_load_n((const both *)(const void *)&conn->life, __ATOMIC_RELAXED);
}

/* Is fd one of the connection's numbers? */
static inline bool conn_has(const struct conn *conn, int fd)
{
	if (__builtin_expect(conn->fd == fd, 1))
		return true;
	for (int i = 0; i < conn->alias_count; i++) {
		if (conn->more->aliases[i] == fd)
			return true;
	}
	return false;
}

/* The i-th of its registrations. */
static inline struct conn_registration *conn_registration(const struct conn *conn, int i)
{
	/* Who reads without the lock may find another one's, but memory of ours in any case. */
	return (struct conn_registration *)(i ? &conn->more->registrations[i - 1]
					      : &conn->registration);
}

/* conn_lock's way when another thread is inside, or a signal handler of the same thread. */
bool conn_lock_contended(struct conn *conn, int fd);

static inline void conn_unlock(struct conn *conn)
{
	__atomic_store_n(&conn->lock, 0, __ATOMIC_RELEASE);
}

/*
 * Enters the connection; false if it is no longer fd's or cannot be entered, then the call must
 * pass straight through. Never held across anything that blocks.
 */
static inline bool conn_lock(struct conn *conn, int fd)
{
	uintptr_t nobody = 0;
	if (__builtin_expect(!__atomic_compare_exchange_n(&conn->lock, &nobody, sys_self(), false,
							  __ATOMIC_ACQUIRE, __ATOMIC_RELAXED),
			     0))
		return conn_lock_contended(conn, fd);
	if (__builtin_expect(conn_has(conn, fd), 1))
		return true;
	conn_unlock(conn);
	return false;
}

/*
 * `alias` has become another number of the same socket. Returns false if it has too many: then the
 * connection is to end.
 */
bool conn_add_alias(struct conn *conn, int alias);

/* Room for one more registration; NULL if it has too many, or there is no memory for it. */
struct conn_registration *conn_add_registration(struct conn *conn);

/* What rescue/ has at work on it: a struct rescue begins with this one. NULL if there is none. */
static inline struct conn_rescue *conn_rescue(const struct conn *conn)
{
	return (struct conn_rescue *)(void *)conn->rescue;
}

/* Nothing is unanswered any more: gives back what is kept for that, and the copy. */
void conn_end_exchange(struct conn *conn);

/*
 * Takes note of request bytes about to be written. false if they are not HTTP/1.x: forget the
 * connection. They are recorded before they are sent, since another thread may read the answer
 * before send has returned; conn_unrecord takes them back. The bytes must be readable
 * (calls/bytes.h), but those of conn_blind.
 */
bool conn_record(struct conn *conn, const struct iovec *iov, int count, size_t len);
bool conn_record_piece(struct conn *conn, const char *bytes, size_t len);

/*
 * Goes back to mark: what the kernel has taken since is to be recorded anew. false if that cannot
 * be done any more, because an answer was read in between: forget the connection.
 */
bool conn_unrecord(struct conn *conn, const struct conn_mark *mark);

/* Of the next len bytes to be recorded, how many of the first would neither be kept nor looked at.
 */
size_t conn_blind(const struct conn *conn, size_t len);

/*
 * Takes note of len bytes of response that the program has read. false if they answer nothing, or
 * nothing more can be said of the connection: forget it.
 */
bool conn_received(struct conn *conn, const struct iovec *iov, int count, size_t len);

/* The same for bytes that were counted when they were read, and held back until now. */
bool conn_given(struct conn *conn, const struct iovec *iov, int count, size_t len);

/* A response has come to its end: it counts as one, unless it has been counted as a failure. */
void conn_count_answer(struct conn *conn);

/* Adds to the copy of what is to be sent; sets CONN_UNHELD, and has no copy, if that cannot be. */
void conn_hold(struct conn *conn, const char *bytes, size_t len);

/* Is an answer outstanding? If not, a read is a probe of an idle connection. */
static inline bool conn_waiting(const struct conn *conn)
{
	return conn->request_count != 0;
}

/* Is the last of the unanswered requests still being written? */
static inline bool conn_is_writing(const struct conn *conn)
{
	return conn->request_count && !conn->exchange->requests[conn->request_count - 1].complete;
}

/* Remembers where the connection stands. */
static inline void conn_mark(const struct conn *conn, struct conn_mark *mark)
{
	mark->request_count = conn->request_count;
	mark->held_len = conn->held_len;
	mark->popped = conn->popped;
	mark->writing = conn_is_writing(conn);
	if (mark->writing) {
		mark->request = conn->exchange->request;
		mark->last = conn->exchange->requests[conn->request_count - 1];
	}
}

/* Has the program just begun, or not even begun, the only unanswered request? */
static inline bool conn_idle_before(const struct conn *conn, const struct conn_mark *mark)
{
	return mark->request_count == 0 && conn->popped == mark->popped;
}

/* Are the held bytes what they were taken for when they were recorded (http1/lines.h)? */
bool conn_is_sound(const struct conn *conn);

/* The facts of the safety rule as far as the connection knows them; the caller adds the rest. */
void conn_facts(const struct conn *conn, struct decide_facts *facts);

/* A fresh socket has taken the number: what was read or answered before was on another one. */
void conn_renewed(struct conn *conn, uint64_t cookie);

#endif
