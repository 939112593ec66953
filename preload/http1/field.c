/* SPDX-License-Identifier: MIT */
/*
 * A header line that lies in the caller's buffer whole is read there (http1_line). Of one that
 * arrives in pieces, what matters is collected in line[] (http1_feed_name, http1_feed_value).
 * Both must come to the same verdict; tests/fuzz/fuzz_http1.c compares them.
 */
#include "private.h"

/* The longest name that matters, and room to see what follows it. */
enum { NAME_MAX = 24 };

#define STARTS(text, len, lower)                                                                   \
	((len) >= sizeof(lower) - 1 && folds_to(text, lower, sizeof(lower) - 1))
#define EQUALS(text, len, lower)                                                                   \
	((len) == sizeof(lower) - 1 && folds_to(text, lower, sizeof(lower) - 1))

static const uint8_t name_lens[] = {
    [FIELD_CONTENT_LENGTH] = sizeof("content-length") - 1,
    [FIELD_TRANSFER_ENCODING] = sizeof("transfer-encoding") - 1,
    [FIELD_CONNECTION] = sizeof("connection") - 1,
    [FIELD_EXPECT] = sizeof("expect") - 1,
    [FIELD_AUTHORIZATION] = sizeof("authorization") - 1,
    [FIELD_WWW_AUTHENTICATE] = sizeof("www-authenticate") - 1,
    [FIELD_PROXY_AUTHORIZATION] = sizeof("proxy-authorization") - 1,
    [FIELD_PROXY_AUTHENTICATE] = sizeof("proxy-authenticate") - 1,
};

/* The field whose name the line begins with. */
SCAN_INLINE enum http1_field field_named(const char *line, size_t len)
{
	switch (line[0] | 0x20) {
	case 'c':
		if (STARTS(line, len, "content-length"))
			return FIELD_CONTENT_LENGTH;
		return STARTS(line, len, "connection") ? FIELD_CONNECTION : FIELD_OTHER;
	case 't':
		return STARTS(line, len, "transfer-encoding") ? FIELD_TRANSFER_ENCODING
							      : FIELD_OTHER;
	case 'e':
		return STARTS(line, len, "expect") ? FIELD_EXPECT : FIELD_OTHER;
	case 'a':
		return STARTS(line, len, "authorization") ? FIELD_AUTHORIZATION : FIELD_OTHER;
	case 'w':
		return STARTS(line, len, "www-authenticate") ? FIELD_WWW_AUTHENTICATE : FIELD_OTHER;
	case 'p':
		if (STARTS(line, len, "proxy-authorization"))
			return FIELD_PROXY_AUTHORIZATION;
		return STARTS(line, len, "proxy-authenticate") ? FIELD_PROXY_AUTHENTICATE
							       : FIELD_OTHER;
	case ' ': /* a folded line; '\t' and ')' look alike here, neither may begin a name */
	case '\t' | 0x20:
	case ':':
		return FIELD_BAD;
	default:
		return FIELD_OTHER;
	}
}

/* Whether a colon follows the field's name; white space before it is read in two ways. */
SCAN_INLINE enum http1_field field_checked(enum http1_field field, const char *line, size_t len)
{
	size_t name_len = name_lens[field];
	if (len == name_len || is_space(line[name_len]))
		return FIELD_BAD;
	return line[name_len] == ':' ? field : FIELD_OTHER;
}

enum {
	LENGTH_DIGITS_SAFE = 18, /* that many fit any integer of 64 bits */
	LENGTH_DIGITS_MAX = 20,
};

static bool found_length(struct http1 *message, uint64_t length)
{
	message->remaining = length;
	message->seen |= SEEN_LENGTH;
	return true;
}

static __attribute__((noinline)) bool long_content_length(struct http1 *message, const char *text,
							  size_t len)
{
	uint64_t value = 0;
	for (size_t i = 0; i < len; i++) {
		unsigned digit = (unsigned char)text[i] - (unsigned)'0';
		/* A length that a signed parser cannot hold is in doubt. */
		if (digit > 9 || value >= INT64_MAX / 10)
			return false;
		value = value * 10 + digit;
	}
	return len <= LENGTH_DIGITS_MAX && found_length(message, value);
}

SCAN_INLINE bool content_length(struct http1 *message, const char *text, size_t len)
{
	uint64_t value = 0;

	if (len == 0 || message->seen & (SEEN_LENGTH | SEEN_CHUNKED))
		return false;
	if (len > LENGTH_DIGITS_SAFE)
		return long_content_length(message, text, len);
	for (const char *end = text + len; text < end; text++) {
		unsigned digit = (unsigned char)*text - (unsigned)'0';
		if (digit > 9)
			return false;
		value = value * 10 + digit;
	}
	return found_length(message, value);
}

static bool transfer_encoding(struct http1 *message, const char *text, size_t len)
{
	if (message->seen & (SEEN_LENGTH | SEEN_CHUNKED) || !(message->seen & SEEN_1_1))
		return false;
	message->seen |= SEEN_CHUNKED;
	return EQUALS(text, len, "chunked");
}

static bool connection_option(struct http1 *message, const char *text, size_t len)
{
	if (EQUALS(text, len, "keep-alive"))
		message->seen |= SEEN_KEEP_ALIVE;
	else if (EQUALS(text, len, "close"))
		message->seen |= SEEN_CLOSE;
	else
		return false;
	return true;
}

static bool expectation(struct http1 *message, const char *text, size_t len)
{
	if (!EQUALS(text, len, "100-continue"))
		return false;
	message->flags |= HTTP1_EXPECT_CONTINUE;
	return true;
}

/* RFC 4559 section 6: these schemes authenticate a connection, not a request. */
static bool scheme(struct http1 *message, const char *text, size_t len)
{
	if (!len || (*text | 0x20) != 'n') /* nearly always */
		return false;
	size_t word = 0;
	while (word < len && !is_space(text[word]))
		word++;
	if (!EQUALS(text, word, "ntlm") && !EQUALS(text, word, "negotiate"))
		return false;
	message->flags |= HTTP1_CONNECTION_AUTH;
	return true;
}

/*
 * Takes a whole value, or one element of a list, without the white space around it. Tells whether
 * it means something to us; a value that is not a list's must.
 */
static bool field_element(struct http1 *message, const char *text, size_t len)
{
	switch (message->field) {
	case FIELD_CONTENT_LENGTH:
		return content_length(message, text, len);
	case FIELD_TRANSFER_ENCODING:
		return transfer_encoding(message, text, len);
	case FIELD_CONNECTION:
		return connection_option(message, text, len);
	case FIELD_EXPECT:
		return expectation(message, text, len);
	default:
		return scheme(message, text, len);
	}
}

static bool trimmed_element(struct http1 *message, const char *at, const char *end)
{
	while (at < end && is_space(*at))
		at++;
	while (at < end && is_space(end[-1]))
		end--;
	return field_element(message, at, (size_t)(end - at));
}

static __attribute__((noinline)) bool field_line(struct http1 *message, enum http1_field field,
						 const char *line, const char *end)
{
	field = field_checked(field, line, (size_t)(end - line));
	if (field <= FIELD_BAD)
		return field == FIELD_OTHER;

	const char *at = line + name_lens[field] + 1;
	message->field = (uint8_t)field;
	/* Most lists have one element. */
	if (trimmed_element(message, at, end))
		return true;
	if (field < FIELD_CONNECTION)
		return false;
	const char *comma = scan(at, line, end, SCAN_COMMA);
	if (!comma)
		return true;
	for (; comma; comma = scan(at, line, end, SCAN_COMMA)) {
		trimmed_element(message, at, comma);
		at = comma + 1;
	}
	trimmed_element(message, at, end);
	return true;
}

static __attribute__((noinline)) bool length_line(struct http1 *message, const char *line,
						  const char *end)
{
	/* As it is nearly always written. */
	if (load2(line + 14) == load2(": ") &&
	    content_length(message, line + 16, (size_t)(end - line - 16)))
		return true;
	return field_line(message, FIELD_CONTENT_LENGTH, line, end);
}

bool http1_line(struct http1 *message, const char *line, const char *end)
{
	size_t len = (size_t)(end - line);
	/* What nearly every client and server says. */
	if (EQUALS(line, len, "connection: keep-alive")) {
		message->seen |= SEEN_KEEP_ALIVE;
		return true;
	}
	enum http1_field field = field_named(line, len);
	if (field <= FIELD_BAD)
		return field == FIELD_OTHER;
	if (field == FIELD_CONTENT_LENGTH && len > 16)
		return length_line(message, line, end);
	return field_line(message, field, line, end);
}

const char *http1_feed_name(struct http1 *message, const char *at, const char *end)
{
	for (; at < end; at++) {
		if (*at == '\r' && message->line_len == 0)
			return expect(message, at, '\r', HEAD_LF);
		if (is_control(*at) && *at != '\r')
			return NULL;
		if (*at != '\r')
			message->line[message->line_len++] = *at;
		if (*at != '\r' && *at != ':' && message->line_len < NAME_MAX)
			continue;
		enum http1_field field = field_named(message->line, message->line_len);
		if (field > FIELD_BAD)
			field = field_checked(field, message->line, message->line_len);
		message->field = (uint8_t)field;
		message->line_len = 0;
		message->state = message->field == FIELD_OTHER ? SKIP : VALUE;
		if (message->field == FIELD_BAD)
			return NULL;
		return *at == '\r' ? at : at + 1;
	}
	return at;
}

static bool end_element(struct http1 *message)
{
	const char *end = message->line + message->line_len;
	message->line_len = 0;
	return trimmed_element(message, message->line, end) || message->field >= FIELD_CONNECTION;
}

/*
 * White space shrinks to one space, and what does not fit is dropped: no text that matters is that
 * long.
 */
static void collect(struct http1 *message, char byte)
{
	unsigned len = message->line_len;
	if (is_space(byte)) {
		if (len == 0 || message->line[len - 1] == ' ')
			return;
		byte = ' ';
	}
	if (len < HTTP1_LINE_MAX)
		message->line[message->line_len++] = byte;
}

const char *http1_feed_value(struct http1 *message, const char *at, const char *end)
{
	for (; at < end && !is_control(*at); at++) {
		if (*at != ',' || message->field < FIELD_CONNECTION)
			collect(message, *at);
		else
			end_element(message);
	}
	if (at == end)
		return at;
	return end_element(message) ? expect(message, at, '\r', LINE_LF) : NULL;
}
