/* SPDX-License-Identifier: MIT */
#include "gnutls_session.h"

#include "../conn/secured.h"
#include "../os/mem.h"
#include "../os/sys.h"
#include "gnutls_exchange.h"
#include "gnutls_secure.h"

/* Sessions at once; those beyond, or which find no place, are left alone. */
enum { PLACES = 4096, PROBES = 16 };
enum { CLIENT = 1 << 1, DATAGRAM = 1 << 2 }; /* GNUTLS_CLIENT, GNUTLS_DATAGRAM */
enum { PROTECT_READ = 1, PROTECT_WRITE = 2, MAP_OURS = 0x22 };

/* A place that was never taken ends a search, one that is free again does not. */
#define TAKING ((void *)1)
#define FREE   ((void *)2)

struct place {
	void *own;
	struct gnutls_session *session;
};

/* In memory of its own, which a forked child has as well: it has the same shadows. */
static struct place *places;

void gnutls_sessions_forget(void)
{
	if (places)
		memset(places, 0, PLACES * sizeof(*places));
}

bool gnutls_sessions_ready(void)
{
	if (!places) {
		long at = sys6(mmap, 0, PLACES * sizeof(*places), PROTECT_READ | PROTECT_WRITE,
			       MAP_OURS, -1, 0);
		if (at < 0 && at > -4096)
			return false;
		places = (struct place *)at;
	}
	return true;
}

static struct place *place_at(const void *own, uint32_t probe)
{
	uintptr_t hash = (uintptr_t)own >> 4;
	return &places[((hash ^ hash >> 12) + probe) % PLACES];
}

static struct place *find_place(const void *own)
{
	for (uint32_t i = 0; i < PROBES; i++) {
		struct place *place = place_at(own, i);
		void *there = __atomic_load_n(&place->own, __ATOMIC_ACQUIRE);
		if (there == own)
			return place;
		if (!there)
			return NULL;
	}
	return NULL;
}

struct gnutls_session *gnutls_session_find(void *own)
{
	struct place *place = find_place(own);
	return place ? place->session : NULL;
}

static bool put(void *own, struct gnutls_session *session)
{
	for (uint32_t i = 0; i < PROBES; i++) {
		struct place *place = place_at(own, i);
		void *there = __atomic_load_n(&place->own, __ATOMIC_RELAXED);
		if ((there && there != FREE) ||
		    !__atomic_compare_exchange_n(&place->own, &there, TAKING, false,
						 __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			continue;
		place->session = session;
		__atomic_store_n(&place->own, own, __ATOMIC_RELEASE);
		return true;
	}
	return false;
}

void gnutls_session_made(void *own, unsigned flags)
{
	if (!(flags & CLIENT) || flags & DATAGRAM)
		return;
	struct gnutls_session *session = gnutls_session_find(own);
	if (session) /* freed by a call that went past */
		gnutls_session_gone(session);
	session = (*gnutls.allocate)(sizeof(*session));
	if (!session)
		return;
	memset(session, 0, sizeof(*session));
	session->session.ops = &tls_gnutls;
	session->own = session->session.ssl = own;
	session->settings.flags = flags;
	if (!put(own, session))
		(*gnutls.free)(session);
}

void gnutls_session_gone(struct gnutls_session *session)
{
	struct place *place = find_place(session->own);
	gnutls_session_give_up(session);
	gnutls_secure_drop(session);
	if (place)
		__atomic_store_n(&place->own, FREE, __ATOMIC_RELEASE);
	if (session->retired)
		gnutls.gnutls_deinit(session->retired);
	if (session->shadow)
		gnutls.gnutls_deinit(session->shadow);
	(*gnutls.free)(session);
}

void gnutls_session_enter(struct gnutls_session *session)
{
	__atomic_add_fetch(&session->users, 1, __ATOMIC_SEQ_CST);
}

/* The last one out frees the shadow that nobody comes to any more. */
void gnutls_session_leave(struct gnutls_session *session)
{
	void *retired = session->retired;
	if (__builtin_expect(retired != NULL, 0) &&
	    __atomic_load_n(&session->users, __ATOMIC_ACQUIRE) == 1 &&
	    __atomic_compare_exchange_n(&session->retired, &retired, NULL, false, __ATOMIC_ACQUIRE,
					__ATOMIC_RELAXED))
		gnutls.gnutls_deinit(retired);
	__atomic_sub_fetch(&session->users, 1, __ATOMIC_RELEASE);
}

void gnutls_session_replace(struct gnutls_session *session, void *shadow)
{
	void *before = session->shadow;
	__atomic_store_n(&session->shadow, shadow, __ATOMIC_SEQ_CST);
	/* Whoever comes now comes to the new one. */
	if (before && __atomic_load_n(&session->users, __ATOMIC_SEQ_CST) == 1)
		gnutls.gnutls_deinit(before);
	else
		session->retired = before;
}

void gnutls_session_give_up(struct gnutls_session *session)
{
	session->left = true;
	if (session->bound)
		tls_session_give_up(&session->session);
}

struct gnutls_session *gnutls_session_of(const struct conn *conn)
{
	return conn->secured->session;
}

static bool client_random(const struct tls_call *call, uint8_t *random)
{
	struct gnutls_datum client = {NULL, 0}, server = {NULL, 0};
	gnutls.gnutls_session_get_random(call->ssl, &client, &server);
	if (!client.data || client.size != CONN_RANDOM_LEN)
		return false;
	memcpy(random, client.data, CONN_RANDOM_LEN);
	return true;
}

static struct tls_session *bind_session(struct tls_call *call, struct conn *conn)
{
	struct gnutls_session *session = gnutls_session_find(call->ssl);
	if (!session || session->left || session->bound || session->settings.unknown)
		return NULL;
	handle_find(&session->session.handle, conn, conn->fd);
	session->bound = true;
	conn->secured->carrier = &gnutls_carrier;
	return &session->session;
}

/* The library counts no bytes: they must all have moved within its calls. */
static bool is_even(const struct tls_session *session, const struct conn *conn)
{
	(void)conn;
	return !((const struct gnutls_session *)session)->outside;
}

static void moved_outside(struct tls_session *session)
{
	((struct gnutls_session *)session)->outside = true;
}

static bool is_closed(const struct tls_session *session, int result)
{
	(void)session;
	return result == 0;
}

static int read_on(const struct tls_exchange *exchange, char *bytes, size_t len, size_t *done)
{
	const struct gnutls_session *session =
	    (const struct gnutls_session *)exchange->call.session;
	long result = gnutls.gnutls_record_recv(gnutls_session_now(session), bytes, len);
	*done = result > 0 ? (size_t)result : 0;
	return result > 0 ? 1 : (int)result;
}

/* There is no call that shows what is there without taking it. */
static size_t look(const struct tls_exchange *exchange, char *bytes, size_t len)
{
	(void)exchange, (void)bytes, (void)len;
	return 0;
}

static bool wants(const struct tls_session *session, int result)
{
	enum { AGAIN = -28, INTERRUPTED = -52 }; /* GNUTLS_E_* */
	(void)session;
	return result == AGAIN || result == INTERRUPTED;
}

static char *take_memory(const struct tls_session *session, size_t len)
{
	(void)session;
	return (*gnutls.allocate)(len);
}

static void give_memory(const struct tls_session *session, char *memory)
{
	(void)session;
	(*gnutls.free)(memory);
}

static void do_nothing(struct tls_session *session)
{
	(void)session;
}

const struct tls_ops tls_gnutls = {
    .random = client_random,
    .bind = bind_session,
    .is_even = is_even,
    .make = gnutls_make,
    .is_closed = is_closed,
    .put_off = do_nothing, /* the call says so by itself, and gnutls_record_get_direction */
    .undo = gnutls_secure_undo,
    .close = do_nothing,
    .read = read_on,
    .look = look,
    .wants = wants,
    .spend = gnutls_secure_spend,
    .reset = gnutls_secure_reset,
    .take = take_memory,
    .give = give_memory,
    .moved_outside = moved_outside,
    .at_once = true,
};
