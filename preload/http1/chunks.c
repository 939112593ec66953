/* SPDX-License-Identifier: MIT */
#include "chunks.h"

#include "private.h"

bool http1_is_chunked(const struct http1 *response)
{
	return response->flags & HTTP1_HEAD_DONE && response->flags & HTTP1_HAS_BODY &&
	       response->seen & SEEN_CHUNKED;
}

bool http1_count_data(struct http1 *message, const char *bytes, size_t len, uint64_t *data)
{
	while (len) {
		bool counts = message->flags & HTTP1_HEAD_DONE && message->state == CHUNK_DATA;
		/* All that frames it goes byte by byte, so that no data is fed with it. */
		size_t step = !counts ? 1 : message->remaining < len ? message->remaining : len;
		size_t used;
		enum http1_result result = http1_feed(message, bytes, step, &used);
		if (result != HTTP1_MORE && result != HTTP1_INTERIM)
			return result == HTTP1_DONE && len == 1;
		*data += counts ? step : 0;
		bytes += step;
		len -= step;
	}
	return true;
}

static void put(struct http1_chunks *chunks, int text, const char *bytes)
{
	for (; *bytes; bytes++)
		chunks->text[text][chunks->text_len[text]++] = *bytes;
}

/* The line that begins a chunk of so many bytes. */
static void put_size(struct http1_chunks *chunks, int text, uint64_t size)
{
	int shift = 60;
	while (shift && !(size >> shift))
		shift -= 4;
	for (; shift >= 0; shift -= 4) {
		const char digit[2] = {"0123456789abcdef"[size >> shift & 15], 0};
		put(chunks, text, digit);
	}
	put(chunks, text, "\r\n");
}

bool http1_chunks_may(const struct http1 *response)
{
	if (!http1_is_chunked(response))
		return false;
	/* Of a size that has begun it is not known what was to follow. */
	return response->state == CHUNK_DATA || response->state == CHUNK_CR ||
	       response->state == CHUNK_LF ||
	       (response->state == CHUNK_SIZE && !response->line_len);
}

bool http1_chunks_plan(const struct http1 *response, uint64_t len, struct http1_chunks *chunks)
{
	*chunks = (struct http1_chunks){0};
	uint64_t announced = response->state == CHUNK_DATA ? response->remaining : 0;
	if (!http1_chunks_may(response) || !len || len > INT64_MAX || announced > len)
		return false;
	if (response->state == CHUNK_CR)
		put(chunks, 0, "\r\n");
	else if (response->state == CHUNK_LF)
		put(chunks, 0, "\n");
	chunks->data[0] = announced ? announced : len;
	chunks->data[1] = len - chunks->data[0];
	if (!announced)
		put_size(chunks, 0, len);
	if (chunks->data[1]) {
		put(chunks, 1, "\r\n");
		put_size(chunks, 1, chunks->data[1]);
	}
	put(chunks, 2, "\r\n0\r\n\r\n");
	return true;
}

/* Which text is next; 3: none. */
static int next_text(const struct http1_chunks *chunks)
{
	int text = 0;
	while (text < 3 && !chunks->text_len[text] && !(text < 2 && chunks->data[text]))
		text++;
	return text;
}

size_t http1_chunks_text(const struct http1_chunks *chunks, const char **text)
{
	int next = next_text(chunks);
	if (next == 3 || !chunks->text_len[next])
		return 0;
	*text = chunks->text[next] + chunks->text_given;
	return (size_t)(chunks->text_len[next] - chunks->text_given);
}

uint64_t http1_chunks_data(const struct http1_chunks *chunks)
{
	int next = next_text(chunks);
	return next < 2 && !chunks->text_len[next] ? chunks->data[next] : 0;
}

void http1_chunks_given(struct http1_chunks *chunks, uint64_t len)
{
	int next = next_text(chunks);
	if (next == 3)
		return;
	if (!chunks->text_len[next]) {
		chunks->data[next] -= len;
		return;
	}
	chunks->text_given = (uint8_t)(chunks->text_given + len);
	if (chunks->text_given == chunks->text_len[next])
		chunks->text_len[next] = chunks->text_given = 0;
}
