/* SPDX-License-Identifier: MIT */
/* Messages, and what becomes of them: for the tests of http1.c and as its fuzzer's seeds. */
#ifndef REDIAL_HTTP1_MESSAGES_H
#define REDIAL_HTTP1_MESSAGES_H

#include "../../preload/http1/http1.h"

struct http1_case {
	const char *name;
	const char *bytes;
	size_t len;
	size_t used; /* meant for HTTP1_MORE, HTTP1_DONE and HTTP1_INTERIM */
	enum http1_result result;
	unsigned flags;
	unsigned status;
	enum method method; /* of the request, or of the one that the response answers */
};

enum {
	S = HTTP1_STARTED,
	R = HTTP1_STARTED | HTTP1_IS_RESPONSE,
	H = HTTP1_HEAD_DONE,
	P = HTTP1_PERSISTENT,
	U = HTTP1_UNTIL_CLOSE,
	E = HTTP1_EXPECT_CONTINUE,
	A = HTTP1_CONNECTION_AUTH,
	B = HTTP1_HAS_BODY,
};

#define CRLF	   "\r\n"
#define LINE(text) text "\r\n"
#define LONG_10	   "0123456789"
#define LONG_100   LONG_10 LONG_10 LONG_10 LONG_10 LONG_10 LONG_10 LONG_10 LONG_10 LONG_10 LONG_10
#define SPACES_100                                                                                 \
	"                                                  "                                       \
	"                                                  "

/* A message that is followed by bytes of another one. */
#define DONE(name, message, flags, status, method)                                                 \
	{                                                                                          \
		name, message "GE", sizeof(message) + 1, sizeof(message) - 1, HTTP1_DONE, flags,   \
		    status, method                                                                 \
	}
/* One that goes on. */
#define MORE(name, message, flags, status, method)                                                 \
	{                                                                                          \
		name, message, sizeof(message) - 1, sizeof(message) - 1, HTTP1_MORE, flags,        \
		    status, method                                                                 \
	}
#define INTERIM(name, message, flags, status, method)                                              \
	{                                                                                          \
		name, message "HT", sizeof(message) + 1, sizeof(message) - 1, HTTP1_INTERIM,       \
		    flags, status, method                                                          \
	}
#define TUNNEL(name, message, method)                                                              \
	{                                                                                          \
		name, message, sizeof(message) - 1, 0, HTTP1_TUNNEL, S, 0, method                  \
	}
#define TUNNEL_RESPONSE(name, message, status, method)                                             \
	{                                                                                          \
		name, message, sizeof(message) - 1, 0, HTTP1_TUNNEL, R, status, method             \
	}
#define BAD_REQUEST(name, message)                                                                 \
	{                                                                                          \
		name, message, sizeof(message) - 1, 0, HTTP1_BAD, S, 0, METHOD_OTHER               \
	}
#define BAD_RESPONSE(name, message)                                                                \
	{                                                                                          \
		name, message, sizeof(message) - 1, 0, HTTP1_BAD, R, 0, METHOD_GET                 \
	}

/* Heads to hang a header on. */
#define GET(headers)	 "GET /items?x=1 HTTP/1.1\r\nHost: api\r\n" headers CRLF
#define GET_1_0(headers) "GET /items HTTP/1.0\r\n" headers CRLF
#define POST(headers)	 "POST /items HTTP/1.1\r\nHost: api\r\n" headers CRLF
#define OK(headers)	 "HTTP/1.1 200 OK\r\nServer: test\r\n" headers CRLF
#define OK_1_0(headers)	 "HTTP/1.0 200 OK\r\nServer: test\r\n" headers CRLF
#define CHUNKED		 LINE("Transfer-Encoding: chunked")

/* Each ends with a case without a name. */
extern const struct http1_case http1_requests[];
extern const struct http1_case http1_responses[];
extern const struct http1_case http1_bad[];

/* Suites that suite_http1() adds after its own. */
void suite_http1_stream(void);
void suite_http1_oracle(void);
void suite_http1_head(void);
void suite_http1_fuzz(void);

#endif
