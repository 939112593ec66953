/* SPDX-License-Identifier: MIT */
#include "private.h"

/* Leading zeros included. */
enum { CHUNK_DIGITS_MAX = 16 };

static int hex_digit(char byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	int lower = byte | 0x20;
	return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* Past the digits of a chunk's size; some servers pad them with spaces. */
static const char *feed_chunk_pad(struct http1 *message, const char *at)
{
	if (*at == '\r')
		return expect(message, at, '\r', CHUNK_SIZE_LF);
	message->state = *at == ';' ? CHUNK_EXTENSION : CHUNK_PAD;
	return *at == ';' || is_space(*at) ? at + 1 : NULL;
}

static const char *feed_chunk_size(struct http1 *message, const char *at)
{
	int digit = hex_digit(*at);
	if (digit < 0)
		return message->line_len > 0 ? feed_chunk_pad(message, at) : NULL;
	/* A size that a signed parser cannot hold is in doubt. */
	if (message->line_len++ == CHUNK_DIGITS_MAX || message->remaining > INT64_MAX >> 4)
		return NULL;
	message->remaining = message->remaining << 4 | (unsigned)digit;
	return at + 1;
}

static const char *feed_data(struct http1 *message, const char *at, const char *end,
			     enum http1_state next)
{
	if ((uint64_t)(end - at) < message->remaining) {
		message->remaining -= (uint64_t)(end - at);
		return end;
	}
	at += message->remaining;
	message->remaining = 0;
	message->line_len = 0;
	message->state = (uint8_t)next;
	return at;
}

static const char *feed_trailer(struct http1 *message, const char *at)
{
	if (*at == '\r')
		return expect(message, at, '\r', BODY_LF);
	message->state = TRAILER_SKIP;
	return is_space(*at) || *at == ':' ? NULL : at;
}

static const char *feed_chunked(struct http1 *message, const char *at, const char *begin,
				const char *end)
{
	switch (message->state) {
	case CHUNK_SIZE:
		return feed_chunk_size(message, at);
	case CHUNK_PAD:
		return feed_chunk_pad(message, at);
	case CHUNK_EXTENSION:
		return feed_rest(message, at, begin, end, CHUNK_EXTENSION, CHUNK_SIZE_LF);
	case CHUNK_SIZE_LF:
		return expect(message, at, '\n', message->remaining ? CHUNK_DATA : TRAILER);
	case CHUNK_DATA:
		return feed_data(message, at, end, CHUNK_CR);
	case CHUNK_CR:
		return expect(message, at, '\r', CHUNK_LF);
	case CHUNK_LF:
		return expect(message, at, '\n', CHUNK_SIZE);
	case TRAILER:
		return feed_trailer(message, at);
	case TRAILER_SKIP:
		return feed_rest(message, at, begin, end, TRAILER_SKIP, TRAILER_LF);
	case TRAILER_LF:
		return expect(message, at, '\n', TRAILER);
	case BODY_LF:
		return expect(message, at, '\n', BODY_END);
	default:
		return NULL;
	}
}

const char *http1_feed_body(struct http1 *message, const char *at, const char *end)
{
	const char *begin = at;

	if (message->state == LENGTH)
		return feed_data(message, at, end, BODY_END);
	if (message->state == CLOSE)
		return end;
	while (at && at < end && message->state != BODY_END)
		at = feed_chunked(message, at, begin, end);
	return at;
}
