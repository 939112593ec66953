/* SPDX-License-Identifier: MIT */
/* What servers answer: well framed in all the ways that there are, and in some that there are not.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "draw.h"
#include "judge.h"
#include "trace.h"
#include "wire.h"

/* Each answer names its request and its wire: none can be taken for another. */
static const char *mark(const struct wire *wire, const struct request *request)
{
	static char text[40];
	snprintf(text, sizeof(text), "<%u.%u on %u>", request->link->id, request->index, wire->id);
	return text;
}

static void say(struct wire *wire, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct wire *wire, const char *format, ...)
{
	char text[512];
	va_list args;
	va_start(args, format);
	int len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	bytes_add(&wire->down, text, (uint32_t)len);
}

static struct segment *begin(struct wire *wire, struct request *request)
{
	if (wire->segment_count == SEGMENTS_MAX)
		judge_fail("simulator", "a server has more to say than it can");
	struct segment *segment = &wire->segments[wire->segment_count++];
	*segment = (struct segment){request, wire->down.len, 0, true};
	return segment;
}

static struct segment *end(struct wire *wire, struct segment *segment)
{
	segment->to = wire->down.len;
	return segment;
}

static void say_head(struct wire *wire, const struct request *request, const char *status)
{
	say(wire, "HTTP/1.1 %s\r\nX-Of: %s\r\n", status, mark(wire, request));
}

static void say_body(struct wire *wire, const struct request *request, uint32_t fill)
{
	say(wire, "%s", mark(wire, request));
	for (uint32_t i = 0; i < fill; i++)
		say(wire, "%c", 'a' + (int)(i % 26));
}

static uint32_t body_len(const struct wire *wire, const struct request *request, uint32_t fill)
{
	return (uint32_t)strlen(mark(wire, request)) + fill;
}

/* Content-Length, chunks, and what ends with the connection. Returns whether that has to end. */
static void plain(struct wire *wire, struct request *request, const char *status,
		  const char *headers)
{
	uint32_t fill = DRAW_OF(0, 0, 30, 700), len = body_len(wire, request, fill);
	bool is_head = request->method == METHOD_HEAD;
	uint32_t framing = draw(8);
	say_head(wire, request, status);
	say(wire, "%s", headers);
	if (framing == 1 && !is_head) {
		say(wire, "Transfer-Encoding: chunked\r\n\r\n%x\r\n", len);
		say_body(wire, request, fill);
		say(wire, "\r\n0\r\n\r\n");
		return;
	}
	if (framing == 2 && !is_head) {
		wire->ends_after = true;
		wire->end = END_FIN;
		say(wire, "\r\n");
		say_body(wire, request, fill);
		return;
	}
	if (framing == 3) {
		wire->ends_after = true;
		say(wire, "Connection: close\r\n");
	}
	say(wire, "Content-Length: %u\r\n\r\n", len);
	if (!is_head)
		say_body(wire, request, fill);
}

struct segment *answer_make(struct wire *wire, struct request *request)
{
	static const char *const statuses[] = {"503 Busy", "429 Slow", "502 Bad", "408 Late",
					       "500 Oh"};
	struct segment *segment = begin(wire, request);
	if (draw_chance(60))
		say(wire, "HTTP/1.1 103 Hints\r\nLink: </x>\r\n\r\n");
	if (draw_chance(60)) {
		say_head(wire, request, draw(2) ? "204 None" : "304 Same");
		say(wire, "\r\n");
	} else if (draw_chance(world.set.trouble / 3)) {
		plain(wire, request, statuses[draw(5)], draw(3) == 1 ? "Retry-After: 1\r\n" : "");
	} else {
		plain(wire, request, "200 OK", draw(6) == 1 ? "Keep-Alive: timeout=1\r\n" : "");
	}
	return end(wire, segment);
}

/* What is not HTTP as RFC 9112 has it, or not what a client expects; its end is where it ends. */
struct segment *answer_bad(struct wire *wire, struct request *request)
{
	struct segment *segment = begin(wire, request);
	uint32_t len = body_len(wire, request, 0);
	bool is_head = request->method == METHOD_HEAD;
	switch (draw(5)) {
	case 0:
		say_head(wire, request, "200 OK");
		say(wire, "X-Folded: one,\r\n two\r\nContent-Length: %u\r\n\r\n", len);
		break;
	case 1:
		say_head(wire, request, "200 OK");
		say(wire, "Content-Length: %u\r\nContent-Length: %u\r\n\r\n", len, len + 3);
		break;
	case 2:
		say(wire, "HTTP/1.1 200 OK\nX-Of: %s\nContent-Length: %u\n\n", mark(wire, request),
		    len);
		break;
	case 3:
		say(wire, "HTTQ/1.1 200 OK\r\nX-Of: %s\r\nContent-Length: %u\r\n\r\n",
		    mark(wire, request), len);
		break;
	default:
		say_head(wire, request, "200 OK");
		say(wire, "Content Length : %u\r\nContent-Length: %u\r\n\r\n", len, len);
	}
	if (!is_head)
		say_body(wire, request, 0);
	return end(wire, segment);
}

struct segment *answer_408(struct wire *wire)
{
	struct segment *segment = begin(wire, NULL);
	say(wire, "HTTP/1.1 408 Idle\r\nConnection: close\r\nX-On: %u\r\nContent-Length: 0\r\n\r\n",
	    wire->id);
	return end(wire, segment);
}

struct segment *answer_early(struct wire *wire, struct request *request)
{
	struct segment *segment = begin(wire, request);
	say_head(wire, request, "413 Large");
	say(wire, "Connection: close\r\nContent-Length: 0\r\n\r\n");
	return end(wire, segment);
}
