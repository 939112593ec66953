/* SPDX-License-Identifier: MIT */
/*
 * The OpenSSL libraries that are loaded, and how their calls come by here: redial's entries are
 * written into the slots of those objects that import them. No name of theirs is exported. What is
 * called of them is declared here: no header of theirs is needed, and none of their structures is
 * looked into.
 */
#ifndef REDIAL_TLS_LIBRARY_H
#define REDIAL_TLS_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "given_up.h"

/* Calls that come by here: result, name, parameters, arguments (ssl first). */
#define TLS_HOOKED(X)                                                                              \
	X(int, SSL_read, (void *ssl, void *buf, int len), (ssl, buf, len))                         \
	X(int, SSL_read_ex, (void *ssl, void *buf, size_t len, size_t *done),                      \
	  (ssl, buf, len, done))                                                                   \
	X(int, SSL_peek, (void *ssl, void *buf, int len), (ssl, buf, len))                         \
	X(int, SSL_peek_ex, (void *ssl, void *buf, size_t len, size_t *done),                      \
	  (ssl, buf, len, done))                                                                   \
	X(int, SSL_write, (void *ssl, const void *buf, int len), (ssl, buf, len))                  \
	X(int, SSL_write_ex, (void *ssl, const void *buf, size_t len, size_t *done),               \
	  (ssl, buf, len, done))                                                                   \
	X(int, SSL_do_handshake, (void *ssl), (ssl))                                               \
	X(int, SSL_connect, (void *ssl), (ssl))                                                    \
	X(int, SSL_shutdown, (void *ssl), (ssl))                                                   \
	X(int, SSL_get_error, (const void *ssl, int result), (ssl, result))                        \
	X(int, SSL_pending, (const void *ssl), (ssl))                                              \
	X(int, SSL_has_pending, (const void *ssl), (ssl))

typedef int tls_verify_callback(int ok, void *store);
typedef void tls_info_callback(const void *ssl, int where, int result);

/* What is called besides, of libssl. */
#define TLS_CALLED(X)                                                                              \
	X(int, SSL_clear, (void *ssl))                                                             \
	X(void, SSL_set_connect_state, (void *ssl))                                                \
	X(int, SSL_set_session, (void *ssl, void *session))                                        \
	X(int, SSL_is_server, (const void *ssl))                                                   \
	X(int, SSL_is_init_finished, (const void *ssl))                                            \
	X(int, SSL_get_shutdown, (const void *ssl))                                                \
	X(void, SSL_set_shutdown, (void *ssl, int mode))                                           \
	X(void *, SSL_get_rbio, (const void *ssl))                                                 \
	X(void *, SSL_get_wbio, (const void *ssl))                                                 \
	X(void, SSL_set0_rbio, (void *ssl, void *bio))                                             \
	X(void, SSL_set0_wbio, (void *ssl, void *bio))                                             \
	X(size_t, SSL_get_client_random, (const void *ssl, unsigned char *out, size_t len))        \
	X(int, SSL_version, (const void *ssl))                                                     \
	X(long, SSL_get_verify_result, (const void *ssl))                                          \
	X(int, SSL_get_verify_mode, (const void *ssl))                                             \
	X(tls_verify_callback *, SSL_get_verify_callback, (const void *ssl))                       \
	X(void, SSL_set_verify, (void *ssl, int mode, tls_verify_callback *callback))              \
	X(tls_info_callback *, SSL_get_info_callback, (const void *ssl))                           \
	X(void, SSL_set_info_callback, (void *ssl, tls_info_callback *callback))                   \
	X(void, SSL_get0_alpn_selected,                                                            \
	  (const void *ssl, const unsigned char **name, unsigned int *len))                        \
	X(const void *, SSL_get_current_cipher, (const void *ssl))                                 \
	X(int, SSL_CIPHER_get_bits, (const void *cipher, int *of))                                 \
	X(int, SSL_get_early_data_status, (const void *ssl))                                       \
	X(void *, SSL_get1_session, (void *ssl))                                                   \
	X(void, SSL_SESSION_free, (void *session))                                                 \
	X(long, SSL_ctrl, (void *ssl, int command, long number, void *pointer))                    \
	X(int, SSL_set_ex_data, (void *ssl, int index, void *data))                                \
	X(void *, BIO_f_ssl, (void))                                                               \
	X(void *, SSL_get_ex_data, (const void *ssl, int index))

typedef int tls_filter(void *bio, char *buf, size_t len, size_t *done);
typedef void tls_new_data(void *, void *, void *, int, long, void *);
typedef int tls_dup_data(void *to, const void *from, void *at, int index, long, void *);
typedef void tls_free_data(void *ssl, void *data, void *all, int index, long, void *);

/* And of libcrypto. */
#define TLS_CALLED_OF_CRYPTO(X)                                                                    \
	X(const char *, OpenSSL_version, (int what))                                               \
	X(int, CRYPTO_get_ex_new_index,                                                            \
	  (int of, long number, void *pointer, tls_new_data *new, tls_dup_data *dup,               \
	   tls_free_data *free))                                                                   \
	X(void *, CRYPTO_zalloc, (size_t len, const char *file, int line))                         \
	X(void, CRYPTO_free, (void *memory, const char *file, int line))                           \
	X(int, X509_cmp, (const void *a, const void *b))                                           \
	X(int, X509_STORE_CTX_get_error, (const void *store))                                      \
	X(void, X509_free, (void *certificate))                                                    \
	X(void *, BIO_new, (const void *method))                                                   \
	X(const void *, BIO_s_mem, (void))                                                         \
	X(int, BIO_free, (void *bio))                                                              \
	X(int, BIO_up_ref, (void *bio))                                                            \
	X(int, BIO_method_type, (const void *bio))                                                 \
	X(int, BIO_read, (void *bio, void *buf, int len))                                          \
	X(int, BIO_write, (void *bio, const void *buf, int len))                                   \
	X(long, BIO_ctrl, (void *bio, int command, long number, void *pointer))                    \
	X(void, BIO_set_flags, (void *bio, int flags))                                             \
	X(void, BIO_clear_flags, (void *bio, int flags))                                           \
	X(tls_filter *, BIO_meth_get_read_ex, (const void *method))                                \
	X(tls_filter *, BIO_meth_get_write_ex, (const void *method))                               \
	X(uint64_t, BIO_number_read, (void *bio))                                                  \
	X(uint64_t, BIO_number_written, (void *bio))                                               \
	X(int, ERR_set_mark, (void))                                                               \
	X(int, ERR_pop_to_mark, (void))

enum tls_hooked {
#define X(result, name, parameters, arguments) HOOKED_##name,
	TLS_HOOKED(X)
#undef X
	    TLS_HOOKED_COUNT,
	TLS_FILTER_READ = TLS_HOOKED_COUNT,
	TLS_FILTER_WRITE,
};

struct tls_library {
	uintptr_t base; /* of libssl; 0: none is here yet */
	bool refused;	/* left alone: not one that is known */
	int index;	/* of our data in an SSL */
#define X(result, name, parameters, arguments) result(*name) parameters;
	TLS_HOOKED(X)
#undef X
#define X(result, name, parameters) result(*name) parameters;
	TLS_CALLED(X)
	TLS_CALLED_OF_CRYPTO(X)
#undef X
	void *given_up[TLS_GIVEN_UP_COUNT];
	char soname[32];
	/* Of its BIO_f_ssl, whose calls stay within the library. */
	tls_filter *filter_read, *filter_write;
	/* 1.1.1 has no SSL_get1_peer_certificate, 3.0 no SSL_get_peer_certificate. */
	void *(*get_peer_certificate)(const void *ssl);
};

enum { TLS_LIBRARIES_MAX = 4 };
/* In memory of its own, which a forked child has as well: its slots lead here too. */
extern struct tls_library *tls_libraries __attribute__((visibility("hidden")));

/*
 * What is written into slots: for the nth library a function for each hooked call. No tables, which
 * the loader would relocate at each start.
 */
void *tls_entry(int n, enum tls_hooked call);
tls_filter *tls_filter_entry(int n, bool reads);

#endif
