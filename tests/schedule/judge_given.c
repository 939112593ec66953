/* SPDX-License-Identifier: MIT */
/* What the program reads: the answers to its requests, in order, each of one server's making. */
#include <string.h>

#include "judge.h"
#include "trace.h"

/* What becomes of a link's answer if these bytes are the next of it. */
struct reading {
	bool fits;
	bool whole;	 /* the answer ends with the first `used` of them */
	bool of_nothing; /* it is what no request has asked for */
	size_t used;
};

static struct reading try(const struct link *link, const struct wire *wire,
			  const struct segment *segment, const char *bytes, size_t len)
{
	struct reading reading = {0};
	const char *text = wire->down.at + segment->from;
	uint32_t text_len = segment->to - segment->from, done = link->part.len;
	const struct request *next =
	    link->answered < link->request_count ? link->requests[link->answered] : NULL;
	/* One of which only a piece of a request line is known is nobody's yet. */
	bool may_be = wire->link ? wire->link == link : wire->server == link->server;
	if (!may_be || (segment->request && segment->request != next))
		return reading;
	/* Not more than has been sent. */
	uint32_t sent = wire->down_sent > segment->from ? wire->down_sent - segment->from : 0;
	uint32_t there = sent < text_len ? sent : text_len;
	if (done > there || (done && memcmp(text, link->part.at, done) != 0))
		return reading;
	reading.used = len < there - done ? len : there - done;
	reading.fits = reading.used && memcmp(text + done, bytes, reading.used) == 0;
	reading.whole = segment->whole && done + reading.used == text_len;
	/* More than there is of it can only be the next answer. */
	reading.fits &= reading.used == len || reading.whole;
	reading.of_nothing = !segment->request;
	return reading;
}

static struct reading find(const struct link *link, const char *bytes, size_t len)
{
	for (uint32_t w = world.wire_count; w-- > 0;) {
		const struct wire *wire = world.wires[w];
		for (uint32_t i = 0; i < wire->segment_count; i++) {
			struct reading reading = try(link, wire, &wire->segments[i], bytes, len);
			if (reading.fits)
				return reading;
		}
	}
	return (struct reading){0};
}

static void note_seen(struct link *link)
{
	if (link->answered < link->request_count)
		link->requests[link->answered]->answer_seen = true;
}

void judge_given(struct link *link, const char *bytes, size_t len, bool peek)
{
	struct bytes part = {0};
	uint32_t answered = link->answered;
	bytes_add(&part, link->part.at, link->part.len);
	if (link->ended && len && !link->raced)
		judge_fail("answer", "link %u is given bytes after the end of its stream: %s",
			   link->id, trace_bytes(bytes, len));
	while (len && !link->raced) {
		struct reading reading = find(link, bytes, len);
		if (!reading.fits)
			judge_fail("answer", "link %u, %u bytes into answer %u, is given: %s",
				   link->id, link->part.len, link->answered,
				   trace_bytes(bytes, len));
		if (!reading.of_nothing)
			note_seen(link);
		bytes_add(&link->part, bytes, (uint32_t)reading.used);
		bytes += reading.used;
		len -= reading.used;
		if (!reading.whole)
			continue;
		link->answered += !reading.of_nothing;
		link->part.len = 0;
	}
	if (!peek)
		return;
	link->answered = answered;
	link->part = part;
}
