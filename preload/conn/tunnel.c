/* SPDX-License-Identifier: MIT */
#include "tunnel.h"

uint8_t tunnel_head_end(uint8_t matched, char byte)
{
	if (matched < TUNNEL_HEAD_END && byte == "\r\n\r\n"[matched])
		return (uint8_t)(matched + 1);
	return byte == '\r';
}

static char lower(char byte)
{
	return byte >= 'A' && byte <= 'Z' ? (char)(byte | 0x20) : byte;
}

/* RFC 9110 section 11.1: a scheme is known in any case. */
static bool has_scheme(struct http1_text value, const char *scheme)
{
	size_t len = 0;
	for (; scheme[len]; len++) {
		if (len == value.len || lower(value.text[len]) != scheme[len])
			return false;
	}
	return len < value.len && value.text[len] == ' ';
}

static bool has_strange_credentials(const char *head, size_t len, const char *name)
{
	struct http1_text value;
	if (!http1_head_find(head, len, name, &value))
		return false;
	size_t left = len - (size_t)(value.text - head);
	return !(has_scheme(value, "basic") || has_scheme(value, "bearer")) ||
	       http1_head_has(value.text, left, name);
}

/* Header lines that all read alike, and announce no body. */
static bool are_plain_fields(const char *lines, size_t len)
{
	static const char get[] = "GET / HTTP/1.1\r\n";
	struct http1 message;
	size_t used;
	http1_request(&message);
	return http1_feed(&message, get, sizeof(get) - 1, &used) == HTTP1_MORE &&
	       http1_feed(&message, lines, len, &used) == HTTP1_DONE && used == len &&
	       !(message.flags & (HTTP1_EXPECT_CONTINUE | HTTP1_CONNECTION_AUTH));
}

bool tunnel_may_be_repeated(const char *head, size_t len)
{
	struct http1 message;
	size_t used, line = 0;
	while (line < len && head[line] != '\n')
		line++;
	if (line == len)
		return false;
	http1_request(&message);
	return http1_feed(&message, head, line + 1, &used) == HTTP1_TUNNEL &&
	       message.method == METHOD_CONNECT &&
	       are_plain_fields(head + line + 1, len - line - 1) &&
	       !has_strange_credentials(head, len, "proxy-authorization") &&
	       !has_strange_credentials(head, len, "authorization");
}

void tunnel_answer_begin(struct tunnel_answer *answer)
{
	http1_response(&answer->message, METHOD_CONNECT);
	answer->result = HTTP1_MORE;
	answer->matched = 0;
}

void tunnel_answer_add(struct tunnel_answer *answer, char byte)
{
	size_t used;
	if (answer->result == HTTP1_MORE)
		answer->result = (uint8_t)http1_feed(&answer->message, &byte, 1, &used);
	answer->matched = tunnel_head_end(answer->matched, byte);
}

static bool is_success(const struct tunnel_answer *answer)
{
	return answer->message.status >= 200 && answer->message.status < 300;
}

bool tunnel_is_open(const struct tunnel_answer *answer)
{
	return answer->result == HTTP1_TUNNEL && is_success(answer);
}

bool tunnel_is_refused(const struct tunnel_answer *answer)
{
	bool goes_on = answer->result == HTTP1_MORE || answer->result == HTTP1_TUNNEL;
	return !goes_on || (answer->message.status && !is_success(answer));
}

bool tunnel_may_be_asked_again(const struct tunnel_answer *answer)
{
	return answer->result == HTTP1_DONE && answer->message.status >= 300 &&
	       answer->message.flags & HTTP1_PERSISTENT;
}
