/* SPDX-License-Identifier: MIT */
/*
 * The GnuTLS sessions of the program's that were made since its calls come by here, by their
 * pointers: sessions of this library are not counted, nor do they carry data of others.
 */
#ifndef REDIAL_TLS_GNUTLS_SESSION_H
#define REDIAL_TLS_GNUTLS_SESSION_H

#include "gnutls_settings.h"
#include "session.h"

struct gnutls_session {
	struct tls_session session; /* of whose fields for OpenSSL it uses none */
	struct gnutls_settings settings;
	void *own;	  /* the program's */
	void *shadow;	  /* what its calls go to since a rescue; NULL: they go to its own */
	void *retired;	  /* the shadow before that, while another thread may be in it */
	uint32_t users;	  /* threads in a call to either */
	uintptr_t writer; /* the thread that is in a call that writes, else 0 */
	bool bound;	  /* to a connection, for good */
	bool left;	  /* never to be bound, or not again */
	bool shaken;	  /* its handshake is over */
	bool outside;	  /* bytes of the socket moved outside of its calls */
	/* Of a rescue (gnutls_secure.c). */
	void *next;   /* shakes hands on the fresh socket */
	void *speaks; /* that one, or what there was: whose bytes go out */
	int fresh;
	bool secured;	 /* `next` has shaken hands, with whom it should */
	bool stays;	 /* what there was speaks, on the old socket */
	bool verified;	 /* the certificate is the old one */
	bool refused;	 /* something else was to be sent */
	bool lost, full; /* the fresh socket has ended, or takes nothing */
	enum reason reason;
	uint64_t received;	/* raw bytes on the fresh socket */
	uint64_t flushed;	/* those that it has taken */
	size_t written;		/* of the requests that are to be sent, so many are in `next` */
	size_t out_at, out_len; /* what that has made of them, and the socket not taken */
	char *out;
};

/* Room for them. false if there is no memory. */
bool gnutls_sessions_ready(void);

/* The library has gone, and they with it. */
void gnutls_sessions_forget(void);

/* A client's session was made: what is set of it is recorded from now on. */
void gnutls_session_made(void *own, unsigned flags);

/* NULL: nothing is known of it. */
struct gnutls_session *gnutls_session_find(void *own);

/* It is to be freed: nothing is known of it any more. */
void gnutls_session_gone(struct gnutls_session *session);

/* What its calls go to. */
static inline void *gnutls_session_now(const struct gnutls_session *session)
{
	void *shadow = __atomic_load_n(&session->shadow, __ATOMIC_ACQUIRE);
	return shadow ? shadow : session->own;
}

/* A thread goes into a call to it, and has come back. */
void gnutls_session_enter(struct gnutls_session *session);
void gnutls_session_leave(struct gnutls_session *session);

/* Another shadow takes the place of what there was. */
void gnutls_session_replace(struct gnutls_session *session, void *shadow);

/* Redial's part in it is over, but for a shadow that it has. */
void gnutls_session_give_up(struct gnutls_session *session);

/* The session that a connection is bound to. */
struct gnutls_session *gnutls_session_of(const struct conn *conn);

extern const struct tls_ops tls_gnutls __attribute__((visibility("hidden")));

#endif
