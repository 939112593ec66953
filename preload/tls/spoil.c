/* SPDX-License-Identifier: MIT */
#include "spoil.h"

#include "../conn/secured.h"
#include "../os/mem.h"
#include "secure.h"

enum {
	TYPE_SOCKET = 0x505, /* BIO_TYPE_SOCKET */
	TYPE_FILE = 0x504,   /* BIO_TYPE_FD */
};

/*
 * Application data of 65,535 bytes, where RFC 8446 5.2 allows 16,640 and RFC 5246 6.2.3 18,432: the
 * header alone is refused, whatever the keys are.
 */
static const char too_long[] = {0x17, 3, 3, (char)0xff, (char)0xff};

static bool keeps_errors(const struct tls_session *session)
{
	struct tls_library *library = session->library;
	int type = library->BIO_method_type(library->SSL_get_rbio(session->ssl));
	return !session->memory && type != TYPE_SOCKET && type != TYPE_FILE;
}

/* Of a record that is there in part, the rest: it will be none that its server has made. */
static size_t to_spoil(const struct conn_secured *secured)
{
	if (secured->head_len < sizeof(too_long))
		return sizeof(too_long) - secured->head_len;
	return secured->body_left;
}

size_t tls_spoil(const struct conn *conn, char *bytes, size_t room)
{
	struct tls_session *session = conn->secured->session;
	size_t len = to_spoil(conn->secured);
	if (room < len || session->shakes || !keeps_errors(session) || !tls_secure_keep(session))
		return 0;
	tls_carrier.tells(conn);
	if (conn_has_part(conn->secured))
		memset(bytes, 0xff, len);
	else
		memcpy(bytes, too_long, len);
	session->read_base += len; /* which no socket has given */
	return len;
}
