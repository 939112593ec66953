/* SPDX-License-Identifier: MIT */
/*
 * Calls to OpenSSL after which a session is left alone, as another one could not stand in for it.
 * A library need not have all of them.
 */
#ifndef REDIAL_TLS_GIVEN_UP_H
#define REDIAL_TLS_GIVEN_UP_H

/*
 * Result, name, parameters, arguments (ssl first), and what it is to the session. FOR_GOOD: also to
 * one that has no connection yet, the program has of it what no other one has (RFC 5705, RFC 5929
 * section 3), or has sent with it what was not seen. ONCE_BOUND: before that it is how it begins.
 * ANEW: the same, and so is it behind that, of which nothing of a rescue is to be left then.
 */
#define TLS_GIVEN_UP(X)                                                                            \
	X(int, SSL_export_keying_material,                                                         \
	  (void *ssl, unsigned char *out, size_t len, const char *label, size_t label_len,         \
	   const unsigned char *context, size_t context_len, int use),                             \
	  (ssl, out, len, label, label_len, context, context_len, use), FOR_GOOD)                  \
	X(int, SSL_export_keying_material_early,                                                   \
	  (void *ssl, unsigned char *out, size_t len, const char *label, size_t label_len,         \
	   const unsigned char *context, size_t context_len),                                      \
	  (ssl, out, len, label, label_len, context, context_len), FOR_GOOD)                       \
	X(size_t, SSL_get_finished, (const void *ssl, void *buf, size_t len), (ssl, buf, len),     \
	  FOR_GOOD)                                                                                \
	X(size_t, SSL_get_peer_finished, (const void *ssl, void *buf, size_t len),                 \
	  (ssl, buf, len), FOR_GOOD)                                                               \
	X(int, SSL_write_early_data, (void *ssl, const void *buf, size_t len, size_t *done),       \
	  (ssl, buf, len, done), FOR_GOOD)                                                         \
	X(long, SSL_sendfile, (void *ssl, int fd, long offset, size_t len, int flags),             \
	  (ssl, fd, offset, len, flags), FOR_GOOD)                                                 \
	X(int, SSL_renegotiate, (void *ssl), (ssl), ONCE_BOUND)                                    \
	X(int, SSL_renegotiate_abbreviated, (void *ssl), (ssl), ONCE_BOUND)                        \
	X(int, SSL_key_update, (void *ssl, int type), (ssl, type), ONCE_BOUND)                     \
	X(int, SSL_set_fd, (void *ssl, int fd), (ssl, fd), ANEW)                                   \
	X(int, SSL_set_rfd, (void *ssl, int fd), (ssl, fd), ANEW)                                  \
	X(int, SSL_set_wfd, (void *ssl, int fd), (ssl, fd), ANEW)                                  \
	X(void, SSL_set_bio, (void *ssl, void *rbio, void *wbio), (ssl, rbio, wbio), ANEW)         \
	X(void, SSL_set0_rbio, (void *ssl, void *bio), (ssl, bio), ANEW)                           \
	X(void, SSL_set0_wbio, (void *ssl, void *bio), (ssl, bio), ANEW)                           \
	X(int, SSL_clear, (void *ssl), (ssl), ANEW)                                                \
	X(void, SSL_set_connect_state, (void *ssl), (ssl), ANEW)                                   \
	X(void, SSL_set_accept_state, (void *ssl), (ssl), ANEW)

enum tls_given_up {
#define X(result, name, parameters, arguments, when) GIVES_UP_##name,
	TLS_GIVEN_UP(X)
#undef X
	    TLS_GIVEN_UP_COUNT
};

/* What is written into their slots, for the nth library. */
void *tls_given_up_entry(int n, enum tls_given_up call);

#endif
