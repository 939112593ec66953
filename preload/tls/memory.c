/* SPDX-License-Identifier: MIT */
#include "memory.h"

#include "../conn/secured.h"
#include "../os/mem.h"
#include "../os/sys.h"
#include "../rescue/machine.h"
#include "../rescue/rescue.h"
#include "../rescue/token.h"
#include "secure.h"

enum {
	WAITING_MAX = 32,
	TYPE_MEMORY = 0x401,  /* BIO_TYPE_MEM */
	TYPE_PAIR = 0x413,    /* BIO_TYPE_BIO */
	CONTROL_PENDING = 10, /* BIO_CTRL_PENDING */
};

struct waiting {
	struct conn *conn; /* NULL: free */
	uint32_t life;
	bool twice; /* another one has the same random bytes */
	uint8_t random[CONN_RANDOM_LEN];
};

/* See tls_own_memory. */
static struct {
	uint32_t lock;
	uint32_t count;
	struct waiting waiting[WAITING_MAX];
} * all;

bool tls_memory_ready(void)
{
	if (!all)
		all = tls_own_memory(sizeof(*all));
	return all != NULL;
}

bool tls_memory_any_waits(void)
{
	return __atomic_load_n(&all->count, __ATOMIC_RELAXED) != 0;
}

/* false if another thread is at it: then one does without, or comes again. */
static bool lock(void)
{
	uint32_t nobody = 0;
	return __atomic_compare_exchange_n(&all->lock, &nobody, 1, false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

static void unlock(void)
{
	__atomic_store_n(&all->lock, 0, __ATOMIC_RELEASE);
}

static void drop(struct waiting *waiting)
{
	waiting->conn = NULL;
	__atomic_sub_fetch(&all->count, 1, __ATOMIC_RELAXED);
}

static bool is_over(const struct waiting *waiting)
{
	return __atomic_load_n(&waiting->conn->life, __ATOMIC_RELAXED) != waiting->life ||
	       __atomic_load_n(&waiting->conn->fd, __ATOMIC_RELAXED) < 0;
}

void tls_memory_wait(struct conn *conn)
{
	const uint8_t *random = conn->secured->random;
	struct waiting *room = NULL;
	bool twice = false;
	if (!all || tls_is_in_call() || !lock())
		return;
	for (int i = 0; i < WAITING_MAX; i++) {
		struct waiting *at = &all->waiting[i];
		if (at->conn && is_over(at))
			drop(at);
		if (!at->conn)
			room = at;
		else if (memcmp(at->random, random, CONN_RANDOM_LEN) == 0)
			at->twice = twice = true;
	}
	if (room) {
		*room = (struct waiting){.conn = conn, .life = conn->life, .twice = twice};
		memcpy(room->random, random, CONN_RANDOM_LEN);
		__atomic_add_fetch(&all->count, 1, __ATOMIC_RELAXED);
	}
	unlock();
}

/* Which one waits for it? Not kept: it may be gone by the time that it is locked. */
static bool find(const uint8_t *random, struct handle *handle)
{
	bool found = false;
	if (!lock())
		return false;
	for (int i = 0; i < WAITING_MAX && !found; i++) {
		struct waiting *at = &all->waiting[i];
		found = at->conn && !at->twice && memcmp(at->random, random, CONN_RANDOM_LEN) == 0;
		if (found)
			*handle = (struct handle){.conn = at->conn, .life = at->life};
	}
	unlock();
	return found;
}

static void forget(const uint8_t *random)
{
	if (!lock())
		return;
	for (int i = 0; i < WAITING_MAX; i++) {
		struct waiting *at = &all->waiting[i];
		if (at->conn && memcmp(at->random, random, CONN_RANDOM_LEN) == 0)
			drop(at);
	}
	unlock();
}

static bool is_in_memory(struct tls_library *library, void *bio)
{
	int type = bio ? library->BIO_method_type(bio) : 0;
	return type == TYPE_MEMORY || type == TYPE_PAIR;
}

void tls_memory_meet(struct tls_call *call)
{
	struct tls_library *library = call->library;
	uint8_t random[CONN_RANDOM_LEN];
	struct handle handle;
	void *rbio = library->SSL_get_rbio(call->ssl);
	if (!tls_session_may_bind(call) || !is_in_memory(library, rbio) ||
	    !is_in_memory(library, library->SSL_get_wbio(call->ssl)) ||
	    library->SSL_get_client_random(call->ssl, random, sizeof(random)) != sizeof(random) ||
	    !find(random, &handle) || !handle_lock_any(&handle))
		return;
	struct conn *conn = handle.conn;
	call->unread = (uint64_t)library->BIO_ctrl(rbio, CONTROL_PENDING, 0, NULL);
	/* Else a BIO only says that it is memory, as libcurl's does. */
	bool fed = call->unread != 0;
	if (fed && conn_is_secured(conn) && !conn->secured->session &&
	    !(conn->flags & CONN_DOUBT) &&
	    memcmp(conn->secured->random, random, sizeof(random)) == 0)
		tls_session_bind(conn, call);
	if (call->session)
		call->session->memory = conn->secured->apart = true;
	conn_unlock(conn);
	if (call->session)
		forget(random);
}

static struct tls_session *session_of(const struct conn *conn)
{
	return conn_is_secured(conn) ? conn->secured->session : NULL;
}

bool tls_memory_is_of(const struct conn *conn)
{
	const struct tls_session *session = session_of(conn);
	return session && session->memory;
}

bool tls_memory_enter(struct conn *conn)
{
	struct tls_session *session = session_of(conn);
	const uintptr_t self = sys_self();
	if (!session || !session->memory || session->user != self || session->thread ||
	    tls_is_in_call())
		return false;
	session->thread = self;
	return true;
}

void tls_memory_leave(struct conn *conn)
{
	struct tls_session *session = session_of(conn);
	if (session)
		session->thread = 0;
}

static uint64_t unread(const struct tls_session *session)
{
	struct tls_library *library = session->library;
	return (uint64_t)library->BIO_ctrl(library->SSL_get_rbio(session->ssl), CONTROL_PENDING, 0,
					   NULL);
}

bool tls_memory_spends(const struct tls_session *session, const struct conn *conn)
{
	return session->memory && rescue_token_is_carried(conn) &&
	       !tls_session_has_sent_nothing(conn);
}

bool tls_memory_is_even(const struct tls_session *session, const struct conn *conn)
{
	struct tls_session seen = *session;
	if (!session->memory || !tls_session_has_sent_nothing(conn))
		return false;
	seen.read_base -= unread(session);
	return tls_session_is_even(&seen, conn);
}

void tls_memory_drain(struct tls_session *session)
{
	struct tls_library *library = session->library;
	void *rbio = library->SSL_get_rbio(session->ssl);
	char bytes[512];
	while (unread(session) && library->BIO_read(rbio, bytes, sizeof(bytes)) > 0)
		;
}

void tls_memory_refuse(struct conn *conn, size_t len)
{
	struct tls_session *session = session_of(conn);
	if (session && session->memory)
		session->refused = (uint32_t)len;
}

void tls_memory_end(struct tls_session *session)
{
	struct tls_library *library = session->library;
	void *nowhere = library->BIO_new(library->BIO_s_mem());
	session->over = true;
	tls_memory_drain(session);
	library->SSL_set_session(session->ssl, session->old_session);
	if (!nowhere)
		return;
	session->kept_wbio = library->SSL_get_wbio(session->ssl);
	library->BIO_up_ref(session->kept_wbio);
	library->SSL_set0_wbio(session->ssl, nowhere);
}

void tls_memory_failed(struct conn *conn)
{
	struct tls_session *session = session_of(conn);
	if (!session || !tls_memory_enter(conn))
		return; /* the program's next call to the library finds it out */
	session->at_end = session->cleared && !rescue_error(conn);
	tls_secure_undo(session);
	if (session->closed)
		session->ops->close(session);
	tls_memory_leave(conn);
}
