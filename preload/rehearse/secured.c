/* SPDX-License-Identifier: MIT */
#include "secured.h"

#include "../os/mem.h"
#include "fault.h"
#include "start.h"

enum { RECORD_ALERT = 21, RECORD_HANDSHAKE = 22, RECORD_DATA = 23 };

/*
 * A client's Finished of TLS 1.3 goes out as data, and tickets may come in before the first answer:
 * from the second time on that something came in after data went out, it was an answer for certain.
 */
enum { ANSWERED_FOR_CERTAIN = 2 };

/* Does the ClientHello offer HTTP/2 (RFC 7301 section 3.1)? Then nobody can tell what is idle. */
static bool offers_http2(const char *bytes, size_t len)
{
	for (size_t i = 0; i + 3 <= len; i++)
		if (memcmp(bytes + i, "\2h2", 3) == 0)
			return true;
	return false;
}

bool secured_begins(struct seat *seat, const char *bytes, size_t len)
{
	if (len < 3 || bytes[0] != RECORD_HANDSHAKE || bytes[1] != 3)
		return false;
	__atomic_add_fetch(&rehearsal.plan->secured, 1, __ATOMIC_RELAXED);
	bool left = offers_http2(bytes, len);
	if (left)
		__atomic_add_fetch(&rehearsal.plan->http2, 1, __ATOMIC_RELAXED);
	seat->state = left ? SEAT_EMPTY : SEAT_SECURED;
	return true;
}

bool secured_writes(struct seat *seat, int fd, const char *bytes, size_t len)
{
	unsigned turn;
	if (!len || bytes[0] != RECORD_DATA) {
		if (len && bytes[0] == RECORD_ALERT)
			seat->state = SEAT_EMPTY;
		return false;
	}
	bool begins = !seat->wrote && seat->answers >= ANSWERED_FOR_CERTAIN;
	seat->wrote = true;
	if (!begins)
		return false;
	__atomic_add_fetch(&rehearsal.plan->reused, 1, __ATOMIC_RELAXED);
	const uint32_t stale = 1 << FAULT_STALE;
	if (fault_choose(FAULTS_OF_REQUESTS, stale, &turn) == NO_FAULT)
		return false;
	fault_end(fd);
	fault_tell(FAULT_STALE, seat, fd);
	/* The session that takes its place shakes hands past us, and goes on here. */
	seat->answers = 0;
	return true;
}

void secured_reads(struct seat *seat)
{
	if (seat->wrote)
		seat->answers++;
	seat->wrote = false;
}
