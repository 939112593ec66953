/* SPDX-License-Identifier: MIT */
/*
 * What goes out on a wire: whole requests of one link from their first byte on, one after the
 * other, and none that may not be sent, or not again.
 */
#include <string.h>

#include "judge.h"
#include "trace.h"

static bool begins(const char *text, const char *line, uint32_t len)
{
	size_t text_len = strlen(text);
	return strncmp(line, text, len < text_len ? len : text_len) == 0;
}

/* Which of the headers that the policy lets the preload add begins so; 0: none. */
static uint32_t added(const char *line, uint32_t len)
{
	const struct policy_retry *retry = &world.policy.retry;
	if (retry->attempt_header && begins("X-Attempt: ", line, len))
		return 1;
	return retry->add_request_id && begins("X-Request-Id: ", line, len) ? 2 : 0;
}

static struct request *find(const struct wire *wire, const char *line, uint32_t len)
{
	for (uint32_t l = 0; l < world.link_count; l++) {
		struct link *link = &world.links[l];
		if (wire->link && wire->link != link)
			continue;
		for (uint32_t i = 0; i < link->request_count; i++) {
			struct request *request = link->requests[i];
			if (len <= request->line_len && memcmp(request->text, line, len) == 0)
				return request;
		}
	}
	return NULL;
}

static void note_sending(struct wire *wire, struct request *request)
{
	const struct link *link = request->link;
	if (request->last_wire == wire)
		return;
	if (request->answer_seen)
		judge_fail("answered",
			   "request %u.%u is sent again on wire %u after the program "
			   "has seen of its answer",
			   link->id, request->index, wire->id);
	if (request->last_wire && !request->repeatable)
		judge_fail("twice",
			   "request %u.%u, which may not be sent again, is: on wires %u "
			   "and %u",
			   link->id, request->index, request->last_wire->id, wire->id);
	request->last_wire = wire;
	if (++request->sendings > world.policy.retry.max_attempts)
		judge_fail("twice", "request %u.%u is sent %u times", link->id, request->index,
			   request->sendings);
}

/* The first byte of a request whose line is complete now. */
static void begin_request(struct wire *wire, struct request *request)
{
	struct sent *sent = &wire->sent;
	const struct link *link = request->link;
	if (link->server != wire->server && (wire->socket->raced || judge_tolerates(wire->socket)))
		return;
	if (link->server != wire->server)
		judge_fail("elsewhere", "request %u.%u for server %d goes to server %d", link->id,
			   request->index, link->server, wire->server);
	uint32_t next = sent->last ? sent->last->index + 1 : link->answered;
	if (request->index != next)
		judge_fail("order", "request %u.%u goes out on wire %u where %u is next", link->id,
			   request->index, wire->id, next);
	wire->link = request->link;
	note_sending(wire, request);
	sent->now = request;
	sent->at = request->line_len;
	sent->inserted = 0;
	sent->line.len = 0;
}

static void misplaced(struct wire *wire, const char *bytes, size_t len)
{
	const struct request *now = wire->sent.now;
	if (wire->socket->raced || judge_tolerates(wire->socket) ||
	    (wire->link && wire->link->raced)) {
		if (wire->link)
			wire->link->raced = true;
		return;
	}
	if (now)
		judge_fail("order", "wire %u, %u bytes into request %u.%u, goes on with: %s",
			   wire->id, wire->sent.at, now->link->id, now->index,
			   trace_bytes(bytes, len));
	judge_fail("order", "no request begins so, on wire %u: %s", wire->id,
		   trace_bytes(bytes, len));
}

/* Returns how many of the bytes belong to a request line, or to an added header. */
static size_t take_line(struct wire *wire, const char *bytes, size_t len)
{
	struct sent *sent = &wire->sent;
	const char *end = memchr(bytes, '\n', len);
	size_t piece = end ? (size_t)(end - bytes) + 1 : len;
	bytes_add(&sent->line, bytes, (uint32_t)piece);
	if (sent->now) {
		uint32_t which = added(sent->line.at, sent->line.len);
		if (!which || (end && sent->inserted & which))
			misplaced(wire, bytes, len);
		sent->inserted |= end ? which : 0;
		sent->line.len = end ? 0 : sent->line.len;
		return piece;
	}
	struct request *request = find(wire, sent->line.at, sent->line.len);
	if (!request)
		misplaced(wire, sent->line.at, sent->line.len);
	else if (end)
		begin_request(wire, request);
	return piece;
}

static void end_request(struct wire *wire, uint32_t at)
{
	struct sent *sent = &wire->sent;
	if (sent->whole == SEGMENTS_MAX)
		judge_fail("simulator", "more requests on a wire than can be noted");
	sent->requests[sent->whole] = sent->now;
	sent->ends[sent->whole++] = at;
	sent->last = sent->now;
	sent->now = NULL;
}

/* Returns how many of the bytes are those of the request that has begun. */
static size_t take_rest(struct wire *wire, const char *bytes, size_t len)
{
	struct sent *sent = &wire->sent;
	const struct request *request = sent->now;
	size_t piece = request->len - sent->at < len ? request->len - sent->at : len;
	if (memcmp(request->text + sent->at, bytes, piece) != 0) {
		misplaced(wire, bytes, len);
		return len;
	}
	sent->at += (uint32_t)piece;
	return piece;
}

void judge_sent(struct wire *wire, const char *bytes, size_t len)
{
	struct sent *sent = &wire->sent;
	uint32_t from = wire->up.len - (uint32_t)len;
	size_t at = 0;
	while (at < len && !(wire->link && wire->link->raced)) {
		bool behind_line = sent->now && sent->at == sent->now->line_len;
		if (!sent->now ||
		    (behind_line && (sent->line.len || bytes[at] != sent->now->text[sent->at]))) {
			at += take_line(wire, bytes + at, len - at);
			continue;
		}
		at += take_rest(wire, bytes + at, len - at);
		if (sent->now && sent->at == sent->now->len)
			end_request(wire, from + (uint32_t)at);
	}
}
