/* SPDX-License-Identifier: MIT */
#include "rescue.h"

#include "../os/arena.h"
#include "../os/watcher.h"
#include "../process/abandons.h"
#include "../process/live.h"
#include "../process/repeats.h"
#include "../process/switch.h"
#include "../os/mem.h"
#include "../conn/own.h"
#include "../wire/socket.h"
#include "machine.h"
#include "place.h"
#include "plan.h"
#include "revive.h"

void rescue_own(int *slot, int fd)
{
	*slot = conn_own_take(fd);
}

void rescue_close(int *slot)
{
	conn_own_close(*slot);
	*slot = -1;
}

void rescue_close_fresh(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	if (rescue->placed && rescue->fresh >= 0)
		os_unwatch(conn->fd, rescue->fresh);
	rescue_revive_end(conn);
	rescue_close(&rescue->fresh);
}

static uint32_t kept_count;

void rescue_keep(struct rescue *rescue, int fd)
{
	rescue->kept = fd;
	__atomic_add_fetch(&kept_count, 1, __ATOMIC_RELAXED);
}

int rescue_take_kept(struct rescue *rescue)
{
	int kept = rescue->kept;
	rescue->kept = -1;
	if (kept >= 0)
		__atomic_sub_fetch(&kept_count, 1, __ATOMIC_RELAXED);
	return kept;
}

bool rescue_any_kept(void)
{
	return __atomic_load_n(&kept_count, __ATOMIC_RELAXED);
}

void rescue_forget_kept(void)
{
	__atomic_store_n(&kept_count, 0, __ATOMIC_RELAXED);
}

void rescue_set_timer(const struct rescue *rescue, uint64_t now_ms)
{
	uint64_t deadline = rescue_deadline_ms(rescue);
	uint64_t wake = rescue->wake_ms < deadline ? rescue->wake_ms : deadline;
	uint64_t wait = wake > now_ms ? wake - now_ms : 0;
	if (rescue->starved && wait > OS_SCARCE_MS)
		wait = OS_SCARCE_MS;
	if (rescue->phase >= PHASE_FAILED) /* the program is to be told, whatever was waited for */
		wait = 0;
	/* An attempt that is not made yet need not be made; one that is, is seen through. */
	os_timer_set(rescue->timer, rescue->phase == PHASE_BACKOFF ? switch_wait_ms(wait) : wait);
}

void rescue_drop_answer(struct rescue *rescue)
{
	int kept = rescue_take_kept(rescue);
	if (kept >= 0)
		wire_no_linger(kept);
	rescue_close(&kept);
	arena_free(rescue->answer, rescue->answer_room);
	rescue->answer = NULL;
	rescue->answer_room = 0;
	rescue->answer_len = 0;
	rescue->answer_given = 0;
	rescue->answered = false;
}

void rescue_drop_pieces(struct rescue *rescue)
{
	arena_free(rescue->pieces, rescue->pieces_room);
	rescue->pieces = NULL;
	rescue->pieces_room = 0;
	rescue->pieces_len = 0;
}

bool rescue_more_room(struct rescue *rescue, uint32_t room)
{
	char *larger = arena_alloc(room);
	if (!larger)
		return false;
	if (rescue->pieces_len)
		memcpy(larger, rescue->pieces, rescue->pieces_len);
	arena_free(rescue->pieces, rescue->pieces_room);
	rescue->pieces = larger;
	rescue->pieces_room = room;
	return true;
}

void rescue_take_pieces(struct rescue *rescue)
{
	rescue_drop_answer(rescue);
	rescue->answered = true;
	rescue->answer = rescue->pieces;
	rescue->answer_room = rescue->pieces_room;
	rescue->answer_len = rescue->pieces_len;
	rescue->pieces = NULL;
	rescue_drop_pieces(rescue);
}

void rescue_set_out(struct rescue *rescue)
{
	if (!rescue->counted)
		rescue->counted = live_more(PROCESS_RESCUES);
}

void rescue_is_over(struct rescue *rescue)
{
	if (rescue->counted)
		live_less(PROCESS_RESCUES);
	rescue->counted = false;
}

void rescue_exhausted(struct rescue *rescue, enum reason reason)
{
	log_exhausted(&rescue->who, rescue_sendings(rescue), rescue->cause, reason,
		      rescue_elapsed_ms(rescue));
	rescue_is_over(rescue);
}

bool rescue_was_told(enum reason reason, uint64_t peer)
{
	return (reason == REASON_PROGRAM_RETRIES && !repeats_news(peer)) ||
	       (reason == REASON_ABANDONS && !abandons_are_news());
}

void rescue_free(struct conn *conn)
{
	if (!conn->rescue)
		return;
	conn->care &= (uint8_t)~CARE_TOKEN;
	rescue_is_not_expected(conn->rescue);
	rescue_is_over(conn->rescue);
	rescue_drop_answer(conn->rescue);
	rescue_drop_pieces(conn->rescue);
	arena_free(conn->rescue, sizeof(*conn->rescue));
	conn->rescue = NULL;
}

bool rescue_hold_text(struct conn *conn, const struct iovec *iov, int count, size_t len)
{
	enum { ROOM_MIN = 4096 };
	const struct rescue_start start = {
	    .cause = CAUSE_STATUS, .head = conn->held, .head_len = conn->held_len};
	bool first = !conn->rescue;
	if (first)
		conn->rescue = rescue_plan_rescue(conn, &start);
	struct rescue *rescue = conn->rescue;
	if (!rescue)
		return false;
	if (!rescue_more_room(rescue, (uint32_t)len + ROOM_MIN / 2)) {
		if (first)
			rescue_free(conn);
		return false;
	}
	for (int i = 0; i < count && rescue->pieces_len < len; i++) {
		size_t left = len - rescue->pieces_len;
		size_t piece = iov[i].iov_len < left ? iov[i].iov_len : left;
		memcpy(rescue->pieces + rescue->pieces_len, iov[i].iov_base, piece);
		rescue->pieces_len += (uint32_t)piece;
	}
	rescue->phase = PHASE_HOLDING;
	rescue->framed = 0;
	rescue->asked = rescue->whole = false;
	conn->care |= CARE_HOLDING;
	return true;
}

bool rescue_hold(struct conn *conn, const struct iovec *iov, int count, size_t len)
{
	if (!rescue_hold_text(conn, iov, count, len))
		return false;
	conn->received += len;
	return true;
}
