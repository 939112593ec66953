/* SPDX-License-Identifier: MIT */
#include "fuzz/fuzz_heads.h"

#include <stdio.h>
#include <string.h>

static const char *const names[] = {
    "Host",
    "User-Agent",
    "Accept",
    "Accept-Encoding",
    "Connection",
    "Connection",
    "connection",
    "Connectio",
    "Connections",
    "Content-Length",
    "Content-Length",
    "content-length",
    "CONTENT-LENGTH",
    "Content-Lengths",
    "Content-Type",
    "Content-Language",
    "Transfer-Encoding",
    "transfer-encodin",
    "Expect",
    "Expires",
    "Authorization",
    "Authority",
    "Proxy-Authorization",
    "Proxy-Connection",
    "WWW-Authenticate",
    "Www-Other",
    "Cookie",
    "Pragma",
    "traceparent",
    "TE",
    "ETag",
    "X-Request-Id",
    "X",
    "-",
    "Z",
    "Age",
};

static const char *const values[] = {
    "0",
    "0",
    "7",
    "91",
    "000000000000000007",
    "99999999999999999999",
    "-1",
    "keep-alive",
    "Keep-Alive",
    "close",
    "keep-alive, close",
    "close, x",
    "",
    "chunked",
    "gzip, chunked",
    "100-continue",
    "NTLM TlRMTVNTUAAB",
    "Basic eDp5",
    "x, negotiate",
    "Digest u=x, ntlm",
    "Negotiate",
    "Bearer x",
    "text/plain",
    "a\tb",
    "\xc3\xa4",
};

static size_t put(char *at, const char *text)
{
	size_t len = strlen(text);
	memcpy(at, text, len);
	return len;
}

static size_t put_filling(char *at, uint64_t *seed, uint32_t most)
{
	uint32_t len = draw(seed, most);
	for (uint32_t i = 0; i < len; i++)
		at[i] = (char)('a' + (i & 15));
	return len;
}

/* Whether a field is written as all do, or in one of the ways in which parsers differ. */
static size_t put_field(char *at, uint64_t *seed)
{
	static const char *const between[] = {":", " : ", ":  ", ":\t", " :", ""};
	static const char *const ends[] = {"\n",     "\r",    "\r\r\n", " \r\n", "\r\n ",
					   "\r\n\t", "\r\n)", "\r\n:",	"\n\r"};
	size_t len = put(at, names[draw(seed, sizeof(names) / sizeof(*names))]);
	bool is_odd = !draw(seed, 40);
	len += put(at + len, is_odd ? between[draw(seed, 6)] : ": ");
	if (draw(seed, 2))
		len += put(at + len, values[draw(seed, sizeof(values) / sizeof(*values))]);
	else
		len += put_filling(at + len, seed, 70);
	return len + put(at + len, draw(seed, 80) ? "\r\n" : ends[draw(seed, 9)]);
}

static size_t put_first(char *at, bool response, uint64_t *seed)
{
	static const char *const statuses[] = {"200 OK",
					       "200 OK",
					       "200 OK",
					       "204 No Content",
					       "404 Not Found",
					       "304 Not Modified",
					       "100 Continue",
					       "503",
					       "200 ",
					       "600 x",
					       "101 Up",
					       "2o0 OK",
					       "408 Request Timeout"};
	static const char *const methods[] = {"GET", "GET", "GET", "GET", "HEAD", "POST", "get"};
	static const char *const versions[] = {"1.1", "1.0", "2.0", "1.2"};
	const char *version = versions[draw(seed, 10) ? 0 : draw(seed, 4)];
	size_t len = 0;
	if (!response) {
		len += put(at, methods[draw(seed, 7)]);
		bool has_target = draw(seed, 50);
		len += put(at + len, has_target ? " /" : " ");
		len += put_filling(at + len, seed, has_target ? 90 : 1);
		if (!draw(seed, 30))
			len += put(at + len, draw(seed, 2) ? " x" : "\x7f");
		len += put(at + len, " ");
	}
	len += put(at + len, "HTTP/");
	len += put(at + len, version);
	if (response) {
		len += put(at + len, " ");
		len += put(at + len, statuses[draw(seed, 13)]);
	}
	return len + put(at + len, draw(seed, 100) ? "\r\n" : "\n");
}

/* Half of them say how long the body is, and are right. */
size_t fuzz_heads_make(char *out, bool response, uint64_t *seed)
{
	char body[100];
	size_t body_len = draw(seed, 3) ? put_filling(body, seed, sizeof(body)) : 0;
	size_t len = put_first(out, response, seed);
	if (response && draw(seed, 2))
		len += (size_t)sprintf(out + len, "Content-Length: %zu\r\n", body_len);
	for (uint32_t more = draw(seed, 14); more; more--)
		len += put_field(out + len, seed);
	len += put(out + len, draw(seed, 50) ? "\r\n" : "\r\n\r\n");
	memcpy(out + len, body, body_len);
	return len + body_len;
}
