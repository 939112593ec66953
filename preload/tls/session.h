/* SPDX-License-Identifier: MIT */
/*
 * A TLS session of the program's, and the connection that carries it. They find each other by the
 * client's random bytes, which are in the first flight on the socket and are told by the library;
 * and only while a call to the library is under way on the thread that uses the socket, so that
 * nothing but the library and what it calls lies between. The functions that are given a connection
 * are called with that locked.
 */
#ifndef REDIAL_TLS_SESSION_H
#define REDIAL_TLS_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "../conn/handle.h"
#include "../conn/secured.h"
#include "here.h"
#include "library.h"

/* What the server and the connection to it were, when a rescue began. */
struct tls_pin {
	void *certificate; /* the server's own */
	long verify_result;
	int version, bits;
	unsigned alpn_len;
	uint8_t alpn[255];
};

struct tls_session {
	const struct tls_ops *ops;
	struct tls_library *library; /* OpenSSL */
	void *ssl;
	struct handle handle; /* the connection */
	union {
		struct {
			bool in_calls; /* it was met in a call that used the socket, as all others
					  must */
			bool memory;   /* the program carries its bytes to the socket: memory.h */
			bool over;     /* a rescue has failed that had cleared it: secure.c */
			bool cleared;  /* for a rescue: it is not what the program thinks */
			bool ended;    /* the socket found the end while nothing was asked of the
					  server */
			bool spent;   /* it is no connection's: another one has failed after the old
					 one */
			bool closed;  /* the server's close_notify has begun a rescue that has
					 failed */
			bool shaken;  /* a handshake has been begun again, and is not over as far as
					 is known (shake.h) */
			bool pending; /* the last call was told to come back, by us */
			bool at_end;  /* a rescue has failed of a connection that ended without one
				       */
			bool part;    /* of a record was read when that was last told */
			bool half; /* part of a record may be out, the rest is with the program */
			bool left; /* redial's part in it is over */
			bool lost; /* a rescue has failed that had cleared it: what it finds out by
				      that is no handshake of the program's */
		};
		uint64_t stands[2]; /* all of these: quick.h */
	};
	/* What quick calls have moved and is still to be told to the connection. */
	struct {
		uint64_t received, sent;
		uint32_t body_left; /* of the record whose header they have read */
	} loose;
	uint64_t read_base; /* what its BIO had read and written more than the socket */
	uint64_t written_base;
	uint64_t cookie;	/* of the connection's socket that it has shaken hands on */
	uint64_t sent_before;	/* what the socket had taken when the call now under way began */
	uint32_t popped_before; /* conn.popped then, of a quick write */
	uintptr_t thread;	/* that is in a call which may take a rescue on, else 0 */
	uintptr_t user;		/* the last one that was */
	bool shut;		/* `over`, and the program has shut it down since */
	uint32_t refused;	/* bytes of the write that fails just now */
	bool begins;		/* that call has begun the only unanswered request */
	bool marked;		/* what its error queue has is to go as far as our mark */
	/* What is written in the place of what the program writes (widen.c), else NULL. */
	char *wide;
	size_t wide_at, wide_header; /* where in it the header is, and how long */
	size_t wide_own, wide_done;  /* bytes of the program's in it, and all that are out */
	/* Of a rescue (secure.c). */
	bool shakes; /* it is one of the program's own handshake (shake.h) */
	bool writes; /* the call that takes it on is a write */
	bool tells;  /* one has failed, and the call that is under way tells of it: it is a write */
	bool worse;  /* the chain has a fault that the program may not have let stand */
	struct tls_pin pin;
	void *old_session;	   /* SSL_SESSION: the program may have borrowed from it */
	void *rbio, *wbio;	   /* memory, ours */
	void *own_rbio, *own_wbio; /* the program's, while ours are in their place */
	void *kept_wbio;	   /* the program's, for what is `over` */
	tls_verify_callback *verify;
	tls_info_callback *info;
	int verify_mode;
	bool verified; /* the certificate is the old one */
	bool greeted;  /* the first ClientHello is out, or on its way */
	bool written;  /* the requests are in wbio */
	enum reason reason;
	uint64_t received;  /* raw bytes on the fresh socket */
	uint64_t flushed;   /* those that it has taken */
	uint32_t body_left; /* of the record that is being read there */
	uint8_t head[5], head_len;
	uint32_t out_at, out_len; /* of what wbio has given, and the socket not taken */
	char *out;
};

/* tls_session.stands[0] of one that was met in a call, and of which nothing else is true. */
enum { TLS_STANDS_WELL = 1 };

/* A call of the program's to the library, on its thread; they may be nested, by callbacks. */
struct tls_call {
	const struct tls_ops *ops;
	struct tls_library *library; /* OpenSSL */
	void *ssl;
	struct tls_session *session; /* NULL while it has none */
	struct tls_call *outer;
	struct handle near; /* the connection that must be its session's, while it has none */
	uint64_t unread;    /* bytes that it may still have in memory when it is bound */
	bool nested;	    /* there is an outer one */
	bool shakes;	    /* it goes on with a handshake that is begun again */
};

struct tls_exchange;

extern const struct tls_ops tls_openssl __attribute__((visibility("hidden")));

/* What differs from one kind of library to the other. */
struct tls_ops {
	/* The client's random bytes, as many as CONN_RANDOM_LEN; false if there are none yet. */
	bool (*random)(const struct tls_call *call, uint8_t *random);
	/* A session for conn, which has been found to be the call's; NULL if it may not have one.
	 */
	struct tls_session *(*bind)(struct tls_call *call, struct conn *conn);
	/* Is nothing in between that the library has had and the socket not, or the reverse? */
	bool (*is_even)(const struct tls_session *session, const struct conn *conn);
	/* Makes the library's call: above 0 if it has worked. */
	int (*make)(struct tls_exchange *exchange);
	/* A read has come to that: by a close_notify of the server's? */
	bool (*is_closed)(const struct tls_session *session, int result);
	/* The program is to think that the library wants to read. */
	void (*put_off)(struct tls_session *session);
	/* A rescue has failed: the library is to find the end by itself. */
	void (*undo)(struct tls_session *session);
	/* It is to be as if a close_notify had come. */
	void (*close)(struct tls_session *session);
	/*
	 * Where responses may be held back (hold_text.h), else NULL: reads on, as `make` does, into
	 * memory of ours; shows what lies in the library already, and returns how many bytes; of a
	 * read that has given nothing, is it to be made again?
	 */
	int (*read)(const struct tls_exchange *exchange, char *bytes, size_t len, size_t *done);
	size_t (*look)(const struct tls_exchange *exchange, char *bytes, size_t len);
	bool (*wants)(const struct tls_session *session, int result);
	/* undo, where the program gets an answer that was held back: session.spent, if it is. */
	void (*spend)(struct tls_session *session);
	/* What the library has of the connection is forgotten. */
	void (*reset)(struct tls_session *session);
	/* Memory of the library's, for as long as the session. NULL: there is none. */
	char *(*take)(const struct tls_session *session, size_t len);
	void (*give)(const struct tls_session *session, char *memory);
	/* Bytes of its socket have moved outside of its calls. NULL: of no matter. */
	void (*moved_outside)(struct tls_session *session);
	bool at_once; /* bound while the first bytes of the server's are read, or never */
};

/* Memory to note them in: before any entry is written into a slot. false if there is none. */
bool tls_session_ready(void);

/*
 * Zeroed memory of its own, which a forked child finds as zero: the arena would hand it out once
 * more there, and is not there yet when a library is known at the process's start. NULL if there is
 * none.
 */
void *tls_own_memory(size_t len);

/* The call has its library and its session; tls_call_begin sets them for OpenSSL, of which the last
 * one is NULL if it has none. */
void tls_call_enter(struct tls_call *call);
void tls_call_begin(struct tls_call *call, struct tls_library *library, void *ssl,
		    struct tls_session *session);
void tls_call_end(struct tls_call *call);

/* Is this the only call of its thread, which alone may begin or take on a rescue? */
static inline bool tls_call_is_outermost(const struct tls_call *call)
{
	return !call->nested;
}

/* Is it a callback of a rescue's handshake that makes this call? */
static inline bool tls_session_is_driven(const struct tls_session *session)
{
	return session->own_rbio && session->thread == sys_self();
}

/* The call's session is conn's, unless it may not be. */
void tls_session_bind(struct conn *conn, struct tls_call *call);

/* Not where bytes were sent before the server was known. */
bool tls_session_may_bind(const struct tls_call *call);

/* A call on conn's socket is about to be made: binds the session whose call that is, if it can be.
 */
void tls_session_meet(struct conn *conn);

/*
 * Bytes were read for conn's session. Not within a call that came by here, though its calls use the
 * socket? Then it is also called past the slots (by dlsym), and what it has read nobody knows.
 */
bool tls_session_is_passed(const struct conn *conn);

/* tls_session_meet for the call that has read the server's first bytes. */
void tls_session_meet_first(struct conn *conn);

/* Bytes have moved over conn's socket, and are counted. */
void tls_session_note_moved(const struct conn *conn);

/* The innermost call of this thread that is no quick one, or NULL. Is it in a call at all? */
struct tls_call *tls_call_here(void);
bool tls_is_in_call(void);

/* ssl goes, with its session or NULL: a call to it that seems to be under way is one that a jump has
 * left. */
void tls_forget_calls(const void *ssl, const struct tls_session *session);

/* Is conn's session in a call on this thread, and may it begin a rescue? */
bool tls_session_is_here(const struct conn *conn);

/*
 * The end has come while nothing was asked of the server, and its thread looks: is it to be told so
 * in good order, as by a close_notify? Between two messages nothing can have been cut off.
 */
bool tls_session_ends(struct conn *conn);

/* Has no byte of the only unanswered request gone out? */
bool tls_session_has_sent_nothing(const struct conn *conn);

/* Locks the session's connection. false: it is not followed any more. */
bool tls_session_lock(struct tls_session *session);

/* Tells conn, which is the session's, what of it is loose. A quick call is none any more. */
void tls_session_tell(struct tls_session *session, struct conn *conn);

/* New base values: nothing lies between the library and the socket. */
void tls_session_rebase(struct tls_session *session, const struct conn *conn);

/* Does nothing? Nothing may be in between that one has had and the other not. */
bool tls_session_is_even(const struct tls_session *session, const struct conn *conn);

/* Has a rescue its connection? */
bool tls_session_is_busy(struct tls_session *session);

/* Redial's part in it is over. */
void tls_session_give_up(struct tls_session *session);

/* Of the library: the SSL is copied, or goes. */
tls_dup_data tls_session_dup;
tls_free_data tls_session_freed;

#endif
