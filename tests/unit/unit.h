/* SPDX-License-Identifier: MIT */
/* What the unit tests share: the suites, and files to feed to what they test. */
#ifndef REDIAL_TEST_UNIT_H
#define REDIAL_TEST_UNIT_H

#include <stddef.h>
#include <stdint.h>

#include "support/runner.h"

#define TEST(name)                                                                                 \
	{                                                                                          \
#name, name                                                                        \
	}
#define TEST_END                                                                                   \
	{                                                                                          \
		NULL, NULL                                                                         \
	}

void suite_method(void);
void suite_policy(void);
void suite_match(void);
void suite_path(void);
void suite_paths(void);
void suite_redact(void);
void suite_decide(void);
void suite_decide_asked(void);
void suite_decide_late(void);
void suite_backoff(void);
void suite_process(void);
void suite_state(void);
void suite_budget(void);
void suite_breaker(void);
void suite_shared(void);
void suite_share(void);
void suite_compiled(void);
void suite_load(void);
void suite_load_more(void);
void suite_load_file(void);
void suite_http1(void);
void suite_tool(void);
void suite_explain(void);
void suite_cache(void);
void suite_launcher(void);
void suite_loopback(void);
void suite_target(void);
void suite_mem(void);
void suite_log_line(void);
void suite_patience(void);
void suite_conn(void);
void suite_conn_kept(void);
void suite_conn_resume(void);
void suite_looked_over(void);
void suite_conn_more(void);
void suite_pollers(void);
void suite_mark(void);
void suite_notes(void);
void suite_report(void);
void suite_tally(void);
void suite_elf(void);
void suite_after(void);
void suite_repeats(void);
void suite_greeting(void);
void suite_tunnel(void);
void suite_abandons(void);
void suite_rest(void);
void suite_chunks(void);
void suite_retry_after(void);
void suite_idle(void);
void suite_hello(void);
void suite_region(void);
void suite_memory(void);
void suite_memory_race(void);
void suite_copy(void);
void suite_arena(void);
void suite_arena_at_once(void);
void suite_table(void);
void suite_switchboard(void);
void suite_switch(void);

/*
 * A folder for the tests' files, made at the first call and removed with all that is in it when
 * the test program ends.
 */
const char *scratch_dir(void);

/* The path of `name` in that folder; valid for the next 31 calls. */
const char *scratch_path(const char *name);

/* Writes a file there and returns its path, as scratch_path does. */
const char *scratch_file(const char *name, const void *data, size_t len);
const char *scratch_text(const char *name, const char *text);

/* What os_now_ms says to the code under test; a test that needs it sets it first. */
extern uint64_t clock_ms;

/* Does text contain part? A failure prints both. */
int expect_contains(const char *what, const char *part, const char *text);

#endif
