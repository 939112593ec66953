/* SPDX-License-Identifier: MIT */
/*
 * Looks for TLS libraries among the objects that are loaded, and lets the calls of those that
 * import them come by here.
 */
#ifndef REDIAL_TLS_LOOK_H
#define REDIAL_TLS_LOOK_H

#include "gnutls.h"
#include "library.h"
#include "object.h"

/*
 * For OpenSSL and GnuTLS, as far as the policy wants them, in what has been loaded since the last
 * time. Returns whether there is any. Takes the loader's lock: no connection is to be locked. 190
 * instructions if nothing has been loaded.
 */
bool tls_look(void);

/*
 * For GnuTLS alone, in what a program is started with: it may make a session before it makes a
 * socket, and what it sets of that is to be seen. For the constructor.
 */
void tls_look_early(void);

/* A libssl that was not known, and the object that it has its libcrypto from. */
struct openssl_found {
	struct tls_library *library;
	char crypto[32];
	bool complete;
	const char *lacks; /* a function that it has not */
	char file[256];
};

/* What a walk over the loaded objects has seen of OpenSSL. */
struct openssl_walk {
	struct openssl_found found[TLS_LIBRARIES_MAX];
	int count;
	uint32_t there; /* a bit for each library that is still loaded */
};

/* An object: is it a known library? Those of which none was are gone, and their sessions too. */
void openssl_see_known(struct openssl_walk *walk, const struct tls_object *object);
void openssl_forget_gone(const struct openssl_walk *walk);

/* A libssl; then the objects that may be its libcrypto; then all were seen. */
void openssl_see(struct openssl_walk *walk, const struct tls_object *object, const char *file);
void openssl_see_crypto(struct openssl_walk *walk, const struct tls_object *object);
void openssl_settle(struct openssl_walk *walk);

/* Do calls of any come by here? */
bool openssl_is_followed(void);

/* What is to be in an object's slot for that name; `value` if it is to stay. */
uintptr_t openssl_slot(const struct tls_object *object, const char *name, uintptr_t value);

/* The libssl at a base, NULL if none is known there; 0: a free place for one. */
struct tls_library *openssl_at(uintptr_t base);

/* A libssl: what its own BIO is called for comes by here. */
void openssl_take_filter(const struct tls_object *object);

#endif
