/* SPDX-License-Identifier: MIT */
/*
 * What the program has set of a GnuTLS session, the latest value of each setting: what it replaced
 * may be freed by now. It is enough for another session to say the same to the same server.
 */
#ifndef REDIAL_TLS_GNUTLS_SETTINGS_H
#define REDIAL_TLS_GNUTLS_SETTINGS_H

#include "gnutls.h"

enum gnutls_priority {
	PRIORITY_NONE,
	PRIORITY_DEFAULT,
	PRIORITY_APPENDED, /* to the default: text */
	PRIORITY_TEXT,
	PRIORITY_MADE, /* by gnutls_priority_init: counted, the old session keeps it */
};

enum { GNUTLS_TEXT_MAX = 512, GNUTLS_NAME_MAX = 256, GNUTLS_ALPN_MAX = 128 };

struct gnutls_settings {
	bool unknown; /* something is set that cannot be given to another session */
	bool compatible, stapled, verifies, named, has_pointer, has_timeout;
	unsigned flags; /* of gnutls_init */
	enum gnutls_priority priority;
	unsigned priority_flags;
	void *priorities;
	void *credentials; /* certificates; NULL: none */
	void *pointer;	   /* gnutls_session_set_ptr */
	unsigned timeout_ms;
	unsigned verify_flags;
	bool verifies_host;
	uint16_t name_len;
	uint8_t alpn_len; /* of names, each behind its length */
	uint8_t alpn_flags;
	/* The transport; NULL: the library's own, on a descriptor. */
	void *pull_pointer, *push_pointer;
	gnutls_pull *pull;
	gnutls_push *push;
	gnutls_vec_push *vec_push;
	gnutls_pull_timeout *pull_timeout;
	gnutls_errno *error;
	char priority_text[GNUTLS_TEXT_MAX];
	char name[GNUTLS_NAME_MAX];
	char host[GNUTLS_NAME_MAX]; /* that the certificate is to be for */
	unsigned char alpn[GNUTLS_ALPN_MAX];
};

/* Record what has just been set, and worked. */
void gnutls_note_priority(struct gnutls_settings *settings, enum gnutls_priority priority,
			  const char *text, unsigned flags);
void gnutls_note_name(struct gnutls_settings *settings, int type, const void *name, size_t len);
void gnutls_note_alpn(struct gnutls_settings *settings, const struct gnutls_datum *names,
		      unsigned count, unsigned flags);
void gnutls_note_verify(struct gnutls_settings *settings, const char *host, unsigned flags);

/* Gives them to a new session, all but the functions of its transport. false if that fails. */
bool gnutls_apply(struct gnutls_settings *settings, void *session);

/* A rescue is over: and those, or such as do what the library's own do. */
void gnutls_apply_transport(const struct gnutls_settings *settings, void *session);

#endif
