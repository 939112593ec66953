/* SPDX-License-Identifier: MIT */
/*
 * Where redial says that a message ends, http-parser has to say the same; or redial has refused.
 * What http-parser refuses says nothing: it knows fewer methods and versions. The first byte says
 * what the message is.
 */
#include <http_parser.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../preload/http1/http1.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* For its caller it is, by RFC 9112 section 6.3, to know what has no body. */
static int has_no_body(http_parser *parser)
{
	bool bare = parser->type == HTTP_RESPONSE &&
		    (*(const bool *)parser->data || parser->status_code == 204 ||
		     parser->status_code == 304);
	return bare;
}

static int stop(http_parser *parser)
{
	http_parser_pause(parser, 1);
	return 0;
}

/* Its end, or -1. */
static long end_by_other(bool response, bool head, const char *bytes, size_t len)
{
	http_parser parser;
	http_parser_settings settings;
	http_parser_settings_init(&settings);
	settings.on_headers_complete = has_no_body;
	settings.on_message_complete = stop;
	http_parser_init(&parser, response ? HTTP_RESPONSE : HTTP_REQUEST);
	parser.data = &head;
	size_t parsed = http_parser_execute(&parser, &settings, bytes, len);
	return HTTP_PARSER_ERRNO(&parser) == HPE_PAUSED ? (long)parsed : -1;
}

/* For tests/fuzz/llhttp.js: a line each, kind, end and message, to the file $FUZZ_FRAMING_TO. */
static void tell(const uint8_t *data, size_t size, size_t used)
{
	enum { TOLD_MAX = 20000 };
	static FILE *to;
	static int told;
	const char *name = getenv("FUZZ_FRAMING_TO");
	if (!name || told++ >= TOLD_MAX || (!to && !(to = fopen(name, "w"))))
		return;
	fprintf(to, "%d %zu ", data[0] & 3, used);
	for (size_t i = 1; i < size; i++)
		fprintf(to, "%02x", data[i]);
	fputc('\n', to);
	if (told == TOLD_MAX)
		fclose(to);
	else
		fflush(to);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http1 message;
	size_t used = 0;
	if (size < 2 || size > 4096)
		return 0;
	bool response = data[0] & 1, head = data[0] & 2;
	const char *bytes = (const char *)data + 1;
	if (response)
		http1_response(&message, head ? METHOD_HEAD : METHOD_GET);
	else
		http1_request(&message);
	if (http1_feed(&message, bytes, size - 1, &used) != HTTP1_DONE)
		return 0;
	tell(data, size, used);
	long other = end_by_other(response, head, bytes, size - 1);
	if (other < 0 || other == (long)used)
		return 0;
	fprintf(stderr, "redial: %zu, http-parser: %ld\n", used, other);
	abort();
}
