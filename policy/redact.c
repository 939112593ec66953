/* SPDX-License-Identifier: MIT */
#include "redact.h"

#include <stdbool.h>

#include "match.h"
#include "path.h"

/* A text being written. */
struct out {
	char *to;
	size_t len, room;
};

static void put(struct out *out, const char *text, size_t len)
{
	for (; len && out->len + 1 < out->room; len--)
		out->to[out->len++] = *text++;
}

static const char *first_pattern(const struct policy *policy, const char *path, size_t len)
{
	for (uint32_t i = 0; i < policy->redact_count; i++)
		if (match_glob(policy->redact_paths[i], path, len, false))
			return policy->redact_paths[i];
	return NULL;
}

static __attribute__((noinline)) const char *
pattern_of_readings(const struct policy *policy, const char *path, size_t len, unsigned liberties)
{
	const char *found = NULL;
	struct path read;

	for (unsigned reading = 0; reading < PATH_READINGS && !found; reading++) {
		if (reading & ~liberties)
			continue;
		if (!path_read(&read, path, len, reading))
			return "";
		found = first_pattern(policy, read.text, read.len);
	}
	return found;
}

const char *redact_pattern(const struct policy *policy, const char *target, size_t len)
{
	const char *path;
	int liberties;
	bool plain;

	if (!policy->redact_count)
		return NULL;
	len = path_of(target, len, &path);
	liberties = path_liberties(path, len, &plain);
	if (liberties < 0)
		return "";
	if (!liberties && plain)
		return first_pattern(policy, path, len);
	return pattern_of_readings(policy, path, len, (unsigned)liberties);
}

static void put_pattern(struct out *out, const char *pattern)
{
	for (; *pattern; pattern++) {
		if (*pattern != '*')
			put(out, pattern, 1);
		else if (pattern[1] != '*')
			put(out, "***", 3);
	}
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_hex(const char *at, const char *end)
{
	return end - at >= 2 && hex_value(at[0]) >= 0 && hex_value(at[1]) >= 0;
}

/* The character that stands here, however often it was escaped: %40 and %2540 are an `@`. */
static int unwrapped(const char *at, const char *end, size_t *len)
{
	const char *hex = at + 1;

	*len = 1;
	if (*at != '%' || !is_hex(hex, end))
		return (unsigned char)*at;
	while (hex[0] == '2' && hex[1] == '5' && is_hex(hex + 2, end))
		hex += 2;
	*len = (size_t)(hex + 2 - at);
	return hex_value(hex[0]) * 16 + hex_value(hex[1]);
}

static bool is_separator(int c)
{
	return c == '/' || c == '\\';
}

/* A segment: what is before its last `@` may be a user's name and password. */
struct segment {
	const char *start, *end;
	const char *host; /* behind that `@`; NULL if there is none */
	bool colon;	  /* in front of it */
	bool last;	  /* a query or fragment follows, or nothing */
};

static struct segment segment_at(const char *at, const char *end)
{
	struct segment segment = {.start = at};
	bool colon = false;
	size_t len;

	for (; at < end; at += len) {
		int c = unwrapped(at, end, &len);

		if (is_separator(c))
			break;
		segment.last = c == '?' || c == '#';
		if (segment.last)
			break;
		colon |= c == ':';
		if (c == '@') {
			segment.host = at + len;
			segment.colon = colon;
		}
	}
	segment.end = at;
	segment.last |= at == end;
	return segment;
}

/* bare: a segment is an authority if it has an `@`, as behind two slashes. */
static void put_segments(struct out *out, const char *at, const char *end, bool bare)
{
	int slashes = 0;

	while (at < end) {
		struct segment segment = segment_at(at, end);
		size_t len = 0;

		if (segment.host && (segment.colon || bare || slashes >= 2)) {
			put(out, "***@", 4);
			segment.start = segment.host;
		}
		put(out, segment.start, (size_t)(segment.end - segment.start));
		if (segment.last)
			return;
		slashes = segment.end > at ? 1 : slashes + 1;
		bare = false;
		unwrapped(segment.end, end, &len);
		put(out, segment.end, len);
		at = segment.end + len;
	}
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Of an absolute URI up to its path: has a slash in a password ended the authority too early? */
static bool is_cut_short(const char *uri, const char *end)
{
	const char *authority = uri, *port = end;

	while (authority < end && *authority != '/')
		authority++;
	while (port > authority && is_digit(port[-1]))
		port--;
	if (port > authority && port[-1] == ':')
		return false;
	for (; port > authority && port[-1] != ']'; port--)
		if (port[-1] == ':')
			return true;
	return false;
}

/* Behind the last `@` that may end a user's name and password. */
static const char *behind_userinfo(const char *at, const char *end)
{
	const char *behind = at;
	size_t len;

	for (; at < end; at += len)
		if (unwrapped(at, end, &len) == '@')
			behind = at + len;
	return behind;
}

/* Of a URI without a path it is not: "/" lies somewhere else. */
static bool is_behind_authority(const char *path, const char *target, size_t len)
{
	size_t at = (size_t)((uintptr_t)path - (uintptr_t)target);

	return at && at < len && *path == '/';
}

void redact_path(const struct policy *policy, const char *target, size_t len, char *to, size_t room)
{
	struct out out = {to, 0, room};
	const char *pattern = redact_pattern(policy, target, len);
	const size_t whole = len;
	const char *path, *at;

	len = path_of(target, len, &path);
	at = path;
	if (pattern) {
		put_pattern(&out, *pattern ? pattern : "/*");
	} else {
		if (is_behind_authority(path, target, whole) && is_cut_short(target, path))
			at = behind_userinfo(path, path + len);
		if (at > path)
			put(&out, "***@", 4);
		put_segments(&out, at, path + len, *path != '/' || at > path);
	}
	to[out.len] = '\0';
}

size_t redact_host(const char *host, size_t len)
{
	return (size_t)(behind_userinfo(host, host + len) - host);
}
