/* SPDX-License-Identifier: MIT */
#include "tool.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backoff.h"
#include "decide.h"
#include "match.h"

struct question {
	const char *file, *method, *host, *path;
	uint32_t port;
	struct decide_facts facts;
};

/* Why not, and the key that says so; "%s" stands for the method. */
static const struct {
	enum reason reason;
	const char *text;
	const char *key;
	uint32_t bit;
} reasons[] = {
    {REASON_DISABLED, "the policy switches redial off", "enabled", 0},
    {REASON_FIRST_USE, "it was the connection's first request", "on", POLICY_KEY_ON},
    {REASON_CAUSE, "this cause is not listed", "on", POLICY_KEY_ON},
    {REASON_METHOD, "bytes of it were sent, and %s may not be sent twice", "methods",
     POLICY_KEY_METHODS},
    {REASON_TOO_LARGE, "it is too large to be held", "max_request_bytes", POLICY_KEY_MAX_REQUEST},
    {REASON_ATTEMPTS, "all attempts are used up", "max_attempts", POLICY_KEY_MAX_ATTEMPTS},
};

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

static int parse_cause(const char *text, struct decide_facts *facts)
{
	static const enum cause causes[] = {CAUSE_STALE, CAUSE_RESET, CAUSE_EOF};

	for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
		if (strcmp(text, cause_name(causes[i])) == 0) {
			facts->cause = causes[i];
			return 0;
		}
	}
	return tool_usage("explain: --cause must be stale, reset or eof, not %s", text);
}

static int parse_option(int option, const char *value, struct question *question)
{
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
		return parse_cause(value, &question->facts);
	case 'f':
		question->facts.reused = false;
		return 0;
	case 'a':
		return parse_number(value, 1, 1000, &question->facts.attempts);
	default:
		return parse_number(value, 0, UINT32_MAX, &question->facts.request_len);
	}
}

static uint32_t port_of(const char *host)
{
	const char *bracket = strchr(host, ']');
	const char *colon = strchr(bracket ? bracket : host, ':');
	int port = colon ? atoi(colon + 1) : 0;

	return port > 0 && port <= 65535 ? port : 80;
}

static int parse(int argc, char **argv, struct question *question)
{
	static const struct option options[] = {{"method", required_argument, NULL, 'm'},
						{"host", required_argument, NULL, 'h'},
						{"path", required_argument, NULL, 'p'},
						{"port", required_argument, NULL, 'P'},
						{"cause", required_argument, NULL, 'c'},
						{"first-use", no_argument, NULL, 'f'},
						{"attempt", required_argument, NULL, 'a'},
						{"bytes", required_argument, NULL, 'b'},
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
	question->file = argv[optind];
	if (!question->port)
		question->port = port_of(question->host);
	facts->methods = method_bit(method_parse(question->method, strlen(question->method)));
	facts->unsent = facts->cause == CAUSE_STALE;
	facts->rescuing = facts->attempts > 1;
	return TOOL_OK;
}

/* "rules[0].methods, line 12", or "retry.methods" if no rule matched or it has no such key. */
static void print_key(const struct policy *policy, int rule, const char *key, uint32_t bit)
{
	if (!bit)
		printf("by       %s\n", key);
	else if (rule >= 0 && policy->rules[rule].set & bit)
		printf("by       rules[%d].%s, line %u\n", rule, key, policy->rules[rule].line);
	else
		printf("by       retry.%s\n", key);
}

static void print_rule(const struct policy *policy, int index)
{
	const struct policy_rule *rule;

	if (index < 0) {
		puts("rule     none matches");
		return;
	}
	rule = &policy->rules[index];
	printf("rule     rules[%d], line %u\n", index, rule->line);
	if (rule->host[0])
		printf("         host = \"%s\"\n", rule->host);
	if (rule->port)
		printf("         port = %u\n", rule->port);
	if (rule->path[0])
		printf("         path = \"%s\"\n", rule->path);
}

static void print_refusal(const struct policy *policy, int rule, const struct question *question,
			  enum reason reason)
{
	printf("verdict  the program gets the error\nreason   %s: ", reason_name(reason));
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (reasons[i].reason != reason)
			continue;
		printf(reasons[i].text, question->method);
		printf("\n");
		print_key(policy, rule, reasons[i].key, reasons[i].bit);
	}
}

static void print_resend(const struct policy *policy, int rule, const struct policy_retry *settings,
			 const struct question *question)
{
	const struct decide_facts *facts = &question->facts;
	uint32_t min_ms, max_ms;

	backoff_range(&settings->backoff, facts->attempts, &min_ms, &max_ms);
	printf("verdict  the request is sent again\nreason   %s: ", cause_name(facts->cause));
	if (facts->unsent) {
		puts("nothing of it had been sent");
		print_key(policy, rule, "on", POLICY_KEY_ON);
	} else {
		printf("%s may be sent twice\n", question->method);
		print_key(policy, rule, "methods", POLICY_KEY_METHODS);
	}
	if (min_ms == max_ms)
		printf("wait     %u ms\n", max_ms);
	else
		printf("wait     %u to %u ms\n", min_ms, max_ms);
}

int tool_explain(int argc, char **argv)
{
	struct question question = {0};
	struct policy policy;
	struct policy_retry settings;
	struct match_request request;
	enum reason reason;
	bool compiled;
	int rule;

	if (parse(argc, argv, &question))
		return TOOL_USAGE;
	if (tool_load(question.file, &policy, &compiled))
		return TOOL_BAD_POLICY;
	request = (struct match_request){question.host, strlen(question.host), question.path,
					 strlen(question.path), question.port};
	rule = match_settings(&policy, &request, &settings);
	reason = decide(&policy, &settings, &question.facts);
	if (reason == REASON_NONE)
		print_resend(&policy, rule, &settings, &question);
	else
		print_refusal(&policy, rule, &question, reason);
	print_rule(&policy, rule);
	return TOOL_OK;
}
