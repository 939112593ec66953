/* SPDX-License-Identifier: MIT */
/* The state of one rescue, and the descriptors that it owns. */
#ifndef REDIAL_RESCUE_H
#define REDIAL_RESCUE_H

#include <stdbool.h>
#include <stdint.h>

#include "../../policy/decide.h"
#include "../os/arena.h"
#include "../conn/conn.h"
#include "../conn/end.h"
#include "../conn/greeting.h"
#include "../log/log.h"
#include "../wire/seen.h"
#include "route.h"

enum phase {
	PHASE_BACKOFF,	  /* until wake_ms, then dial */
	PHASE_CONNECTING, /* until wake_ms at the latest */
	PHASE_GREETING,	  /* the proxy is told where to: greet.h */
	PHASE_SECURING,	  /* until wake_ms: what is between bytes and socket has its turn */
	PHASE_SENDING,
	PHASE_RESUMING, /* of an answer that breaks off: is what comes now the rest? resume.h */
	PHASE_AWAITING, /* the new socket is in place; its first response byte ends the rescue */
	PHASE_WAITING,	/* its response, if it is watched: it is to begin until wake_ms */
	PHASE_FAILED,	/* the original error waits for the program's next call */
	PHASE_HOLDING,	/* a response that may not be for the program is coming in, in pieces */
	PHASE_GIVING,	/* the response that was held back waits for the program's next read */
};

/* What conn.c knows of a socket, while another one has the descriptor's number. */
struct rescue_picture {
	uint64_t cookie;
	uint64_t received;
	uint32_t flags;
	struct state_peer *peer_state; /* of its peer, which may be another than the fresh one's */
	struct sockaddr_in6 peer;      /* the address, of either family */
};

/* The socket that the program had when the rescue began. */
enum old_socket {
	OLD_DEAD,
	OLD_ALIVE,  /* but about to be closed: if no other can be had, it is to serve */
	OLD_IN_USE, /* the request goes out on it */
};

/* How far the proxy of the fresh socket has been told. */
struct rescue_greet {
	uint32_t heard; /* bytes of its replies */
	uint16_t said;	/* of the turn that it is at */
	uint8_t turn;
	struct greeting_reply reply;
};

struct rescue {
	struct conn_rescue conn; /* what conn/ knows of it: always the first member */
	enum phase phase;
	enum cause cause; /* of the latest failure */
	enum cause first_cause;
	int error; /* the original one: an errno, or 0 for end of stream */
	int dead;  /* the program's socket while a watcher is in its place, else -1 */
	int fresh; /* the one being connected, else -1 */
	int timer; /* with the watcher, else -1 */
	enum old_socket old;
	bool laid_aside;  /* dead has not failed and may answer yet: see rescue/watch.h */
	bool placed;	  /* the watcher has the program's descriptor */
	bool nonblocking; /* O_NONBLOCK, as the program set it */
	int file_flags;	  /* F_GETFL of the program's socket, when the failure was looked at */
	bool unsent;	  /* the kernel took no byte of the request, on any attempt */
	bool shut_down;	  /* SHUT_WR is to follow the request */
	bool blamed;	  /* the latest failure was the peer's, and counted */
	bool acked;	  /* the peer's kernel had acknowledged the request then */
	bool first;	  /* fresh is the program's own connect, and has not failed */
	bool revives;	  /* fresh is the program's own, connected anew: revive.h */
	bool unsettled;	  /* it is not known yet whether fresh stands */
	bool spent;	  /* it carries what serves once, and was sent before */
	bool told;	  /* the attempt is in the log */
	bool astray;	  /* fresh lies at the number, but what waits for it could not be put back */
	bool taken;	  /* the program was told that bytes are written which are on no socket */
	bool full;	  /* it was told that there is no room for more, and waits for some */
	bool secures;	  /* the new connection has begun to be secured */
	bool elsewhere;	  /* only a call of the program's to its TLS library can go on */
	bool starved;	  /* what is to be sent is not taken, though there is room for it */
	uint32_t fresh_events;	 /* of epoll, that fresh is waited for; 0: as os_watch has it */
	bool counted;		 /* as under way, by live.c */
	uint32_t delay_ms;	 /* before the attempt */
	uint32_t status;	 /* of the response that was held back, else 0 */
	uint32_t retry_after_ms; /* that it asks for */
	bool vetoed;		 /* it says: not again */
	bool left;		 /* to the program, which sends such requests again by itself */
	uint32_t worked_ms;	 /* if acked: from the sending to the failure */
	uint32_t attempts;	 /* sendings and dialings, the program's own included */
	uint32_t earlier;	 /* what rescues of requests before it in a pipeline did with it */
	uint32_t sent;		 /* bytes of conn.held that went out on fresh */
	uint64_t began_ms;	 /* os_now_ms() of the first failure */
	uint64_t now_ms;	 /* the clock, as last looked at */
	uint64_t wake_ms;	 /* when the phase is over at the latest */
	/*
	 * The last response that was held back, for the program if all fails: its first bytes,
	 * which were read, are here, the rest waits in its socket. That is `kept` once another
	 * one has the number; before, it is the one that is called dead.
	 */
	bool answered;
	bool off_track; /* of those bytes, the tracker cannot take more */
	int kept;
	struct rescue_picture kept_picture;
	char *answer;
	uint32_t answer_room;
	uint32_t answer_len;
	uint32_t answer_given; /* bytes of it that the program has had */
	int answer_end;	       /* the error that its socket has already told behind it, else 0 */
	/* The first bytes of one of which it is not known yet whether the program gets it. */
	char *pieces;
	uint32_t pieces_room;
	uint32_t pieces_len;
	struct http1 frame;  /* of the pieces, where all of a response is held back: hold_text.h */
	uint32_t framed;     /* bytes of them that it has been told of */
	bool whole;	     /* it is all there */
	bool asked;	     /* what it says is known: in the three fields above, and in ... */
	uint64_t asked_peer; /* ... this one, which is rescue_start.peer */
	struct wire_seen seen; /* of that socket, at the same time */
	const struct policy *policy;  /* that it began with, and whose names ... */
	struct policy_retry settings; /* ... the masks of these tell of */
	struct rescue_route route;
	struct log_request who;
	int inheritable[1 + CONN_ALIASES_MAX]; /* see inherit.h; as many as are counted */
	uint8_t inheritable_count;
	uint32_t room_told; /* length of conn.held when room to write was last told of */
	bool hushed;	    /* a wait goes on with it by itself: no word of room meanwhile */
	struct rescue_greet greet;
	uint8_t room_steps; /* for so many more steps the timer tells of it */
	bool resumes;  /* it is the rest of a body that is asked for */
	bool framing;  /* that is being given, in chunks: it is the answer that is held back */
	bool expected; /* no watcher is placed yet, but it is counted as if there were (place.h) */
	bool unlooked; /* in which epoll sets it is has not been looked for yet, and is to be */
};

/* Is nothing left of it but an error that the program is to be told? */
static inline bool rescue_has_failed(const struct conn *conn)
{
	return conn->busy && conn->rescue->phase == PHASE_FAILED;
}

/* How long the rescue has been going on. */
static inline uint64_t rescue_elapsed_ms(const struct rescue *rescue)
{
	return rescue->now_ms - rescue->began_ms;
}

/* How often the request was sent, or its peer dialed: what max_attempts bounds. */
static inline uint32_t rescue_sendings(const struct rescue *rescue)
{
	return rescue->attempts + rescue->earlier;
}

/*
 * When it is given up; never while the request waits for room in the old, living socket, or for its
 * answer: an attempt that is watched is not cut short by it.
 */
static inline uint64_t rescue_deadline_ms(const struct rescue *rescue)
{
	bool never = rescue->old == OLD_IN_USE || rescue->phase == PHASE_WAITING;
	return never ? UINT64_MAX : rescue->began_ms + rescue->settings.total_timeout_ms;
}

/*
 * Lets *slot hold a descriptor of the rescue's, under a number that may differ, so that the program
 * cannot close it by number.
 */
void rescue_own(int *slot, int fd);

/* Closes *slot's descriptor, if there is one. */
void rescue_close(int *slot);

/*
 * The same for the fresh one, while the rescue goes on: the watcher is told first, which
 * else would tell of its end again and again where it lives on: in a forked child, or as the
 * program's own under another number.
 */
void rescue_close_fresh(struct conn *conn);

/*
 * Keeps fd, the socket of the response that is held back, until it is dropped or taken. It is the
 * rescue's already. The last tells whether any is kept, more or less.
 */
void rescue_keep(struct rescue *rescue, int fd);
int rescue_take_kept(struct rescue *rescue);
bool rescue_any_kept(void);
void rescue_forget_kept(void); /* in a forked child */

/* Lets the timer fire when the rescue can go on, or is to see whether it still may. */
void rescue_set_timer(const struct rescue *rescue, uint64_t now_ms);

/* Lets go of the response that is held back, or of the pieces of one. */
void rescue_drop_answer(struct rescue *rescue);
void rescue_drop_pieces(struct rescue *rescue);

/* More room for pieces. Returns false if there is no memory. */
bool rescue_more_room(struct rescue *rescue, uint32_t room);

/* The pieces are the response that is held back, instead of the one before. */
void rescue_take_pieces(struct rescue *rescue);

/* An attempt has been planned: it is under way, until one of the two below. */
void rescue_set_out(struct rescue *rescue);

/* It has come to its end, whatever is still to be told to the program. */
void rescue_is_over(struct rescue *rescue);

/* The same for one that has failed, because of this; logs it. */
void rescue_exhausted(struct rescue *rescue, enum reason reason);

/*
 * Is it known already that the program retries by itself at this peer, or leaves its rescues? That
 * is told once.
 */
bool rescue_was_told(enum reason reason, uint64_t peer);

/* Frees conn->rescue, whose other descriptors are closed; NULL is fine. */
void rescue_free(struct conn *conn);

#endif
