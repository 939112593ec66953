/* SPDX-License-Identifier: MIT */
#include "tool_question.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

static int parse_number(const char *text, uint32_t min, uint32_t max, uint32_t *out)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || *end || end == text || text[0] == '-' || value < min || value > max)
		return tool_usage("explain: %s is not a number from %u to %u", text, min, max);
	*out = value;
	return 0;
}

/* Not `status`, which has an option of its own. */
static int parse_cause(const char *text, struct decide_facts *facts)
{
	for (unsigned i = 0; i < CAUSE_COUNT; i++) {
		if (i != CAUSE_STATUS && strcmp(text, cause_name((enum cause)i)) == 0) {
			facts->cause = (enum cause)i;
			return 0;
		}
	}
	return tool_usage(
	    "explain: --cause must be stale, reset, eof, connect, connect-timeout, "
	    "response-timeout, idle, max-requests, dns, tls-handshake or body, not %s",
	    text);
}

static int parse_status(const char *text, struct decide_facts *facts)
{
	facts->cause = CAUSE_STATUS;
	return parse_number(text, POLICY_STATUS_MIN, POLICY_STATUS_MAX, &facts->status);
}

/* In seconds, as the header has it. */
static int parse_retry_after(const char *text, struct decide_facts *facts)
{
	uint32_t seconds;

	if (parse_number(text, 0, UINT32_MAX / 1000, &seconds))
		return TOOL_USAGE;
	facts->retry_after_ms = seconds * 1000;
	return 0;
}

static int parse_option(int option, const char *value, struct question *question)
{
	struct decide_facts *facts = &question->facts;

	switch (option) {
	case 'm':
		question->method = value;
		return 0;
	case 'h':
		question->host = value;
		return 0;
	case 'p':
		question->path = value;
		return 0;
	case 'P':
		return parse_number(value, 1, 65535, &question->port);
	case 'c':
		question->has_cause = true;
		return parse_cause(value, facts);
	case 's':
		return parse_status(value, facts);
	case 'r':
		return parse_retry_after(value, facts);
	case 'k':
		question->key = value;
		return 0;
	case 'H':
		question->header = value;
		return 0;
	case 'f':
		facts->reused = false;
		return 0;
	case 'A':
		facts->taken = true;
		if (parse_number(value, 0, UINT32_MAX, &facts->worked_ms))
			return TOOL_USAGE;
		facts->elapsed_ms = facts->worked_ms;
		return 0;
	case 'a':
		return parse_number(value, 1, 1000, &facts->attempts);
	case 'g':
		return parse_number(value, 0, UINT32_MAX, &facts->address_age_ms);
	default:
		return parse_number(value, 0, UINT32_MAX, &facts->request_len);
	}
}

static uint32_t port_of(const char *host)
{
	const char *bracket = strchr(host, ']');
	const char *colon = strchr(bracket ? bracket : host, ':');
	int port = colon ? atoi(colon + 1) : 0;

	return port > 0 && port <= 65535 ? port : 80;
}

static bool is_unsent(enum cause cause)
{
	return cause == CAUSE_STALE || cause_is_replacement(cause) || cause == CAUSE_CONNECT ||
	       cause == CAUSE_CONNECT_TIMEOUT || cause == CAUSE_DNS || cause == CAUSE_TLS_HANDSHAKE;
}

int question_parse(int argc, char **argv, struct question *question)
{
	static const struct option options[] = {{"method", required_argument, NULL, 'm'},
						{"host", required_argument, NULL, 'h'},
						{"path", required_argument, NULL, 'p'},
						{"port", required_argument, NULL, 'P'},
						{"cause", required_argument, NULL, 'c'},
						{"status", required_argument, NULL, 's'},
						{"retry-after", required_argument, NULL, 'r'},
						{"key", required_argument, NULL, 'k'},
						{"header", required_argument, NULL, 'H'},
						{"first-use", no_argument, NULL, 'f'},
						{"attempt", required_argument, NULL, 'a'},
						{"address-age", required_argument, NULL, 'g'},
						{"bytes", required_argument, NULL, 'b'},
						{"after", required_argument, NULL, 'A'},
						{0}};
	struct decide_facts *facts = &question->facts;

	*facts = (struct decide_facts){
	    .cause = CAUSE_RESET, .attempts = 1, .reused = true, .held = true};
	opterr = 0;
	for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		if (c == '?')
			return tool_usage("explain: %s is unknown or lacks its value",
					  argv[optind - 1]);
		if (parse_option(c, optarg, question))
			return TOOL_USAGE;
	}
	if (argc - optind != 1 || !question->method || !question->host || !question->path)
		return tool_usage("explain takes one FILE, --method, --host and --path");
	if (facts->status && question->has_cause)
		return tool_usage("explain takes --cause or --status, not both");
	if (facts->retry_after_ms && !facts->status)
		return tool_usage("explain: --retry-after needs --status");
	if (question->header && !facts->status)
		return tool_usage("explain: --header needs --status");
	question->file = argv[optind];
	if (!question->port)
		question->port = port_of(question->host);
	facts->methods = method_bit(method_parse(question->method, strlen(question->method)));
	facts->unsent = is_unsent(facts->cause);
	facts->response_started = facts->cause == CAUSE_BODY;
	facts->resumable = facts->response_started && facts->methods == method_bit(METHOD_GET);
	facts->rescuing = facts->attempts > 1;
	return TOOL_OK;
}

bool question_is_of_connection(const struct question *question)
{
	const struct decide_facts *facts = &question->facts;

	if (facts->cause == CAUSE_TLS_HANDSHAKE)
		return true;
	return facts->attempts == 1 &&
	       (facts->cause == CAUSE_CONNECT || facts->cause == CAUSE_CONNECT_TIMEOUT);
}
