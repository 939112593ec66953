/* SPDX-License-Identifier: MIT */
#include "bios.h"

#include <errno.h>

#include "../os/mem.h"
#include "../wire/socket.h"
#include "flight.h"

enum {
	HEADER = 5,
	OUT_ROOM = 65536,
	MEMORY_END = 130, /* BIO_C_SET_BUF_MEM_EOF_RETURN */
};

void tls_bios_put(struct tls_session *session)
{
	struct tls_library *library = session->library;
	session->own_rbio = library->SSL_get_rbio(session->ssl);
	session->own_wbio = library->SSL_get_wbio(session->ssl);
	library->BIO_up_ref(session->own_rbio);
	library->BIO_up_ref(session->own_wbio);
	library->BIO_up_ref(session->rbio);
	library->BIO_up_ref(session->wbio);
	library->SSL_set0_rbio(session->ssl, session->rbio);
	library->SSL_set0_wbio(session->ssl, session->wbio);
}

void tls_bios_take_out(struct tls_session *session)
{
	struct tls_library *library = session->library;
	library->SSL_set0_rbio(session->ssl, session->own_rbio);
	library->SSL_set0_wbio(session->ssl, session->own_wbio);
	session->own_rbio = session->own_wbio = NULL;
}

void tls_bios_drop(struct tls_session *session)
{
	struct tls_library *library = session->library;
	if (session->rbio)
		library->BIO_free(session->rbio);
	if (session->wbio)
		library->BIO_free(session->wbio);
	session->rbio = session->wbio = NULL;
	library->CRYPTO_free(session->out, "", 0);
	session->out = NULL;
	session->out_at = session->out_len = 0;
}

bool tls_bios_make(struct tls_session *session)
{
	struct tls_library *library = session->library;
	tls_bios_drop(session);
	session->rbio = library->BIO_new(library->BIO_s_mem());
	session->wbio = library->BIO_new(library->BIO_s_mem());
	session->out = library->CRYPTO_zalloc(OUT_ROOM, "", 0);
	session->flushed = 0;
	session->written = false;
	if (!session->rbio || !session->wbio || !session->out)
		return false;
	/* Empty is not the end. */
	library->BIO_ctrl(session->rbio, MEMORY_END, -1, NULL);
	return true;
}

int tls_bios_flush(struct tls_session *session, int fresh)
{
	for (;;) {
		while (session->out_at < session->out_len) {
			long taken = wire_send(fresh, session->out + session->out_at,
					       session->out_len - session->out_at);
			if (taken < 0)
				return wire_took_nothing(taken) ? -EAGAIN : (int)taken;
			session->out_at += (uint32_t)taken;
			session->flushed += (uint64_t)taken;
		}
		int len = session->library->BIO_read(session->wbio, session->out, OUT_ROOM);
		session->out_at = 0;
		session->out_len = len > 0 ? (uint32_t)len : 0;
		if (len <= 0)
			return 0;
		if (!session->verified && !tls_is_greeting(session->out, session->out_len))
			return -EACCES;
	}
}

long tls_bios_feed(struct tls_session *session, int fresh)
{
	char bytes[4096];
	bool head = session->head_len < HEADER;
	size_t want = head ? (size_t)(HEADER - session->head_len) : session->body_left;
	long got = wire_receive(fresh, bytes, want < sizeof(bytes) ? want : sizeof(bytes));
	if (got <= 0)
		return got;
	session->received += (uint64_t)got;
	if (head) {
		memcpy(session->head + session->head_len, bytes, (size_t)got);
		session->head_len = (uint8_t)(session->head_len + got);
		if (session->head_len == HEADER)
			session->body_left = (uint32_t)session->head[3] << 8 | session->head[4];
	} else {
		session->body_left -= (uint32_t)got;
	}
	if (session->head_len == HEADER && !session->body_left)
		session->head_len = 0;
	session->library->BIO_write(session->rbio, bytes, (int)got);
	return got;
}
