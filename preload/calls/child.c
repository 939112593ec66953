/* SPDX-License-Identifier: MIT */
#include "child.h"

#include "../conn/table.h"
#include "../os/arena.h"
#include "../os/copy.h"
#include "../os/real.h"
#include "../process/config.h"
#include "../rescue/inherit.h"
#include "../rescue/place.h"
#include "../rescue/rescue.h"
#include "../rescue/revive.h"
#include "../rescue/yield.h"
#include "placeholder.h"

/*
 * Under these, living connections are replaced or watched as well: the old one is shut down then,
 * which whoever shares it would feel.
 */
static bool replaces_living(void)
{
	const uint32_t uses =
	    POLICY_USES_RESPONSE_TIMEOUT | POLICY_USES_IDLE | POLICY_USES_STATUSES;
	return config.active && (config.policy->uses | config.tracks) & uses;
}

/* What has the descriptors from now on. */
enum child {
	CHILD,	       /* a copy of this process */
	CHILD_TO_EXEC, /* the same, until it becomes another program */
	CHILD_UNSEEN,  /* another program: what comes before that is libc's */
};

/* It is about to be another's as well. */
static void share(struct conn *conn, enum child child)
{
	/* If this program ends here, what it was told is written goes where it still can. */
	if (child == CHILD_UNSEEN && conn->busy && conn->rescue->taken && rescue_is_of_living(conn))
		rescue_yield(conn, REASON_SHARED);
	if (child != CHILD && !rescue_any_inheritable(conn))
		return;
	conn->flags |= CONN_INHERITED;
	if (child == CHILD_UNSEEN || rescue_is_of_living(conn))
		rescue_yield(conn, REASON_SHARED);
}

static void share_all(enum child child)
{
	uint32_t top = __atomic_load_n(&table.top, __ATOMIC_RELAXED);
	bool living = replaces_living() || (child == CHILD_UNSEEN && rescue_any_placed());
	if (child != CHILD)
		rescue_revive_note_program();
	/* A copy of the process may go on with any of them: they are noted in any case. */
	if (living ? !arena_is_ours() : child != CHILD)
		return;
	for (uint32_t fd = 0; fd < top; fd++) {
		struct conn *conn = table_find((int)fd);
		if (!conn || conn == &conn_own || !conn_lock(conn, (int)fd))
			continue;
		if (conn->fd == (int)fd)
			share(conn, child);
		conn_unlock(conn);
	}
}

TRACKED struct heirs *call_before_fork(void)
{
	share_all(CHILD);
	return rescue_heirs_note();
}

TRACKED struct heirs *call_before_vfork(void)
{
	share_all(CHILD_TO_EXEC);
	return rescue_heirs_note();
}

TRACKED void call_before_exec(void)
{
	share_all(CHILD_UNSEEN);
}

TRACKED void call_after_fork(struct heirs *heirs, bool in_child)
{
	if (heirs && in_child)
		rescue_heirs_settle(heirs, true);
	rescue_heirs_free(heirs);
}

void call_close_on_exec(unsigned first, unsigned last)
{
	uint32_t top = __atomic_load_n(&table.top, __ATOMIC_RELAXED);
	for (unsigned fd = first; fd <= last && fd < top; fd++) {
		struct conn *conn = call_find_busy((int)fd);
		if (!conn)
			continue;
		rescue_set_inheritable(conn, (int)fd, false);
		conn_unlock(conn);
	}
}

TRACKED void call_hand_on(int fd)
{
	struct conn *conn = table_find(fd);
	if (!conn || conn == &conn_own || !arena_is_ours() || !conn_lock(conn, fd))
		return;
	rescue_yield(conn, REASON_SHARED);
	conn->flags |= CONN_SHARED;
	conn_unlock(conn);
}

static void hand_on_all(const struct cmsghdr *header, const char *data)
{
	enum { FDS = 16, MOST = 253 }; /* the kernel's SCM_MAX_FD: more are refused */
	int fds[FDS];
	size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	for (size_t i = 0; i < count && count <= MOST; i++) {
		size_t left = count - i < FDS ? count - i : FDS;
		if (i % FDS == 0 && !copy_in(fds, data + i * sizeof(int), left * sizeof(int)))
			return;
		call_hand_on(fds[i % FDS]);
	}
}

/*
 * In memory that may not be there: then the kernel refuses all of it. Not by CMSG_NXTHDR, which may
 * be a function of a libc's.
 */
void call_hand_on_rights(const struct msghdr *message)
{
	const char *at = message->msg_control;
	size_t left = message->msg_controllen;
	struct cmsghdr header;
	while (left >= sizeof(header) && copy_in(&header, at, sizeof(header))) {
		if (header.cmsg_len < sizeof(header) || header.cmsg_len > left)
			return;
		if (header.cmsg_level == SOL_SOCKET && header.cmsg_type == SCM_RIGHTS)
			hand_on_all(&header, at + CMSG_LEN(0));
		size_t step = CMSG_ALIGN(header.cmsg_len);
		step = step < left ? step : left;
		at += step;
		left -= step;
	}
}

TRACKED void call_hand_on_messages(const struct mmsghdr *messages, unsigned count)
{
	enum { MOST = 1024 }; /* UIO_MAXIOV: of more the kernel takes the first ones */
	for (unsigned i = 0; i < count && i < MOST; i++) {
		struct msghdr message;
		if (!copy_in(&message, &messages[i].msg_hdr, sizeof(message)))
			return;
		if (message.msg_controllen)
			call_hand_on_rights(&message);
	}
}

TRACKED void call_child_keeps(int fd)
{
	struct conn *conn = table_find(fd);
	if (conn && conn != &conn_own && !arena_is_ours())
		__atomic_or_fetch(&conn->flags, CONN_SHARED, __ATOMIC_RELAXED);
}
