/* SPDX-License-Identifier: MIT */
#include "gnutls_record.h"

#include "gnutls_session.h"

/* Makes the call, and then what follows for a session that is known, as `settings`. */
#define MADE(call, ...)                                                                            \
	int made = gnutls.call;                                                                    \
	struct gnutls_session *known = made < 0 ? NULL : gnutls_session_find(session);             \
	if (known) {                                                                               \
		struct gnutls_settings *settings = &known->settings;                               \
		__VA_ARGS__;                                                                       \
	}                                                                                          \
	return made

int on_gnutls_priority_set(void *session, void *priority)
{
	MADE(gnutls_priority_set(session, priority), settings->priorities = priority;
	     gnutls_note_priority(settings, PRIORITY_MADE, NULL, 0));
}

int on_gnutls_priority_set_direct(void *session, const char *priority, const char **error)
{
	MADE(gnutls_priority_set_direct(session, priority, error),
	     gnutls_note_priority(settings, PRIORITY_TEXT, priority, 0));
}

int on_gnutls_set_default_priority(void *session)
{
	MADE(gnutls_set_default_priority(session),
	     gnutls_note_priority(settings, PRIORITY_DEFAULT, NULL, 0));
}

int on_gnutls_set_default_priority_append(void *session, const char *priority, const char **error,
					  unsigned flags)
{
	MADE(gnutls_set_default_priority_append(session, priority, error, flags),
	     gnutls_note_priority(settings, PRIORITY_APPENDED, priority, flags));
}

int on_gnutls_server_name_set(void *session, int type, const void *name, size_t len)
{
	MADE(gnutls_server_name_set(session, type, name, len),
	     gnutls_note_name(settings, type, name, len));
}

int on_gnutls_alpn_set_protocols(void *session, const struct gnutls_datum *names, unsigned count,
				 unsigned flags)
{
	MADE(gnutls_alpn_set_protocols(session, names, count, flags),
	     gnutls_note_alpn(settings, names, count, flags));
}

int on_gnutls_ocsp_status_request_enable_client(void *session, struct gnutls_datum *ids,
						size_t count, struct gnutls_datum *extensions)
{
	MADE(gnutls_ocsp_status_request_enable_client(session, ids, count, extensions),
	     settings->stapled = true;
	     settings->unknown |= count || extensions);
}

/* Makes a call that says nothing of how it went on the session, and where it counts on its shadow.
 */
#define SET(name, ...)                                                                             \
	struct gnutls_session *known = gnutls_session_find(session);                               \
	gnutls.name(session, ##__VA_ARGS__);                                                       \
	if (known && known->shadow)                                                                \
		gnutls.name(known->shadow, ##__VA_ARGS__);                                         \
	if (!known)                                                                                \
		return;                                                                            \
	struct gnutls_settings *settings = &known->settings

int on_gnutls_credentials_set(void *session, int type, void *credentials)
{
	enum { CERTIFICATE = 1 }; /* GNUTLS_CRD_CERTIFICATE */
	MADE(gnutls_credentials_set(session, type, credentials),
	     settings->unknown |= type != CERTIFICATE;
	     settings->credentials = credentials;
	     if (known->shadow) gnutls.gnutls_credentials_set(known->shadow, type, credentials));
}

void on_gnutls_credentials_clear(void *session)
{
	SET(gnutls_credentials_clear);
	settings->credentials = NULL;
}

void on_gnutls_session_enable_compatibility_mode(void *session)
{
	SET(gnutls_session_enable_compatibility_mode);
	settings->compatible = true;
}

void on_gnutls_session_set_ptr(void *session, void *pointer)
{
	SET(gnutls_session_set_ptr, pointer);
	settings->has_pointer = true;
	settings->pointer = pointer;
}

void on_gnutls_session_set_verify_cert(void *session, const char *host, unsigned flags)
{
	SET(gnutls_session_set_verify_cert, host, flags);
	gnutls_note_verify(settings, host, flags);
}

void on_gnutls_record_set_timeout(void *session, unsigned ms)
{
	SET(gnutls_record_set_timeout, ms);
	settings->has_timeout = true;
	settings->timeout_ms = ms;
}

void on_gnutls_transport_set_ptr(void *session, void *pointer)
{
	SET(gnutls_transport_set_ptr, pointer);
	settings->pull_pointer = settings->push_pointer = pointer;
}

void on_gnutls_transport_set_ptr2(void *session, void *pull, void *push)
{
	SET(gnutls_transport_set_ptr2, pull, push);
	settings->pull_pointer = pull;
	settings->push_pointer = push;
}

void on_gnutls_transport_set_int2(void *session, int pull, int push)
{
	SET(gnutls_transport_set_int2, pull, push);
	settings->pull_pointer = (void *)(intptr_t)pull;
	settings->push_pointer = (void *)(intptr_t)push;
}

void on_gnutls_transport_set_pull_function(void *session, gnutls_pull *function)
{
	SET(gnutls_transport_set_pull_function, function);
	settings->pull = function;
}

void on_gnutls_transport_set_push_function(void *session, gnutls_push *function)
{
	SET(gnutls_transport_set_push_function, function);
	settings->push = function;
	settings->vec_push = NULL;
}

void on_gnutls_transport_set_vec_push_function(void *session, gnutls_vec_push *function)
{
	SET(gnutls_transport_set_vec_push_function, function);
	settings->vec_push = function;
	settings->push = NULL;
}

void on_gnutls_transport_set_pull_timeout_function(void *session, gnutls_pull_timeout *function)
{
	SET(gnutls_transport_set_pull_timeout_function, function);
	settings->pull_timeout = function;
}

void on_gnutls_transport_set_errno_function(void *session, gnutls_errno *function)
{
	SET(gnutls_transport_set_errno_function, function);
	settings->error = function;
}
