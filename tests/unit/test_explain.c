/* SPDX-License-Identifier: MIT */
/* redial-policy explain: would a request be sent again, when, and who says so. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "support/process.h"

/* Runs it on the policy text, for a method, host and path, with up to five further words. */
static struct process_result ask(const char *text, const char *method, const char *host,
				 const char *path, const char *const words[])
{
	const char *argv[14] = {build_path("redial-policy"),
				"explain",
				scratch_text("explained.cfg", text),
				"--method",
				method,
				"--host",
				host,
				"--path",
				path};

	for (int i = 0; i < 4 && words[i]; i++)
		argv[9 + i] = words[i];
	return process_run(argv, NULL, 10000);
}

static void expect_told(struct process_result result, const char *out)
{
	runner_expect_long("exit status", 0, result.status);
	runner_expect_text("standard output", out, result.out);
	runner_expect_text("standard error", "", result.err);
	for (char *line = strtok(result.out, "\n"); line; line = strtok(NULL, "\n"))
		runner_expect_long(line, 1, strlen(line) <= 80);
	process_free(&result);
}

/* TOLD(policy, method, host, path, further words, output) */
#define WORDS(...) ((const char *const[5]){__VA_ARGS__})
#define TOLD(text, method, host, path, words, out)                                                 \
	expect_told(ask(text, method, host, path, words), out)

static const char orders[] = "retry = { backoff = { max_ms = 40; multiplier = 1.5; }; };\n"
			     "rules = (\n\n"
			     "  { host = \"*.orders\"; port = 8080; path = \"/v1/*\";\n"
			     "    methods = [\"GET\", \"PUT\"]; max_attempts = 2; },\n"
			     "  { path = \"/events\"; on = []; } );\n";

#define RULE_0                                                                                     \
	"rule     rules[0], line 4\n         host = \"*.orders\"\n         port = 8080\n"          \
	"         path = \"/v1/*\"\n"
#define RULE_1 "rule     rules[1], line 6\n         path = \"/events\"\n"
#define NONE   "rule     none matches\n"
#define AGAIN  "verdict  the request is sent again\n"
#define ERROR  "verdict  the program gets the error\n"
#define ANSWER "verdict  the program gets the response\n"

static void the_rule_and_key_that_decided_are_named(void)
{
	TOLD(orders, "PUT", "a.orders:8080", "/v1/x", WORDS(NULL),
	     AGAIN "reason   reset: PUT may be sent twice\n"
		   "by       rules[0].methods, line 4\nwait     0 ms\n" RULE_0);
	TOLD(orders, "POST", "a.orders", "/v1/x", WORDS("--port=8080", "--cause=eof"),
	     ERROR "reason   method: bytes of it were sent, and POST may not be sent twice\n"
		   "by       rules[0].methods, line 4\n" RULE_0);
	TOLD(orders, "POST", "a", "/", WORDS("--cause=stale"),
	     AGAIN "reason   stale: nothing of it had been sent\nby       retry.on\n"
		   "wait     0 ms\n" NONE);
	TOLD(orders, "GET", "a", "/events?x", WORDS(NULL),
	     ERROR "reason   cause: this cause is not listed\n"
		   "by       rules[1].on, line 6\n" RULE_1);
}

static void attempts_bytes_and_first_use_are_asked(void)
{
	TOLD(orders, "GET", "a", "/", WORDS("--attempt=2"),
	     AGAIN "reason   reset: GET may be sent twice\nby       retry.methods\n"
		   "wait     0 to 25 ms\n" NONE);
	TOLD(orders, "GET", "a", "/", WORDS("--attempt=3"),
	     ERROR "reason   attempts: all attempts are used up\n"
		   "by       retry.max_attempts\n" NONE);
	TOLD(orders, "GET", "a.orders:8080", "/v1/", WORDS("--attempt=2"),
	     ERROR "reason   attempts: all attempts are used up\n"
		   "by       rules[0].max_attempts, line 4\n" RULE_0);
	TOLD(orders, "GET", "a", "/", WORDS("--bytes=65537"),
	     ERROR "reason   too-large: it is too large to be held\n"
		   "by       retry.max_request_bytes\n" NONE);
	TOLD(orders, "GET", "a", "/", WORDS("--after=2001"),
	     ERROR "reason   late: it was taken, and is being worked on\n"
		   "by       retry.late_ms\n" NONE);
	TOLD(orders, "GET", "a", "/", WORDS("--after=2000"),
	     AGAIN "reason   reset: GET may be sent twice\nby       retry.methods\n"
		   "wait     0 ms\n" NONE);
	TOLD(orders, "GET", "a.orders:8080", "/v1/", WORDS("--first-use"),
	     ERROR "reason   first-use: it was the connection's first request\n"
		   "by       retry.on\n" RULE_0);
	TOLD("enabled = false;", "GET", "a", "/", WORDS(NULL),
	     ERROR "reason   disabled: the policy switches redial off\nby       enabled\n" NONE);
}

static const char statuses[] =
    "retry = { statuses = [503]; total_timeout_ms = 1500;\n"
    "  backoff = { base_ms = 40; jitter = \"equal\"; }; };\n"
    "rules = (\n"
    "  { path = \"/slow\"; statuses = [429]; retry_after_max_ms = 0; } );";
#define SLOW "rule     rules[0], line 4\n         path = \"/slow\"\n"

static void a_status_is_held_back_if_it_is_listed(void)
{
	TOLD(statuses, "GET", "a", "/", WORDS("--status=503"),
	     AGAIN "reason   status: GET may be sent twice\nby       retry.methods\n"
		   "wait     20 to 40 ms\n" NONE);
	TOLD(statuses, "GET", "a", "/", WORDS("--status=429"),
	     ANSWER "reason   cause: status 429 is not listed\nby       retry.statuses\n" NONE);
	TOLD(statuses, "GET", "a", "/slow", WORDS("--status=503"),
	     ANSWER "reason   cause: status 503 is not listed\n"
		    "by       rules[0].statuses, line 4\n" SLOW);
	TOLD(statuses, "POST", "a", "/", WORDS("--status=503"),
	     ANSWER "reason   method: bytes of it were sent, and POST may not be sent twice\n"
		    "by       retry.methods\n" NONE);
}

static void an_address_of_some_age_is_dialed_up_to_its_limit(void)
{
	static const char aged[] = "retry = { address_max_age_ms = 30000; };";

	TOLD(aged, "GET", "a", "/", WORDS("--address-age=30000"),
	     AGAIN "reason   reset: GET may be sent twice\nby       retry.methods\n"
		   "wait     0 ms\n" NONE);
	TOLD(aged, "GET", "a", "/", WORDS("--address-age=30001"),
	     ERROR "reason   address-age: the name was looked up too long ago\n"
		   "by       retry.address_max_age_ms\n" NONE);
}

static void a_retry_after_is_obeyed_up_to_its_limit(void)
{
	TOLD(statuses, "GET", "a", "/", WORDS("--status=503", "--retry-after=1"),
	     AGAIN "reason   status: GET may be sent twice\nby       retry.methods\n"
		   "wait     1000 ms\n" NONE);
	TOLD(statuses, "GET", "a", "/", WORDS("--status=503", "--retry-after=2"),
	     ANSWER "reason   deadline: the wait takes all the time there is\n"
		    "by       retry.total_timeout_ms\n" NONE);
	TOLD(statuses, "GET", "a", "/", WORDS("--status=503", "--retry-after=3"),
	     ANSWER "reason   retry-after: the server asks for a longer wait\n"
		    "by       retry.retry_after_max_ms\n" NONE);
	TOLD(statuses, "GET", "a", "/slow", WORDS("--status=429", "--retry-after=1"),
	     ANSWER "reason   retry-after: the server asks for a longer wait\n"
		    "by       rules[0].retry_after_max_ms, line 4\n" SLOW);
	TOLD(statuses, "GET", "a", "/slow", WORDS("--status=429", "--retry-after=0"),
	     AGAIN "reason   status: GET may be sent twice\nby       retry.methods\n"
		   "wait     20 to 40 ms\n" SLOW);
}

static void a_veto_leaves_the_response_to_the_program(void)
{
	static const char vetoes[] =
	    "retry = { statuses = [503]; veto_headers = [\"X-Again: no\"]; };\n"
	    "rules = ( { path = \"/slow\"; veto_headers = [\"Never\"]; } );";

	TOLD(vetoes, "GET", "a", "/", WORDS("--status=503", "--header=x-again: No"),
	     ANSWER "reason   veto: so says a header of the response\n"
		    "by       retry.veto_headers\n" NONE);
	TOLD(vetoes, "GET", "a", "/slow", WORDS("--status=503", "--header=never"),
	     ANSWER "reason   veto: so says a header of the response\n"
		    "by       rules[0].veto_headers, line 2\n"
		    "rule     rules[0], line 2\n         path = \"/slow\"\n");
}

static const char keys[] =
    "retry = { idempotency_key_headers = [\"Idempotency-Key\"];\n"
    "  statuses = [409]; };\n"
    "rules = ( { path = \"/pay\"; idempotency_key_headers = [\"X-Key\"]; },\n"
    "  { path = \"/graphql\"; methods = [\"POST\"]; } );";
#define PAY	"rule     rules[0], line 3\n         path = \"/pay\"\n"
#define GRAPHQL "rule     rules[1], line 4\n         path = \"/graphql\"\n"

static void a_key_lets_a_post_be_sent_again(void)
{
	TOLD(keys, "POST", "a", "/", WORDS("--key=idempotency-key"),
	     AGAIN "reason   reset: it carries an idempotency key\n"
		   "by       retry.idempotency_key_headers\nwait     0 ms\n" NONE);
	TOLD(keys, "PATCH", "a", "/pay", WORDS("--key=X-Key"),
	     AGAIN "reason   reset: it carries an idempotency key\n"
		   "by       rules[0].idempotency_key_headers, line 3\nwait     0 ms\n" PAY);
	TOLD(keys, "POST", "a", "/pay", WORDS("--key=Idempotency-Key"),
	     ERROR "reason   method: bytes of it were sent, and it carries no idempotency key\n"
		   "by       rules[0].idempotency_key_headers, line 3\n" PAY);
	TOLD(keys, "POST", "a", "/", WORDS(NULL),
	     ERROR "reason   method: bytes of it were sent, and it carries no idempotency key\n"
		   "by       retry.idempotency_key_headers\n" NONE);
	TOLD(keys, "PUT", "a", "/", WORDS("--key=Idempotency-Key"),
	     ERROR "reason   method: bytes of it were sent, and PUT may not be sent twice\n"
		   "by       retry.methods\n" NONE);
	TOLD(keys, "POST", "a", "/", WORDS("--key=Idempotency-Key", "--status=409"),
	     ANSWER "reason   conflict: the server knows the key, and this is its answer\n"
		    "by       retry.idempotency_key_headers\n" NONE);
}

static void the_rule_that_declares_a_post_harmless_is_named(void)
{
	TOLD(keys, "POST", "a", "/graphql", WORDS(NULL),
	     AGAIN "reason   reset: POST may be sent twice\n"
		   "by       rules[1].methods, line 4\nwait     0 ms\n" GRAPHQL);
	TOLD(keys, "POST", "a", "/graphql", WORDS("--status=409"),
	     AGAIN "reason   status: POST may be sent twice\n"
		   "by       rules[1].methods, line 4\nwait     0 to 25 ms\n" GRAPHQL);
}

static const char early[] =
    "retry = { on = [\"connect\", \"dns\"]; max_idle_ms = 0; };\n"
    "rules = ( { host = \"a\"; path = \"/x\"; on = [\"response-timeout\"]; },\n"
    "  { host = \"a\"; on = [\"connect-timeout\"]; response_timeout_ms = 7; },\n"
    "  { port = 81; on = [\"stale\"]; keep_alive_hints = true; },\n"
    "  { path = \"/x\"; on = [\"response-timeout\"]; response_timeout_ms = 9; } );";
#define DIALED "verdict  the connect is tried again\n"
#define ASKED  "verdict  the name is looked up again\n"

static void what_comes_before_a_request_is_under_rules_without_one(void)
{
	TOLD(early, "POST", "a", "/x", WORDS("--cause=connect"),
	     DIALED "reason   connect: nothing of it had been sent\nby       retry.on\n"
		    "wait     0 to 25 ms\n" NONE);
	TOLD(early, "GET", "a", "/x", WORDS("--cause=connect-timeout"),
	     ERROR "reason   cause: this cause is not listed\nby       retry.on\n" NONE);
	TOLD(early, "GET", "b:81", "/x", WORDS("--cause=connect"),
	     ERROR "reason   cause: this cause is not listed\nby       rules[2].on, line 4\n"
		   "rule     rules[2], line 4\n         port = 81\n");
	/* A redial that fails: the request is known, and its rescue goes on. */
	TOLD(early, "GET", "b:81", "/", WORDS("--cause=connect", "--attempt=2"),
	     AGAIN "reason   connect: nothing of it had been sent\nby       rules[2].on, line 4\n"
		   "wait     0 to 50 ms\nrule     rules[2], line 4\n         port = 81\n");
	TOLD(early, "GET", "b:81", "/x", WORDS("--cause=dns"),
	     ASKED "reason   dns: nothing of it had been sent\nby       retry.on\n"
		   "wait     0 to 25 ms\n" NONE);
	TOLD(early, "GET", "a", "/x", WORDS("--cause=dns"),
	     ERROR "reason   cause: this cause is not listed\nby       rules[1].on, line 3\n"
		   "rule     rules[1], line 3\n         host = \"a\"\n");
}

static void what_no_key_switches_on_is_told(void)
{
	TOLD(early, "POST", "b", "/", WORDS("--cause=idle"),
	     "verdict  the connection is used, however long it was idle\n"
	     "reason   neither max_idle_ms nor keep_alive_hints is switched on\n"
	     "by       retry.max_idle_ms\n" NONE);
	TOLD(early, "POST", "b:81", "/", WORDS("--cause=idle"),
	     AGAIN "reason   idle: nothing of it had been sent\n"
		   "by       rules[2].keep_alive_hints, line 4\nwait     0 ms\n"
		   "rule     rules[2], line 4\n         port = 81\n");
	TOLD("retry = { max_idle_ms = 5; };", "POST", "b", "/", WORDS("--cause=idle"),
	     AGAIN "reason   idle: nothing of it had been sent\nby       retry.max_idle_ms\n"
		   "wait     0 ms\n" NONE);
	TOLD(early, "POST", "b", "/", WORDS("--cause=max-requests"),
	     "verdict  the connection is used, however many requests it has had\n"
	     "reason   neither max_requests nor keep_alive_hints is switched on\n"
	     "by       retry.max_requests\n" NONE);
	TOLD("retry = { max_requests = 5; };", "POST", "b", "/", WORDS("--cause=max-requests"),
	     AGAIN "reason   max-requests: nothing of it had been sent\n"
		   "by       retry.max_requests\nwait     0 ms\n" NONE);
	TOLD("retry = { keep_alive_hints = true; };", "POST", "b", "/",
	     WORDS("--cause=max-requests"),
	     AGAIN "reason   max-requests: nothing of it had been sent\n"
		   "by       retry.keep_alive_hints\nwait     0 ms\n" NONE);
	TOLD(early, "GET", "b", "/", WORDS("--cause=body"),
	     ERROR "reason   response-started: the program has part of the response\n"
		   "by       retry.resume\n" NONE);
	TOLD("retry = { resume = true; };", "GET", "b", "/", WORDS("--cause=body"),
	     "verdict  the rest of the body is asked for\n"
	     "reason   body: if the response has a length and a strong validator\n"
	     "by       retry.resume\nwait     0 ms\n" NONE);
	TOLD("retry = { resume = true; };", "POST", "b", "/", WORDS("--cause=body"),
	     ERROR "reason   not-resumable: only the rest of what a GET gets can be asked for\n"
		   "by       retry.resume\n" NONE);
	TOLD(early, "GET", "a", "/x", WORDS("--cause=response-timeout"),
	     "verdict  the program waits as long as it likes\n"
	     "reason   no response timeout is set\nby       retry.response_timeout_ms\n"
	     "rule     rules[0], line 2\n         host = \"a\"\n         path = \"/x\"\n");
	TOLD(early, "GET", "b", "/x", WORDS("--cause=response-timeout"),
	     AGAIN "reason   response-timeout: GET may be sent twice\nby       retry.methods\n"
		   "wait     0 to 25 ms\nrule     rules[3], line 5\n         path = \"/x\"\n");
	TOLD(early, "GET", "a", "/", WORDS("--cause=response-timeout"),
	     ERROR "reason   cause: this cause is not listed\nby       rules[1].on, line 3\n"
		   "rule     rules[1], line 3\n         host = \"a\"\n");
}

#define READ                                                                                       \
	"rules = ( { path = \"/read/*\"; methods = [\"GET\", \"POST\"]; },\n"                      \
	"          { path = \"/pay/*\"; methods = []; } );\n"

static void a_path_is_taken_as_a_server_reads_it(void)
{
	TOLD(READ, "POST", "a", "/%72ead/x", WORDS(NULL),
	     AGAIN "reason   reset: POST may be sent twice\nby       rules[0].methods, line 1\n"
		   "wait     0 ms\nrule     rules[0], line 1\n         path = \"/read/*\"\n");
	TOLD(READ, "GET", "a", "/read/../pay/x", WORDS(NULL),
	     ERROR "reason   method: bytes of it were sent, and GET may not be sent twice\n"
		   "by       rules[1].methods, line 2\nrule     rules[1], line 2\n"
		   "         path = \"/pay/*\"\n");
	TOLD(READ, "POST", "a", "/read/..%2Fx", WORDS(NULL),
	     ERROR "reason   method: bytes of it were sent, and POST may not be sent twice\n"
		   "by       what holds for each way in which servers may read the path\n"
		   "rule     rules[0], line 1\n"
		   "         or another: servers read this path in several ways\n"
		   "         path = \"/read/*\"\n");
	TOLD(READ, "GET", "a", "//pay/x", WORDS(NULL),
	     ERROR "reason   method: bytes of it were sent, and GET may not be sent twice\n"
		   "by       what holds for each way in which servers may read the path\n"
		   "rule     none matches\n"
		   "         or another: servers read this path in several ways\n");
}

/* It is not read here how long that is: better none than a wrong answer. */
static void headers_that_say_how_long_to_wait_are_refused(void)
{
	static const char waits[] =
	    "retry = { statuses = [429]; after_headers = [\"X-Reset:auto\"]; };\n"
	    "rules = ( { path = \"/slow\"; after_headers = [\"X-Slow:s\"]; } );";
	static const char *const refused[][2] = {{"/", "--header=retry-after: 60"},
						 {"/", "--header=x-reset: 60"},
						 {"/slow", "--header=X-Slow: 60"}};

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct process_result result =
		    ask(waits, "GET", "a", refused[i][0], WORDS("--status=429", refused[i][1]));
		runner_expect_long(refused[i][1], 2, result.status);
		runner_expect_text("standard error",
				   "redial-policy: explain: --header is for veto_headers; a wait "
				   "is told by --retry-after; see redial-policy --help\n",
				   result.err);
		runner_expect_text("standard output", "", result.out);
		process_free(&result);
	}
	TOLD(waits, "GET", "a", "/", WORDS("--status=429", "--header=X-Slow: 60"),
	     AGAIN "reason   status: GET may be sent twice\nby       retry.methods\n"
		   "wait     0 to 25 ms\nrule     none matches\n");
}

static void a_path_that_is_logged_as_another_is_told_so(void)
{
	static const char secret[] = "log = { redact_paths = [\"/reset/*\"]; };";

	TOLD(secret, "GET", "a", "/reset/abc?d", WORDS(NULL),
	     AGAIN
	     "reason   reset: GET may be sent twice\nby       retry.methods\nwait     0 ms\n" NONE
	     "logged   path=/reset/***\n");
	TOLD(secret, "GET", "a", "/list", WORDS(NULL),
	     AGAIN
	     "reason   reset: GET may be sent twice\nby       retry.methods\nwait     0 ms\n" NONE);
	TOLD(secret, "GET", "a", "/reset/abc", WORDS("--cause=connect"),
	     ERROR "reason   cause: this cause is not listed\nby       retry.on\n" NONE);
}

static void wrong_questions_are_refused(void)
{
	static const struct {
		const char *words[5];
		const char *told;
	} rows[] = {
	    {{"--cause=rset"},
	     "explain: --cause must be stale, reset, eof, connect, connect-timeout, "
	     "response-timeout, idle, max-requests, dns, tls-handshake or body, not rset"},
	    {{"--cause=status"},
	     "explain: --cause must be stale, reset, eof, connect, connect-timeout, "
	     "response-timeout, idle, max-requests, dns, tls-handshake or body, not status"},
	    {{"--attempt=0"}, "explain: 0 is not a number from 1 to 1000"},
	    {{"--status=399"}, "explain: 399 is not a number from 400 to 599"},
	    {{"--status=600"}, "explain: 600 is not a number from 400 to 599"},
	    {{"--status=503", "--cause=reset"}, "explain takes --cause or --status, not both"},
	    {{"--cause=reset", "--status=503"}, "explain takes --cause or --status, not both"},
	    {{"--retry-after=5"}, "explain: --retry-after needs --status"},
	    {{"--retry-after=4294968"}, "explain: 4294968 is not a number from 0 to 4294967"},
	    {{"--key"}, "explain: --key is unknown or lacks its value"},
	};
	char message[256];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct process_result result = ask(orders, "GET", "a", "/", rows[i].words);

		snprintf(message, sizeof(message), "redial-policy: %s; see redial-policy --help\n",
			 rows[i].told);
		runner_expect_long(rows[i].words[0], 2, result.status);
		runner_expect_text("standard error", message, result.err);
		runner_expect_text("standard output", "", result.out);
		process_free(&result);
	}
}

void suite_explain(void)
{
	static const struct runner_test tests[] = {
	    TEST(the_rule_and_key_that_decided_are_named),
	    TEST(attempts_bytes_and_first_use_are_asked),
	    TEST(a_status_is_held_back_if_it_is_listed),
	    TEST(an_address_of_some_age_is_dialed_up_to_its_limit),
	    TEST(a_retry_after_is_obeyed_up_to_its_limit),
	    TEST(a_veto_leaves_the_response_to_the_program),
	    TEST(a_key_lets_a_post_be_sent_again),
	    TEST(the_rule_that_declares_a_post_harmless_is_named),
	    TEST(what_comes_before_a_request_is_under_rules_without_one),
	    TEST(what_no_key_switches_on_is_told),
	    TEST(a_path_is_taken_as_a_server_reads_it),
	    TEST(a_path_that_is_logged_as_another_is_told_so),
	    TEST(headers_that_say_how_long_to_wait_are_refused),
	    TEST(wrong_questions_are_refused),
	    TEST_END};

	runner_suite("explain", tests);
}
