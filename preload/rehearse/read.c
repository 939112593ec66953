/* SPDX-License-Identifier: MIT */
#include "read.h"

#include <errno.h>

#include "fault.h"
#include "seat.h"
#include "secured.h"

bool read_is_told(int fd, ssize_t *result)
{
	struct seat *seat = seat_take(fd);
	if (!seat)
		return false;
	int fault = seat->told - 1;
	/* By now there may be another socket, on which redial has sent the request again. */
	bool told = fault >= 0 && seat_cookie(fd) == seat->cookie;
	if (fault >= 0)
		seat->told = 0;
	seat_leave(seat);
	if (!told)
		return false;
	*result = fault == FAULT_RESET ? -1 : 0;
	if (fault == FAULT_RESET)
		errno = ECONNRESET;
	return true;
}

/* Takes the len bytes to the answer. What is none that is waited for ends the seat. */
static void feed(struct seat *seat, const char *bytes, size_t len)
{
	while (len && !seat->blind) {
		size_t used;
		enum http1_result result = HTTP1_TUNNEL;
		if (seat->waiting)
			result = http1_feed(&seat->answer, bytes, len, &used);
		if (result == HTTP1_MORE)
			return;
		if (result == HTTP1_TUNNEL) {
			seat->state = SEAT_EMPTY;
			return;
		}
		if (result == HTTP1_BAD) { /* redial has read its beginning */
			seat->blind = true;
			return;
		}
		if (result == HTTP1_DONE) {
			seat->waiting = false;
			seat->answers++;
		}
		bytes += used;
		len -= used;
	}
}

static void read_http(struct seat *seat, const struct iovec *iov, int count, size_t len)
{
	/* The answer comes early; or the rest of the request went out where we did not see it. */
	if (seat->writing) {
		seat->writing = false;
		seat->waiting = true;
		http1_response(&seat->answer, seat->request.method);
	}
	for (int i = 0; i < count && len; i++) {
		size_t piece = iov[i].iov_len < len ? iov[i].iov_len : len;
		if (seat->state == SEAT_HTTP)
			feed(seat, iov[i].iov_base, piece);
		len -= piece;
	}
}

void read_ends(int fd, const struct iovec *iov, int count, ssize_t result, bool peeked)
{
	int error = result < 0 ? errno : 0;
	if (peeked || error == EAGAIN || error == EINTR)
		return;
	struct seat *seat = seat_take(fd);
	if (!seat)
		return;
	if (result <= 0)
		seat->answers = 0;
	else if (seat->state == SEAT_SECURED)
		secured_reads(seat);
	else if (seat->state == SEAT_HTTP)
		read_http(seat, iov, count, (size_t)result);
	else
		seat->state = SEAT_EMPTY; /* a server that speaks first */
	seat_leave(seat);
}
