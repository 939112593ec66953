/* SPDX-License-Identifier: MIT */
#include "tool.h"

#include <stdio.h>
#include <string.h>

#include "load_words.h"

enum { WIDTH = 80 };

/* libconfig's escapes; control characters cannot be in a policy. Returns how many bytes it took. */
static size_t print_escaped(const char *text)
{
	size_t len = 0;

	for (; *text; text++)
		len += printf(*text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
	return len;
}

/* Prints a list of texts, broken into lines that fit. Begun with NULL, ended with NULL. */
struct list {
	const char *indent;
	size_t column;
	unsigned count;
};

static struct list list_begin(const char *indent, const char *key)
{
	return (struct list){.indent = indent, .column = printf("%s%s = [", indent, key)};
}

static void list_add(struct list *list, const char *text)
{
	size_t need = strlen(text) + 4; /* quotes, comma, and what may follow */

	if (list->count++)
		list->column += printf(",");
	if (list->column + need > WIDTH - 2)
		list->column = printf("\n%s  ", list->indent) - 1;
	else if (list->count > 1)
		list->column += printf(" ");
	putchar('"');
	list->column += print_escaped(text) + 2;
	putchar('"');
}

static void list_end(void)
{
	puts("];");
}

static void print_methods(const char *indent, uint32_t methods)
{
	struct list list = list_begin(indent, "methods");

	for (unsigned i = 0; i < METHOD_COUNT; i++)
		if (methods & method_bit(i))
			list_add(&list, method_name(i));
	list_end();
}

static void print_on(const char *indent, uint32_t on)
{
	struct list list = list_begin(indent, "on");

	for (const struct load_word *word = load_on_words; word->name; word++)
		if (on & word->value)
			list_add(&list, word->name);
	list_end();
}

static void print_tls(uint32_t tls)
{
	struct list list = list_begin("", "tls");

	for (const struct load_word *word = load_tls_words; word->name; word++)
		if (tls & word->value)
			list_add(&list, word->name);
	list_end();
}

static const char *name_of(const struct load_word *words, uint32_t value)
{
	while (words->name && words->value != value)
		words++;
	return words->name ? words->name : "?";
}

static void print_text(const char *indent, const char *key, const char *prefix, const char *text)
{
	printf("%s%s = \"%s", indent, key, prefix);
	print_escaped(text);
	puts("\";");
}

static void print_milli(const char *indent, const char *key, uint32_t milli)
{
	char digits[8];
	size_t len = snprintf(digits, sizeof(digits), "%03u", milli % 1000);

	while (len > 1 && digits[len - 1] == '0')
		digits[--len] = '\0';
	printf("%s%s = %u.%s;\n", indent, key, milli / 1000, digits);
}

static void print_backoff(const char *indent, const struct policy_backoff *backoff, uint32_t set)
{
	const uint32_t any = POLICY_KEY_BACKOFF_BASE | POLICY_KEY_BACKOFF_MAX |
			     POLICY_KEY_BACKOFF_MULTIPLIER | POLICY_KEY_BACKOFF_JITTER;
	char inside[16];

	if (!(set & any))
		return;
	snprintf(inside, sizeof(inside), "%s  ", indent);
	printf("%sbackoff = {\n", indent);
	if (set & POLICY_KEY_BACKOFF_BASE)
		printf("%s  base_ms = %u;\n", indent, backoff->base_ms);
	if (set & POLICY_KEY_BACKOFF_MAX)
		printf("%s  max_ms = %u;\n", indent, backoff->max_ms);
	if (set & POLICY_KEY_BACKOFF_MULTIPLIER)
		print_milli(inside, "multiplier", backoff->multiplier_milli);
	if (set & POLICY_KEY_BACKOFF_JITTER)
		printf("%s  jitter = \"%s\";\n", indent,
		       name_of(load_jitter_words, backoff->jitter));
	printf("%s};\n", indent);
}

static void print_statuses(const char *indent, const uint32_t *statuses)
{
	size_t column = printf("%sstatuses = [", indent);
	unsigned count = 0;

	for (unsigned status = POLICY_STATUS_MIN; status <= POLICY_STATUS_MAX; status++) {
		if (!policy_has_status(statuses, status))
			continue;
		if (count++)
			column += printf(",");
		if (column + 6 > WIDTH - 2)
			column = printf("\n%s  ", indent) - 1;
		else if (count > 1)
			column += printf(" ");
		column += printf("%u", status);
	}
	list_end();
}

static void print_names(const char *indent, const char *key, const char names[][POLICY_HEADER_MAX],
			uint32_t mask)
{
	struct list list = list_begin(indent, key);

	for (uint32_t i = 0; mask >> i; i++)
		if (mask >> i & 1)
			list_add(&list, names[i]);
	list_end();
}

static void print_after(const char *indent, const struct policy *policy, uint32_t mask)
{
	struct list list = list_begin(indent, "after_headers");

	for (uint32_t i = 0; i < policy->after_count; i++) {
		const struct policy_after *after = &policy->after[i];
		char text[POLICY_HEADER_MAX + 8];

		snprintf(text, sizeof(text), "%s:%s", after->name,
			 name_of(load_unit_words, after->unit));
		if (mask >> i & 1)
			list_add(&list, text);
	}
	list_end();
}

static void print_vetoes(const char *indent, const struct policy *policy, uint32_t mask)
{
	struct list list = list_begin(indent, "veto_headers");

	for (uint32_t i = 0; i < policy->veto_count; i++) {
		const struct policy_veto *veto = &policy->vetoes[i];
		char text[2 * POLICY_HEADER_MAX + 4];

		snprintf(text, sizeof(text), "%s%s%s", veto->name, veto->value[0] ? ": " : "",
			 veto->value);
		if (mask >> i & 1)
			list_add(&list, text);
	}
	list_end();
}

static const char *yes_no(uint32_t value)
{
	return value ? "true" : "false";
}

static void print_retry(const struct policy *policy, const char *indent,
			const struct policy_retry *retry, uint32_t set)
{
	if (set & POLICY_KEY_METHODS)
		print_methods(indent, retry->methods);
	if (set & POLICY_KEY_ON)
		print_on(indent, retry->on);
	if (set & POLICY_KEY_KEY_HEADERS)
		print_names(indent, "idempotency_key_headers", policy->names, retry->key_headers);
	if (set & POLICY_KEY_STATUSES)
		print_statuses(indent, retry->statuses);
	if (set & POLICY_KEY_MAX_ATTEMPTS)
		printf("%smax_attempts = %u;\n", indent, retry->max_attempts);
	if (set & POLICY_KEY_TOTAL_TIMEOUT)
		printf("%stotal_timeout_ms = %u;\n", indent, retry->total_timeout_ms);
	if (set & POLICY_KEY_CONNECT_TIMEOUT)
		printf("%sconnect_timeout_ms = %u;\n", indent, retry->connect_timeout_ms);
	if (set & POLICY_KEY_RESPONSE_TIMEOUT)
		printf("%sresponse_timeout_ms = %u;\n", indent, retry->response_timeout_ms);
	if (set & POLICY_KEY_UNACKED_TIMEOUT)
		printf("%sunacked_timeout_ms = %u;\n", indent, retry->unacked_timeout_ms);
	if (set & POLICY_KEY_LATE)
		printf("%slate_ms = %u;\n", indent, retry->late_ms);
	if (set & POLICY_KEY_RETRY_AFTER_MAX)
		printf("%sretry_after_max_ms = %u;\n", indent, retry->retry_after_max_ms);
	if (set & POLICY_KEY_AFTER_HEADERS)
		print_after(indent, policy, retry->after_headers);
	if (set & POLICY_KEY_VETO_HEADERS)
		print_vetoes(indent, policy, retry->veto_headers);
	if (set & POLICY_KEY_MAX_IDLE)
		printf("%smax_idle_ms = %u;\n", indent, retry->max_idle_ms);
	if (set & POLICY_KEY_KEEP_ALIVE_HINTS)
		printf("%skeep_alive_hints = %s;\n", indent, yes_no(retry->keep_alive_hints));
	if (set & POLICY_KEY_MAX_REQUESTS)
		printf("%smax_requests = %u;\n", indent, retry->max_requests);
	if (set & POLICY_KEY_ADDRESS_MAX_AGE)
		printf("%saddress_max_age_ms = %u;\n", indent, retry->address_max_age_ms);
	if (set & POLICY_KEY_ATTEMPT_HEADER)
		print_text(indent, "attempt_header", "",
			   retry->attempt_header ? policy->names[retry->attempt_header - 1] : "");
	if (set & POLICY_KEY_ADD_REQUEST_ID)
		printf("%sadd_request_id = %s;\n", indent, yes_no(retry->add_request_id));
	if (set & POLICY_KEY_RESUME)
		printf("%sresume = %s;\n", indent, yes_no(retry->resume));
	if (set & POLICY_KEY_SINGLE_USE_AUTH)
		print_names(indent, "single_use_auth", policy->auth_names, retry->single_use_auth);
	if (set & POLICY_KEY_MAX_REQUEST)
		printf("%smax_request_bytes = %u;\n", indent, retry->max_request_bytes);
	print_backoff(indent, &retry->backoff, set);
}

static void print_tcp(const struct policy_tcp *tcp)
{
	printf("\ntcp = {\n  keep_alive = { idle_s = %u; interval_s = %u; count = %u; };\n};\n",
	       tcp->keep_alive.idle_s, tcp->keep_alive.interval_s, tcp->keep_alive.count);
}

static void print_pace(const struct policy_budget *budget, const struct policy_breaker *breaker)
{
	printf("\nbudget = {\n  enabled = %s;\n", yes_no(budget->enabled));
	print_milli("  ", "ratio", budget->ratio_milli);
	printf("  min_per_second = %u;\n  window_ms = %u;\n};\n", budget->min_per_second,
	       budget->window_ms);
	printf("\nbreaker = {\n  enabled = %s;\n", yes_no(breaker->enabled));
	print_milli("  ", "failure_ratio", breaker->failure_ratio_milli);
	printf("  min_attempts = %u;\n  window_ms = %u;\n  open_ms = %u;\n  reject = %s;\n};\n",
	       breaker->min_attempts, breaker->window_ms, breaker->open_ms,
	       yes_no(breaker->reject));
}

static void print_log(const struct policy *policy)
{
	const struct policy_log *log = &policy->log;
	struct list list;

	puts("\nlog = {");
	if (log->sink == SINK_FILE)
		print_text("  ", "sink", "file:", log->path);
	else
		print_text("  ", "sink", "", log->sink == SINK_SYSLOG ? "syslog" : "none");
	printf("  format = \"%s\";\n", name_of(load_format_words, log->format));
	printf("  facility = \"%s\";\n", name_of(load_facility_words, log->facility));
	list = list_begin("  ", "request_id_headers");
	for (uint32_t i = 0; i < log->id_header_count; i++)
		list_add(&list, log->id_headers[i]);
	list_end();
	list = list_begin("  ", "redact_paths");
	for (uint32_t i = 0; i < policy->redact_count; i++)
		list_add(&list, policy->redact_paths[i]);
	list_end();
	puts("};");
}

static void print_rules(const struct policy *policy)
{
	for (uint32_t i = 0; i < policy->rule_count; i++) {
		const struct policy_rule *rule = &policy->rules[i];

		puts(i ? ", {" : "\nrules = ( {");
		if (rule->host[0])
			print_text("  ", "host", "", rule->host);
		if (rule->port)
			printf("  port = %u;\n", rule->port);
		if (rule->path[0])
			print_text("  ", "path", "", rule->path);
		print_retry(policy, "  ", &rule->retry, rule->set);
		printf("}");
	}
	if (policy->rule_count)
		puts(" );");
}

int tool_show(int argc, char **argv)
{
	struct policy policy;
	bool compiled;

	if (argc > 2)
		return tool_usage("show takes one FILE at most");
	policy_defaults(&policy);
	if (argc == 2 && tool_load(argv[1], &policy, &compiled))
		return TOOL_BAD_POLICY;
	printf("enabled = %s;\n", policy.enabled ? "true" : "false");
	print_tls(policy.tls);
	printf("\nretry = {\n");
	print_retry(&policy, "  ", &policy.retry, UINT32_MAX);
	puts("};");
	print_tcp(&policy.tcp);
	print_pace(&policy.budget, &policy.breaker);
	print_log(&policy);
	printf("\nstat = {\n");
	print_text("  ", "dir", "", policy.stat_dir);
	puts("};");
	print_rules(&policy);
	return TOOL_OK;
}
