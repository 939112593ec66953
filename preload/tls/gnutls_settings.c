/* SPDX-License-Identifier: MIT */
#include "gnutls_settings.h"

#include <sys/socket.h>

#include "../os/mem.h"

enum {
	NO_SIGNAL = 1 << 6,	    /* GNUTLS_NO_SIGNAL */
	FALSE_START = 1 << 8,	    /* GNUTLS_ENABLE_FALSE_START */
	EARLY_DATA = 1 << 20,	    /* GNUTLS_ENABLE_EARLY_DATA */
	CREDENTIALS_CERTIFICATE = 1 /* GNUTLS_CRD_CERTIFICATE */
};

/* Returns whether there was room. */
static bool copy_text(char *to, size_t room, const char *text)
{
	size_t len = text_len(text, room);
	if (len >= room)
		return false;
	memcpy(to, text, len + 1);
	return true;
}

void gnutls_note_priority(struct gnutls_settings *settings, enum gnutls_priority priority,
			  const char *text, unsigned flags)
{
	settings->priority = priority;
	settings->priority_flags = flags;
	if (text && !copy_text(settings->priority_text, GNUTLS_TEXT_MAX, text))
		settings->unknown = true;
	/* NULL stands for the default, as of this library's release. */
	if (!text && priority != PRIORITY_MADE)
		settings->priority = PRIORITY_DEFAULT;
}

void gnutls_note_name(struct gnutls_settings *settings, int type, const void *name, size_t len)
{
	enum { NAME_DNS = 1 }; /* GNUTLS_NAME_DNS */
	if (type != NAME_DNS || len > GNUTLS_NAME_MAX) {
		settings->unknown = true;
		return;
	}
	memcpy(settings->name, name, len);
	settings->name_len = (uint16_t)len;
	settings->named = true;
}

void gnutls_note_alpn(struct gnutls_settings *settings, const struct gnutls_datum *names,
		      unsigned count, unsigned flags)
{
	size_t len = 0;
	for (unsigned i = 0; i < count; i++) {
		if (names[i].size >= GNUTLS_ALPN_MAX - len || flags > UINT8_MAX) {
			settings->unknown = true;
			return;
		}
		settings->alpn[len++] = (unsigned char)names[i].size;
		memcpy(settings->alpn + len, names[i].data, names[i].size);
		len += names[i].size;
	}
	settings->alpn_len = (uint8_t)len;
	settings->alpn_flags = (uint8_t)flags;
}

void gnutls_note_verify(struct gnutls_settings *settings, const char *host, unsigned flags)
{
	settings->verifies = true;
	settings->verifies_host = host != NULL;
	settings->verify_flags = flags;
	/* The library keeps no copy, and the program may not either. */
	if (host && !copy_text(settings->host, GNUTLS_NAME_MAX, host))
		settings->unknown = true;
}

static int apply_priority(const struct gnutls_settings *settings, void *session)
{
	switch (settings->priority) {
	case PRIORITY_DEFAULT:
		return gnutls.gnutls_set_default_priority(session);
	case PRIORITY_APPENDED:
		return gnutls.gnutls_set_default_priority_append(session, settings->priority_text,
								 NULL, settings->priority_flags);
	case PRIORITY_TEXT:
		return gnutls.gnutls_priority_set_direct(session, settings->priority_text, NULL);
	case PRIORITY_MADE:
		return gnutls.gnutls_priority_set(session, settings->priorities);
	case PRIORITY_NONE:
		break;
	}
	return 0;
}

static int apply_alpn(struct gnutls_settings *settings, void *session)
{
	struct gnutls_datum names[GNUTLS_ALPN_MAX / 2];
	unsigned count = 0;
	for (size_t at = 0; at < settings->alpn_len; at += 1u + settings->alpn[at])
		names[count++] = (struct gnutls_datum){settings->alpn + at + 1, settings->alpn[at]};
	return count ? gnutls.gnutls_alpn_set_protocols(session, names, count, settings->alpn_flags)
		     : 0;
}

bool gnutls_apply(struct gnutls_settings *settings, void *session)
{
	int error = apply_priority(settings, session);
	if (!error && settings->credentials)
		error = gnutls.gnutls_credentials_set(session, CREDENTIALS_CERTIFICATE,
						      settings->credentials);
	if (!error && settings->named)
		error =
		    gnutls.gnutls_server_name_set(session, 1, settings->name, settings->name_len);
	if (!error)
		error = apply_alpn(settings, session);
	if (!error && settings->stapled)
		error = gnutls.gnutls_ocsp_status_request_enable_client(session, NULL, 0, NULL);
	if (settings->compatible)
		gnutls.gnutls_session_enable_compatibility_mode(session);
	if (settings->verifies)
		gnutls.gnutls_session_set_verify_cert(
		    session, settings->verifies_host ? settings->host : NULL,
		    settings->verify_flags);
	if (settings->has_pointer)
		gnutls.gnutls_session_set_ptr(session, settings->pointer);
	/* Callbacks of its credentials may ask for them. */
	gnutls.gnutls_transport_set_ptr2(session, settings->pull_pointer, settings->push_pointer);
	return !error;
}

/* The library's own functions cannot be had back once others were set: these do the same. */
static long pull_plain(void *pointer, void *buf, size_t len)
{
	return recv((int)(intptr_t)pointer, buf, len, 0);
}

static long push_plain(void *pointer, const struct iovec *iov, int count)
{
	struct msghdr message = {.msg_iov = (struct iovec *)iov, .msg_iovlen = (size_t)count};
	return sendmsg((int)(intptr_t)pointer, &message, 0);
}

static long push_quietly(void *pointer, const struct iovec *iov, int count)
{
	struct msghdr message = {.msg_iov = (struct iovec *)iov, .msg_iovlen = (size_t)count};
	return sendmsg((int)(intptr_t)pointer, &message, MSG_NOSIGNAL);
}

/* The library takes its own for a mistake where the pull function is another one's. */
static int wait_plain(void *pointer, unsigned ms)
{
	return gnutls.gnutls_system_recv_timeout(pointer, ms);
}

void gnutls_apply_transport(const struct gnutls_settings *settings, void *session)
{
	gnutls_vec_push *plain = settings->flags & NO_SIGNAL ? push_quietly : push_plain;
	gnutls.gnutls_transport_set_pull_function(session,
						  settings->pull ? settings->pull : pull_plain);
	if (settings->push)
		gnutls.gnutls_transport_set_push_function(session, settings->push);
	else
		gnutls.gnutls_transport_set_vec_push_function(
		    session, settings->vec_push ? settings->vec_push : plain);
	gnutls.gnutls_transport_set_pull_timeout_function(
	    session, settings->pull_timeout ? settings->pull_timeout : wait_plain);
	if (settings->error)
		gnutls.gnutls_transport_set_errno_function(session, settings->error);
	if (settings->has_timeout)
		gnutls.gnutls_record_set_timeout(session, settings->timeout_ms);
}
