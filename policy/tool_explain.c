/* SPDX-License-Identifier: MIT */
#include "tool.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "backoff.h"
#include "match.h"
#include "ranges.h"
#include "redact.h"
#include "tool_question.h"

/* What was found out: the settings, the rule that gave them (or -1), and the verdict. */
struct answer {
	const struct policy *policy;
	const struct question *question;
	struct policy_retry settings;
	int rule;
	bool doubt; /* which rule it is: servers read the path in several ways */
	enum reason reason;
	uint32_t min_ms, max_ms; /* of the wait */
};

/* Why not, and the key that says so; "%s" stands for the method. */
static const struct {
	enum reason reason;
	const char *text;
	const char *key;
	uint32_t bit;
} reasons[] = {
    {REASON_DISABLED, "the policy switches redial off", "enabled", 0},
    {REASON_STARTED, "the program has part of the response", "resume", POLICY_KEY_RESUME},
    {REASON_NOT_RESUMABLE, "only the rest of what a GET gets can be asked for", "resume",
     POLICY_KEY_RESUME},
    {REASON_FIRST_USE, "it was the connection's first request", "on", POLICY_KEY_ON},
    {REASON_CAUSE, "this cause is not listed", "on", POLICY_KEY_ON},
    {REASON_CONFLICT, "the server knows the key, and this is its answer", "idempotency_key_headers",
     POLICY_KEY_KEY_HEADERS},
    {REASON_VETO, "so says a header of the response", "veto_headers", POLICY_KEY_VETO_HEADERS},
    {REASON_METHOD, "bytes of it were sent, and %s may not be sent twice", "methods",
     POLICY_KEY_METHODS},
    {REASON_LATE, "it was taken, and is being worked on", "late_ms", POLICY_KEY_LATE},
    {REASON_TOO_LARGE, "it is too large to be held", "max_request_bytes", POLICY_KEY_MAX_REQUEST},
    {REASON_ADDRESS_AGE, "the name was looked up too long ago", "address_max_age_ms",
     POLICY_KEY_ADDRESS_MAX_AGE},
    {REASON_ATTEMPTS, "all attempts are used up", "max_attempts", POLICY_KEY_MAX_ATTEMPTS},
    {REASON_RETRY_AFTER, "the server asks for a longer wait", "retry_after_max_ms",
     POLICY_KEY_RETRY_AFTER_MAX},
    {REASON_DEADLINE, "the wait takes all the time there is", "total_timeout_ms",
     POLICY_KEY_TOTAL_TIMEOUT},
};

/* "rules[0].methods, line 12", or "retry.methods" if no rule matched or it has no such key. */
static void print_key(const struct answer *answer, const char *key, uint32_t bit)
{
	int place = answer->rule > 0 ? answer->rule : 0;
	const struct policy_rule *rule = answer->policy->rules + place;

	if (!bit)
		printf("by       %s\n", key);
	else if (answer->doubt)
		puts("by       what holds for each way in which servers may read the path");
	else if (answer->rule >= 0 && rule->set & bit)
		printf("by       rules[%d].%s, line %u\n", answer->rule, key, rule->line);
	else
		printf("by       retry.%s\n", key);
}

static void print_rule(const struct answer *answer)
{
	const struct policy_rule *rule = answer->policy->rules + answer->rule;

	if (answer->rule < 0)
		puts("rule     none matches");
	else
		printf("rule     rules[%d], line %u\n", answer->rule, rule->line);
	if (answer->doubt)
		puts("         or another: servers read this path in several ways");
	if (answer->rule < 0)
		return;
	if (rule->host[0])
		printf("         host = \"%s\"\n", rule->host);
	if (rule->port)
		printf("         port = %u\n", rule->port);
	if (rule->path[0])
		printf("         path = \"%s\"\n", rule->path);
}

static bool lacks_key(const struct answer *answer)
{
	return answer->question->facts.methods & METHODS_KEYED && answer->settings.key_headers;
}

static void print_refusal(const struct answer *answer)
{
	const struct question *question = answer->question;
	bool status = question->facts.cause == CAUSE_STATUS;

	printf("verdict  the program gets the %s\nreason   %s: ", status ? "response" : "error",
	       reason_name(answer->reason));
	if (answer->reason == REASON_CAUSE && status) {
		printf("status %u is not listed\n", question->facts.status);
		print_key(answer, "statuses", POLICY_KEY_STATUSES);
		return;
	}
	if (answer->reason == REASON_METHOD && lacks_key(answer)) {
		puts("bytes of it were sent, and it carries no idempotency key");
		print_key(answer, "idempotency_key_headers", POLICY_KEY_KEY_HEADERS);
		return;
	}
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (reasons[i].reason != answer->reason)
			continue;
		printf(reasons[i].text, question->method);
		printf("\n");
		print_key(answer, reasons[i].key, reasons[i].bit);
	}
}

/* What takes place only where a key switches it on, and is off here. */
static bool print_switched_off(const struct answer *answer)
{
	const struct policy_retry *settings = &answer->settings;

	switch (answer->question->facts.cause) {
	case CAUSE_IDLE:
		if (settings->max_idle_ms || settings->keep_alive_hints)
			return false;
		puts("verdict  the connection is used, however long it was idle\n"
		     "reason   neither max_idle_ms nor keep_alive_hints is switched on");
		print_key(answer, "max_idle_ms", POLICY_KEY_MAX_IDLE);
		return true;
	case CAUSE_MAX_REQUESTS:
		if (settings->max_requests || settings->keep_alive_hints)
			return false;
		puts("verdict  the connection is used, however many requests it has had\n"
		     "reason   neither max_requests nor keep_alive_hints is switched on");
		print_key(answer, "max_requests", POLICY_KEY_MAX_REQUESTS);
		return true;
	case CAUSE_RESPONSE_TIMEOUT:
		if (settings->response_timeout_ms || answer->reason != REASON_NONE)
			return false;
		puts("verdict  the program waits as long as it likes\n"
		     "reason   no response timeout is set");
		print_key(answer, "response_timeout_ms", POLICY_KEY_RESPONSE_TIMEOUT);
		return true;
	default:
		return false;
	}
}

static void print_resend(const struct answer *answer)
{
	const struct question *question = answer->question;
	const struct decide_facts *facts = &question->facts;
	enum cause cause = facts->cause;

	printf("verdict  %s\nreason   %s: ",
	       cause == CAUSE_DNS		     ? "the name is looked up again"
	       : cause == CAUSE_TLS_HANDSHAKE	     ? "the handshake is begun again"
	       : question_is_of_connection(question) ? "the connect is tried again"
	       : cause == CAUSE_BODY		     ? "the rest of the body is asked for"
						     : "the request is sent again",
	       cause_name(cause));
	if (facts->unsent) {
		puts("nothing of it had been sent");
		if (!cause_is_replacement(cause))
			print_key(answer, "on", POLICY_KEY_ON);
		else if (cause == CAUSE_IDLE && answer->settings.max_idle_ms)
			print_key(answer, "max_idle_ms", POLICY_KEY_MAX_IDLE);
		else if (cause == CAUSE_MAX_REQUESTS && answer->settings.max_requests)
			print_key(answer, "max_requests", POLICY_KEY_MAX_REQUESTS);
		else
			print_key(answer, "keep_alive_hints", POLICY_KEY_KEEP_ALIVE_HINTS);
	} else if (cause == CAUSE_BODY) {
		puts("if the response has a length and a strong validator");
		print_key(answer, "resume", POLICY_KEY_RESUME);
	} else if (facts->methods & METHODS_KEYED && !(facts->methods & answer->settings.methods)) {
		puts("it carries an idempotency key");
		print_key(answer, "idempotency_key_headers", POLICY_KEY_KEY_HEADERS);
	} else {
		printf("%s may be sent twice\n", question->method);
		print_key(answer, "methods", POLICY_KEY_METHODS);
	}
	if (answer->min_ms == answer->max_ms)
		printf("wait     %u ms\n", answer->max_ms);
	else
		printf("wait     %u to %u ms\n", answer->min_ms, answer->max_ms);
}

/* Which rule applies rests on what is known when it happens. */
static int find_settings(const struct policy *policy, const struct question *question,
			 struct policy_retry *settings, bool *doubt)
{
	struct match_request request = {question->host, strlen(question->host), question->path,
					strlen(question->path), question->port};

	if (question->facts.cause == CAUSE_DNS) {
		request.path_len = 0;
		request.port = 0;
	} else if (question_is_of_connection(question)) {
		return match_connection(policy, question->port, settings);
	}
	return match_settings_in_doubt(policy, &request, settings, doubt);
}

/* Only where it is another one than was asked for. */
static void print_logged(const struct policy *policy, const struct question *question)
{
	char path[POLICY_PATH_MAX * 3];
	size_t len = strlen(question->path);

	if (question->facts.cause == CAUSE_DNS || question_is_of_connection(question) ||
	    !redact_pattern(policy, question->path, len))
		return;
	redact_path(policy, question->path, len, path, sizeof(path));
	printf("logged   path=%s\n", path);
}

static bool is_key(const struct policy *policy, const struct policy_retry *settings,
		   const char *header)
{
	for (uint32_t i = 0; header && i < policy->name_count; i++)
		if (settings->key_headers >> i & 1 && strcasecmp(policy->names[i], header) == 0)
			return true;
	return false;
}

/* "NAME: VALUE", as the response has it. */
static bool is_named(const char *name, const char *header)
{
	size_t len = strcspn(header, ":");

	return strlen(name) == len && strncasecmp(name, header, len) == 0;
}

static bool is_veto(const struct policy *policy, const struct policy_retry *settings,
		    const char *header)
{
	size_t len = strcspn(header, ":");
	const char *value = header + len + strspn(header + len, ": ");

	for (uint32_t i = 0; i < policy->veto_count; i++) {
		const struct policy_veto *veto = &policy->vetoes[i];

		if (settings->veto_headers >> i & 1 && is_named(veto->name, header) &&
		    (!veto->value[0] || strcasecmp(veto->value, value) == 0))
			return true;
	}
	return false;
}

/* Does the header say how long to wait? The forms in which it may are read by the runtime alone. */
static bool is_wait(const struct policy *policy, const struct policy_retry *settings,
		    const char *header)
{
	if (is_named("Retry-After", header))
		return true;
	for (uint32_t i = 0; i < policy->after_count; i++)
		if (settings->after_headers >> i & 1 && is_named(policy->after[i].name, header))
			return true;
	return false;
}

/* As the runtime plans a redial. */
static void find_wait(struct answer *answer)
{
	const struct decide_facts *facts = &answer->question->facts;
	uint32_t redial = facts->attempts + !cause_is_immediate(facts->cause);

	backoff_range(&answer->settings.backoff, redial, &answer->min_ms, &answer->max_ms);
	if (answer->min_ms < facts->retry_after_ms)
		answer->min_ms = facts->retry_after_ms;
	if (answer->max_ms < facts->retry_after_ms)
		answer->max_ms = facts->retry_after_ms;
	if (answer->reason == REASON_NONE && answer->min_ms >= answer->settings.total_timeout_ms)
		answer->reason = REASON_DEADLINE;
}

int tool_explain(int argc, char **argv)
{
	struct question question = {0};
	struct policy policy;
	struct answer answer = {.policy = &policy, .question = &question};
	bool compiled;

	if (question_parse(argc, argv, &question))
		return TOOL_USAGE;
	if (tool_load(question.file, &policy, &compiled))
		return TOOL_BAD_POLICY;
	answer.rule = find_settings(&policy, &question, &answer.settings, &answer.doubt);
	question.facts.keyed = is_key(&policy, &answer.settings, question.key);
	if (question.header && is_wait(&policy, &answer.settings, question.header))
		return tool_usage("explain: --header is for veto_headers; a wait is told by "
				  "--retry-after");
	question.facts.vetoed =
	    question.header && is_veto(&policy, &answer.settings, question.header);
	answer.reason = decide(&policy, &answer.settings, &question.facts);
	find_wait(&answer);
	if (!print_switched_off(&answer)) {
		if (answer.reason == REASON_NONE)
			print_resend(&answer);
		else
			print_refusal(&answer);
	}
	print_rule(&answer);
	print_logged(&policy, &question);
	return TOOL_OK;
}
