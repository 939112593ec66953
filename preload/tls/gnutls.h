/* SPDX-License-Identifier: MIT */
/*
 * GnuTLS, 3.7 and later, and its calls that come by here. A session of its kind cannot be begun
 * again, so a rescue makes another one like it, to which the program's calls go from then on: its
 * shadow. What the program has set of the session is recorded for that, the latest value of each
 * setting. As of OpenSSL (library.h) no header of the library's is needed, and none of its
 * structures is looked into.
 */
#ifndef REDIAL_TLS_GNUTLS_H
#define REDIAL_TLS_GNUTLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "object.h"

struct gnutls_datum {
	unsigned char *data;
	unsigned size;
};

typedef long gnutls_pull(void *pointer, void *buf, size_t len);
typedef long gnutls_push(void *pointer, const void *buf, size_t len);
typedef long gnutls_vec_push(void *pointer, const struct iovec *iov, int count);
typedef int gnutls_pull_timeout(void *pointer, unsigned ms);
typedef int gnutls_errno(void *pointer);

/* Calls that make a session, carry its bytes, or end it: result, name, parameters. */
#define GNUTLS_CARRYING(X)                                                                         \
	X(int, gnutls_init, (void **session, unsigned flags))                                      \
	X(void, gnutls_deinit, (void *session))                                                    \
	X(int, gnutls_handshake, (void *session))                                                  \
	X(long, gnutls_record_recv, (void *session, void *buf, size_t len))                        \
	X(long, gnutls_record_send, (void *session, const void *buf, size_t len))                  \
	X(long, gnutls_record_send2,                                                               \
	  (void *session, const void *buf, size_t len, size_t pad, unsigned flags))                \
	X(int, gnutls_record_get_direction, (void *session))                                       \
	X(size_t, gnutls_record_check_pending, (void *session))                                    \
	X(void, gnutls_transport_set_errno, (void *session, int error))

/* What is set of a session, and so of its shadow. */
#define GNUTLS_RECORDED(X)                                                                         \
	X(int, gnutls_priority_set, (void *session, void *priority))                               \
	X(int, gnutls_priority_set_direct,                                                         \
	  (void *session, const char *priority, const char **error))                               \
	X(int, gnutls_set_default_priority, (void *session))                                       \
	X(int, gnutls_set_default_priority_append,                                                 \
	  (void *session, const char *priority, const char **error, unsigned flags))               \
	X(int, gnutls_credentials_set, (void *session, int type, void *credentials))               \
	X(void, gnutls_credentials_clear, (void *session))                                         \
	X(int, gnutls_server_name_set, (void *session, int type, const void *name, size_t len))    \
	X(int, gnutls_alpn_set_protocols,                                                          \
	  (void *session, const struct gnutls_datum *names, unsigned count, unsigned flags))       \
	X(void, gnutls_session_enable_compatibility_mode, (void *session))                         \
	X(int, gnutls_ocsp_status_request_enable_client,                                           \
	  (void *session, struct gnutls_datum *ids, size_t count,                                  \
	   struct gnutls_datum *extensions))                                                       \
	X(void, gnutls_session_set_ptr, (void *session, void *pointer))                            \
	X(void, gnutls_session_set_verify_cert, (void *session, const char *host, unsigned flags)) \
	X(void, gnutls_record_set_timeout, (void *session, unsigned ms))                           \
	X(void, gnutls_transport_set_ptr, (void *session, void *pointer))                          \
	X(void, gnutls_transport_set_ptr2, (void *session, void *pull, void *push))                \
	X(void, gnutls_transport_set_int2, (void *session, int pull, int push))                    \
	X(void, gnutls_transport_set_pull_function, (void *session, gnutls_pull *function))        \
	X(void, gnutls_transport_set_push_function, (void *session, gnutls_push *function))        \
	X(void, gnutls_transport_set_vec_push_function,                                            \
	  (void *session, gnutls_vec_push *function))                                              \
	X(void, gnutls_transport_set_pull_timeout_function,                                        \
	  (void *session, gnutls_pull_timeout *function))                                          \
	X(void, gnutls_transport_set_errno_function, (void *session, gnutls_errno *function))

/* What a shadow answers in its session's stead: and the arguments, session first. */
#define GNUTLS_FORWARDED(X)                                                                        \
	X(int, gnutls_alert_get, (void *session), (session))                                       \
	X(int, gnutls_reauth, (void *session, unsigned flags), (session, flags))                   \
	X(int, gnutls_session_get_data, (void *session, void *data, size_t *len),                  \
	  (session, data, len))                                                                    \
	X(int, gnutls_session_get_data2, (void *session, struct gnutls_datum *data),               \
	  (session, data))                                                                         \
	X(int, gnutls_session_key_update, (void *session, unsigned flags), (session, flags))

/*
 * After one of these a session is followed no more: it ends, it sends or reads in a way that is not
 * seen, or vouches for what another session does not have. No library needs to have them all.
 */
#define GNUTLS_GIVING_UP(X)                                                                        \
	X(int, gnutls_bye, (void *session, int how), (session, how))                               \
	X(int, gnutls_rehandshake, (void *session), (session))                                     \
	X(int, gnutls_alert_send, (void *session, int level, int alert), (session, level, alert))  \
	X(int, gnutls_alert_send_appropriate, (void *session, int error), (session, error))        \
	X(int, gnutls_heartbeat_ping, (void *session, size_t len, unsigned tries, unsigned flags), \
	  (session, len, tries, flags))                                                            \
	X(int, gnutls_heartbeat_pong, (void *session, unsigned flags), (session, flags))           \
	X(void, gnutls_record_cork, (void *session), (session))                                    \
	X(int, gnutls_record_uncork, (void *session, unsigned flags), (session, flags))            \
	X(long, gnutls_record_recv_packet, (void *session, void **packet), (session, packet))      \
	X(long, gnutls_record_recv_seq, (void *session, void *buf, size_t len, void *seq),         \
	  (session, buf, len, seq))                                                                \
	X(long, gnutls_record_send_range,                                                          \
	  (void *session, const void *buf, size_t len, const void *range),                         \
	  (session, buf, len, range))                                                              \
	X(long, gnutls_record_send_file, (void *session, int fd, void *offset, size_t len),        \
	  (session, fd, offset, len))                                                              \
	X(long, gnutls_record_send_early_data, (void *session, const void *buf, size_t len),       \
	  (session, buf, len))                                                                     \
	X(int, gnutls_record_get_state,                                                            \
	  (void *session, unsigned read, void *mac, void *iv, void *key, void *seq),               \
	  (session, read, mac, iv, key, seq))                                                      \
	X(int, gnutls_record_set_state, (void *session, unsigned read, const void *seq),           \
	  (session, read, seq))                                                                    \
	X(int, gnutls_session_channel_binding, (void *session, int type, void *binding),           \
	  (session, type, binding))                                                                \
	X(int, gnutls_prf,                                                                         \
	  (void *session, size_t label_len, const char *label, int server_first, size_t extra_len, \
	   const char *extra, size_t len, char *out),                                              \
	  (session, label_len, label, server_first, extra_len, extra, len, out))                   \
	X(int, gnutls_prf_rfc5705,                                                                 \
	  (void *session, size_t label_len, const char *label, size_t context_len,                 \
	   const char *context, size_t len, char *out),                                            \
	  (session, label_len, label, context_len, context, len, out))                             \
	X(int, gnutls_prf_early,                                                                   \
	  (void *session, size_t label_len, const char *label, size_t context_len,                 \
	   const char *context, size_t len, char *out),                                            \
	  (session, label_len, label, context_len, context, len, out))                             \
	X(int, gnutls_prf_raw,                                                                     \
	  (void *session, size_t label_len, const char *label, size_t seed_len, const char *seed,  \
	   size_t len, char *out),                                                                 \
	  (session, label_len, label, seed_len, seed, len, out))                                   \
	X(void, gnutls_session_get_master_secret, (void *session, void *secret),                   \
	  (session, secret))                                                                       \
	X(int, gnutls_handshake_set_random, (void *session, const void *random),                   \
	  (session, random))                                                                       \
	X(int, gnutls_session_ext_register,                                                        \
	  (void *session, const char *name, int id, int point, void *receive, void *send,          \
	   void *end, void *pack, void *unpack, unsigned flags),                                   \
	  (session, name, id, point, receive, send, end, pack, unpack, flags))                     \
	X(int, gnutls_session_supplemental_register,                                               \
	  (void *session, const char *name, int type, void *receive, void *send, unsigned flags),  \
	  (session, name, type, receive, send, flags))                                             \
	X(void, gnutls_session_set_verify_cert2,                                                   \
	  (void *session, void *data, unsigned count, unsigned flags),                             \
	  (session, data, count, flags))                                                           \
	X(void, gnutls_transport_set_fastopen,                                                     \
	  (void *session, int fd, void *addr, unsigned len, unsigned flags),                       \
	  (session, fd, addr, len, flags))

#define GNUTLS_HOOKED(X)                                                                           \
	GNUTLS_CARRYING(X)                                                                         \
	GNUTLS_RECORDED(X)                                                                         \
	GNUTLS_FORWARDED(X)                                                                        \
	GNUTLS_GIVING_UP(X)

/* What is called besides. */
#define GNUTLS_CALLED(X)                                                                           \
	X(const char *, gnutls_check_version, (const char *least))                                 \
	X(void, gnutls_session_get_random,                                                         \
	  (void *session, struct gnutls_datum *client, struct gnutls_datum *server))               \
	X(const struct gnutls_datum *, gnutls_certificate_get_peers,                               \
	  (void *session, unsigned *count))                                                        \
	X(unsigned, gnutls_session_get_verify_cert_status, (void *session))                        \
	X(int, gnutls_protocol_get_version, (void *session))                                       \
	X(int, gnutls_cipher_get, (void *session))                                                 \
	X(size_t, gnutls_cipher_get_key_size, (int cipher))                                        \
	X(int, gnutls_alpn_get_selected_protocol, (void *session, struct gnutls_datum *name))      \
	X(void, gnutls_handshake_set_timeout, (void *session, unsigned ms))                        \
	X(int, gnutls_system_recv_timeout, (void *pointer, unsigned ms))

enum gnutls_hooked {
#define X(result, name, ...) HOOKED_##name,
	GNUTLS_HOOKED(X)
#undef X
	    GNUTLS_HOOKED_COUNT
};

struct gnutls_library {
	uintptr_t base; /* 0: none is here yet */
	bool refused;	/* left alone: not one that is known */
	bool is_alone;	/* there is no other one in the process */
#define X(result, name, parameters, ...) result(*name) parameters;
	GNUTLS_HOOKED(X)
	GNUTLS_CALLED(X)
#undef X
	/* The library's variables, which hold functions of its own. */
	void *(**allocate)(size_t len);
	void (**free)(void *memory);
	/* Is the session's encryption the kernel's? 3.7.3 and later, else NULL. */
	int (*is_ktls_enabled)(void *session);
};

/* The only one: of a second one in the same process the calls pass by. */
extern struct gnutls_library gnutls __attribute__((visibility("hidden")));

/* What is written into slots. */
void *gnutls_entry(enum gnutls_hooked call);

/* Is that the name of the library? */
bool gnutls_is_library(const char *soname);

/* What a walk over the loaded objects has seen of it. */
struct gnutls_walk {
	struct tls_object other; /* a library that is not the known one; base 0: none */
	const char *file;	 /* that one's */
	bool seen;		 /* the known one */
};

/* It is loaded, as others may be too. */
void gnutls_see(struct gnutls_walk *walk, const struct tls_object *object, const char *file);

/* All were seen: one that was not known may be now. */
void gnutls_settle(const struct gnutls_walk *walk);

/* Do calls of its come by here? */
static inline bool gnutls_is_followed(void)
{
	return gnutls.base && !gnutls.refused;
}

/* What is to be in an object's slot for that name; `value` if it is to stay. */
uintptr_t gnutls_slot(const struct tls_object *object, const char *name, uintptr_t value);

#endif
