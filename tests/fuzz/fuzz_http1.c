/* SPDX-License-Identifier: MIT */
/*
 * A stream of messages must read the same whole and in pieces. The first bytes of an input say
 * what it is and where it is cut; the rest is the stream.
 *
 *   fuzz_http1 [SEED [COUNT]]                          mutates the messages of the unit tests
 *   clang -DFUZZ_HTTP1_LIBFUZZER -fsanitize=fuzzer ... libFuzzer, which mutates them too
 */
#include "fuzz/fuzz_heads.h"
#include "fuzz/fuzz_http1.h"
#include "../preload/http1/lines.h"
#include "unit/http1_messages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { CUTS = 4, HEADER = 1 + CUTS, STREAM_MAX = 4096 };

/* What was learned from a stream. */
struct reading {
	size_t messages;
	size_t used;
	uint64_t facts; /* of all complete messages */
	enum http1_result result;
	struct http1 message;
};

static void start(struct reading *reading, uint8_t kind)
{
	if (kind & 1)
		http1_response(&reading->message, (enum method)(kind / 2 % METHOD_COUNT));
	else
		http1_request(&reading->message);
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
	return (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15) + (hash >> 29);
}

static void note(struct reading *reading, uint8_t kind)
{
	const struct http1 *message = &reading->message;
	reading->messages++;
	reading->facts = mix(reading->facts, reading->used);
	reading->facts = mix(reading->facts, reading->result);
	reading->facts = mix(reading->facts, (uint64_t)message->flags << 32 | message->head_len);
	reading->facts = mix(reading->facts, (uint64_t)message->status << 8 | message->method);
	if (reading->result == HTTP1_DONE)
		start(reading, kind);
}

/* False once the stream cannot be read on. */
static bool read_piece(struct reading *reading, uint8_t kind, const uint8_t *bytes, size_t len)
{
	/* A copy of its own size lets AddressSanitizer see a byte that is read too far. */
	char *piece = malloc(len ? len : 1);
	size_t at = 0;
	if (!piece)
		abort();
	memcpy(piece, bytes, len);
	while (at < len) {
		size_t used = 0;
		reading->result = http1_feed(&reading->message, piece + at, len - at, &used);
		if (reading->result == HTTP1_BAD || reading->result == HTTP1_TUNNEL)
			break;
		if (used > len - at || (used < len - at && reading->result == HTTP1_MORE))
			abort();
		at += used;
		reading->used += used;
		if (reading->result != HTTP1_MORE)
			note(reading, kind);
	}
	free(piece);
	return at == len;
}

static struct reading read_whole(uint8_t kind, const uint8_t *bytes, size_t len)
{
	struct reading reading = {0};
	start(&reading, kind);
	read_piece(&reading, kind, bytes, len);
	return reading;
}

static struct reading read_cut(uint8_t kind, const uint8_t *cuts, const uint8_t *bytes, size_t len)
{
	struct reading reading = {0};
	size_t from = 0;
	start(&reading, kind);
	for (size_t i = 0; from < len; i++) {
		size_t piece = i < CUTS && cuts[i] < len - from ? cuts[i] : len - from;
		if (!read_piece(&reading, kind, bytes + from, piece))
			break;
		from += piece;
	}
	return reading;
}

static struct reading read_bytewise(uint8_t kind, const uint8_t *bytes, size_t len)
{
	struct reading reading = {0};
	start(&reading, kind);
	for (size_t i = 0; i < len && read_piece(&reading, kind, bytes + i, 1); i++)
		;
	return reading;
}

static bool same(const struct reading *a, const struct reading *b)
{
	if (a->messages != b->messages || a->facts != b->facts || a->result != b->result)
		return false;
	if (a->result == HTTP1_BAD || a->result == HTTP1_TUNNEL)
		return true;
	return a->used == b->used && a->message.flags == b->message.flags &&
	       a->message.remaining == b->message.remaining &&
	       a->message.head_len == b->message.head_len && a->message.status == b->message.status;
}

/* Is this the name of a Connection field with no colon right behind it? */
static bool is_doubtful_name(const uint8_t *bytes, size_t len)
{
	enum { NAME = sizeof("connection") - 1 };
	return len > NAME && strncasecmp((const char *)bytes, "connection", NAME) == 0 &&
	       bytes[NAME] <= ' ';
}

/* Is it bad by what does not say where it ends, as a control character that no line may hold? */
static bool is_bad_inside(const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		bool ends = bytes[i] == '\r' && i + 1 < len && bytes[i + 1] == '\n';
		if (bytes[i] < ' ' && bytes[i] != '\t' && !ends)
			return true;
		i += ends;
		if (ends && is_doubtful_name(bytes + i + 1, len - i - 1))
			return true;
	}
	return false;
}

/*
 * What is found to be a whole GET or HEAD at a glance must be one, and its copy the same; or it is
 * found to be none when it is read in the end, by what says nothing of its length.
 */
static bool is_whole_as(const struct reading *whole, const uint8_t *bytes, size_t len)
{
	struct reading reading = {.used = len, .result = HTTP1_DONE};
	char *exact = malloc(len ? len : 1), *copy = malloc(len ? len : 1);
	if (!exact || !copy)
		abort();
	memcpy(exact, bytes, len);
	http1_request(&reading.message);
	const char *line;
	size_t first = http1_begins_head(exact, len); /* a letter that is none of a GET */
	bool is_get = first || http1_begins_get(exact, len);
	char *to = copy + first, *from = exact + first;
	memcpy(copy, exact, first);
	bool is_plain = is_get && http1_plain_get(to, from, len - first, &line),
	     is_whole = is_plain;
	if (is_get && !is_plain)
		is_whole = http1_get_with_more(&reading.message, to, from, len - first, line);
	if (is_whole)
		http1_note_get(&reading.message, len, reading.message.flags);
	reading.message.method = first ? METHOD_HEAD : reading.message.method;
	bool is_copied = is_whole && !memcmp(copy, bytes, len);
	bool is_sound = is_copied && http1_is_sound(copy, len);
	free(exact);
	free(copy);
	if (!is_whole)
		return true;
	if (!is_sound)
		return is_copied && whole->messages == 0 && whole->result == HTTP1_BAD &&
		       is_bad_inside(bytes, len);
	bool has_none = !reading.message.remaining;
	bool is_noted = reading.message.flags & HTTP1_LOOKED_OVER;
	reading.message.flags &= (uint16_t)~HTTP1_LOOKED_OVER;
	/* As nobody asks it of a request, this is not looked for: either will do. */
	struct reading persistent = reading;
	persistent.message.flags |= HTTP1_PERSISTENT;
	note(&reading, 0);
	note(&persistent, 0);
	return has_none && is_noted && (same(whole, &reading) || same(whole, &persistent));
}

/* And what is found to be a whole answer, one that leaves the connection as it was. */
static bool is_answer_as(uint8_t kind, const uint8_t *bytes, size_t len)
{
	const uint16_t looked_at = HTTP1_PERSISTENT | HTTP1_CONNECTION_AUTH;
	struct reading reading = {0};
	size_t used = 0;
	start(&reading, kind);
	struct http1 *message = &reading.message;
	char *exact = malloc(len ? len : 1);
	if (!exact)
		abort();
	memcpy(exact, bytes, len);
	bool is_whole = message->method != METHOD_HEAD && message->method != METHOD_CONNECT &&
			http1_whole_answer(message, exact, len);
	start(&reading, kind);
	bool same = !is_whole ||
		    (http1_feed(message, exact, len, &used) == HTTP1_DONE && used == len &&
		     message->status != 408 && (message->flags & looked_at) == HTTP1_PERSISTENT);
	free(exact);
	return same;
}

/* The kind says whether the processor can look at many bytes at once. */
static bool reads_the_same(const uint8_t *data, size_t size)
{
	if (size < HEADER)
		return true;
	const uint8_t *bytes = data + HEADER;
	size_t len = size - HEADER;
	http1_blocks = data[0] & 0x80 ? HTTP1_BLOCKS_NO : HTTP1_BLOCKS_UNKNOWN;
	struct reading whole = read_whole(data[0], bytes, len);
	struct reading cut = read_cut(data[0], data + 1, bytes, len);
	struct reading bytewise = read_bytewise(data[0], bytes, len);
	return same(&whole, &cut) && same(&whole, &bytewise) &&
	       (data[0] & 1 ? is_answer_as(data[0], bytes, len)
			    : is_whole_as(&bytewise, bytes, len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!reads_the_same(data, size))
		abort();
	return 0;
}

static const struct http1_case *any_case(uint64_t *seed)
{
	const struct http1_case *tables[] = {http1_requests, http1_responses, http1_bad};
	const struct http1_case *table = tables[draw(seed, 3)];
	uint32_t count = 0;
	while (table[count].name)
		count++;
	return &table[draw(seed, count)];
}

static void mutate(uint8_t *bytes, size_t *len, uint64_t *seed)
{
	static const uint8_t alphabet[] = "\r\n \t:,;0159afxHTcC\x7f\x80\0";
	size_t at = draw(seed, (uint32_t)*len), run = 1 + draw(seed, 3);
	uint8_t byte = alphabet[draw(seed, sizeof(alphabet))];
	switch (draw(seed, 5)) {
	case 0: /* another byte */
		bytes[at] = byte;
		break;
	case 1: /* one more */
		memmove(bytes + at + 1, bytes + at, *len - at);
		bytes[at] = byte;
		++*len;
		break;
	case 2: /* some fewer */
		run = run < *len - at ? run : *len - at;
		memmove(bytes + at, bytes + at + run, *len - at - run);
		*len -= run;
		break;
	case 3: /* the other case */
		bytes[at] ^= 0x20;
		break;
	default: /* cut short */
		*len = at;
	}
	if (*len == 0)
		bytes[(*len)++] = byte;
}

/* A few messages in a row, damaged in a few places or in none. */
static size_t make_stream(uint8_t *data, uint64_t *seed)
{
	size_t len = 0;
	const struct http1_case *it = any_case(seed);
	bool response = it->flags & HTTP1_IS_RESPONSE;
	data[0] = (uint8_t)(response | draw(seed, METHOD_COUNT) << 1 | draw(seed, 2) << 7);
	for (int i = 0; i < CUTS; i++)
		data[1 + i] = (uint8_t)draw(seed, draw(seed, 2) ? 24 : 256);
	bool heads = draw(seed, 2);
	if (heads)
		len = fuzz_heads_make((char *)data + HEADER, response, seed);
	for (uint32_t more = 1 + draw(seed, 3); !heads && more > 0; more--, it = any_case(seed)) {
		bool fits = !(it->flags & HTTP1_IS_RESPONSE) == !response;
		if (len > 0 && (!fits || it->result == HTTP1_BAD))
			continue;
		memcpy(data + HEADER + len, it->bytes, it->len);
		len += it->result == HTTP1_DONE || it->result == HTTP1_INTERIM ? it->used : it->len;
	}
	for (uint32_t more = draw(seed, 4); more > 0; more--)
		mutate(data + HEADER, &len, seed);
	return HEADER + len;
}

long fuzz_http1_run(uint64_t seed, long count)
{
	static uint8_t data[STREAM_MAX];
	long differ = 0;
	for (long i = 0; i < count; i++) {
		uint64_t state = seed * UINT64_C(0x9e3779b97f4a7c15) + (uint64_t)i;
		size_t size = make_stream(data, &state);
		if (reads_the_same(data, size))
			continue;
		printf("    seed %llu, message %ld reads differently in pieces\n",
		       (unsigned long long)seed, i);
		differ++;
	}
	return differ;
}

#ifdef FUZZ_HTTP1_LIBFUZZER
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

/* Now and then from a message of the unit tests, which libFuzzer would be long in finding. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	static uint8_t stream[STREAM_MAX];
	uint64_t state = seed;
	if (draw(&state, 8))
		return LLVMFuzzerMutate(data, size, max_size);
	size = make_stream(stream, &state);
	size = size < max_size ? size : max_size;
	memcpy(data, stream, size);
	return size;
}
#endif

#if !defined(FUZZ_HTTP1_NO_MAIN) && !defined(FUZZ_HTTP1_LIBFUZZER)
int main(int argc, char **argv)
{
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
	long count = argc > 2 ? strtol(argv[2], NULL, 10) : 1000000;
	long differ = fuzz_http1_run(seed, count);
	printf("%ld of %ld messages read differently in pieces\n", differ, count);
	return differ > 0;
}
#endif
