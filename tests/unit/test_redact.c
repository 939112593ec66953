/* SPDX-License-Identifier: MIT */
/* What of a request's target and host gets into the log. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "redact.h"

static struct policy policy;

static void redact(const char *const *patterns)
{
	policy_defaults(&policy);
	for (; patterns && *patterns; patterns++)
		strcpy(policy.redact_paths[policy.redact_count++], *patterns);
}

struct row {
	const char *target, *logged;
};

static void expect(const struct row *rows, size_t count)
{
	char logged[192];

	for (size_t i = 0; i < count; i++) {
		redact_path(&policy, rows[i].target, strlen(rows[i].target), logged,
			    sizeof(logged));
		runner_expect_text(rows[i].target, rows[i].logged, logged);
	}
}

#define EXPECT(...)                                                                                \
	do {                                                                                       \
		static const struct row rows[] = {__VA_ARGS__};                                    \
		expect(rows, sizeof(rows) / sizeof(rows[0]));                                      \
	} while (0)

static void a_path_is_logged_as_it_was_sent(void)
{
	redact(NULL);
	EXPECT({"/", "/"}, {"*", "*"}, {"", ""}, {"/a/../%72ead//x;y=1", "/a/../%72ead//x;y=1"},
	       {"/u/@me", "/u/@me"}, {"/mail/bob@example.org/x", "/mail/bob@example.org/x"},
	       {"/npm/@scope%2Fname", "/npm/@scope%2Fname"}, {"/t/12:30", "/t/12:30"},
	       {"/a:b/c@d", "/a:b/c@d"}, {"h:80", "h:80"});
}

static void neither_query_nor_fragment_is_logged(void)
{
	redact(NULL);
	EXPECT({"/a?token=x", "/a"}, {"/a#token=x", "/a"}, {"/a%3Ftoken=x", "/a"},
	       {"/a%3ftoken=x", "/a"}, {"/a%23token=x", "/a"}, {"/a%253Ftoken=x", "/a"},
	       {"http://h?token=x", "/"}, {"http://h/a?token=x", "/a"}, {"h:80?x", "h:80"});
}

static void no_user_and_no_password_is_logged_whatever_form_the_target_has(void)
{
	redact(NULL);
	EXPECT({"http://bob:pw@h/a", "/a"}, {"ftp://bob:pw@h", "/"}, {"HTTP://bob@h:80/a?b", "/a"},
	       {"://bob:pw@h/a", "/a"}, {"http://bob:p%40w@h/a", "/a"},
	       /* A password with what ends an authority in it. */
	       {"http://bob:p/w@h/a", "***@h/a"}, {"http://bob:p/w/x@h/a@b", "***@b"},
	       {"http://bob:p?w@h/a", "/"}, {"http://bob:p#w@h/a", "/"},
	       /* Not so, by its port. */
	       {"http://h:80/u/@me", "/u/@me"}, {"http://[::1]/u/@me", "/u/@me"},
	       {"http://[::1]:80/u/@me", "/u/@me"}, {"http://h/u/@me", "/u/@me"},
	       /* An authority where a path should be. */
	       {"bob:pw@h:80", "***@h:80"}, {"bob@h", "***@h"}, {"bob:pw@h/a", "***@h/a"},
	       {"//bob:pw@h/a", "//***@h/a"}, {"//bob@h/a", "//***@h/a"}, {"//h/a@b", "//h/a@b"},
	       {"///bob@h/a", "///***@h/a"}, {"http:/bob:pw@h/a", "http:/***@h/a"},
	       {"http:bob:pw@h/a", "***@h/a"}, {"http:\\\\bob:pw@h\\a", "http:\\\\***@h\\a"},
	       {"\\\\bob@h\\a", "\\\\***@h\\a"},
	       /* A URI in a path. */
	       {"/get/http://bob:pw@h/a", "/get/http://***@h/a"},
	       {"/get/http:/bob:pw@h/a", "/get/http:/***@h/a"}, {"/get/bob:pw@h", "/get/***@h"},
	       {"/get//bob@h", "/get//***@h"},
	       /* Escaped, and more than once. */
	       {"http:%2F%2Fbob:pw@h/a", "http:%2F%2F***@h/a"},
	       {"/get/http%3A%2f%2fbob%3Apw%40h", "/get/http%3A%2f%2f***@h"},
	       {"/get/http%253A%252F%252Fbob%253Apw%2540h%252Fa",
		"/get/http%253A%252F%252F***@h%252Fa"},
	       {"//bob%40h/a", "//***@h/a"}, {"/x/b%6fb%3apw%40h", "/x/***@h"},
	       {"/x/a:b@c:d@h", "/x/***@h"});
}

static void what_a_pattern_has_a_star_for_is_not_logged(void)
{
	static const char *const patterns[] = {"/reset/*", "/u/*/token/*", "*/secret-*", "/a**b/?*",
					       NULL};
	redact(patterns);
	EXPECT({"/reset/abc", "/reset/***"}, {"/reset/", "/reset/***"},
	       {"/reset/a/b/c?d", "/reset/***"}, {"/reset", "/reset"}, {"/Reset/a", "/Reset/a"},
	       {"/u/5/token/x", "/u/***/token/***"}, {"/u/5/tokens/x", "/u/5/tokens/x"},
	       {"/u/a/token/b/token/c", "/u/***/token/***"}, {"/x/y/secret-5", "***/secret-***"},
	       {"/aXb/cd", "/a***b/?***"}, {"http://h/reset/abc", "/reset/***"},
	       {"http://bob:pw@h/reset/abc", "/reset/***"}, {"/", "/"});
}

/* However it is written: for a server it is that path. */
static void a_pattern_finds_a_path_in_any_reading(void)
{
	static const char *const patterns[] = {"/reset/*", NULL};

	redact(patterns);
	EXPECT({"/%72eset/abc", "/reset/***"}, {"/./reset/abc", "/reset/***"},
	       {"/x/../reset/abc", "/reset/***"}, {"/x/%2e%2E/reset/abc", "/reset/***"},
	       {"//reset/abc", "/reset/***"}, {"//h/reset/abc", "/reset/***"},
	       {"/reset%2Fabc", "/reset/***"}, {"/%2freset%2fabc", "/reset/***"},
	       {"/x%2f..%2freset/abc", "/reset/***"}, {"/reset//abc", "/reset/***"});
}

static void of_what_cannot_be_read_nothing_is_logged_where_there_are_patterns(void)
{
	static const char *const patterns[] = {"/reset/*", NULL};
	char text[3000] = "/%72";
	char logged[192];

	redact(patterns);
	EXPECT({"/x/..;/reset/abc", "/***"}, {"/reset\\abc", "/***"}, {"/reset%5Cabc", "/***"},
	       {"/reset%zz", "/***"}, {"reset/abc", "/***"}, {"h:80", "/***"});
	memset(text + 4, 'x', sizeof(text) - 5);
	redact_path(&policy, text, sizeof(text) - 1, logged, sizeof(logged));
	runner_expect_text("too long", "/***", logged);
}

/* A secret behind the end of the log's room is found. */
static void a_path_is_cut_to_fit_once_it_was_looked_at(void)
{
	static const char *const patterns[] = {"*/token/*", NULL};
	char target[600], logged[192];

	memset(target, 'x', sizeof(target));
	memcpy(target, "/", 1);
	memcpy(target + 400, "/token/abc", 10);
	redact(patterns);
	redact_path(&policy, target, sizeof(target), logged, sizeof(logged));
	runner_expect_text("a pattern behind the end", "***/token/***", logged);
	redact(NULL);
	redact_path(&policy, target, sizeof(target), logged, sizeof(logged));
	runner_expect_long("length", 191, (long)strlen(logged));
	memcpy(target + 100, "/bob:", 5);
	memcpy(target + 300, "@h/", 3);
	redact_path(&policy, target, sizeof(target), logged, sizeof(logged));
	CU_ASSERT_PTR_NULL(strstr(logged, "bob"));
	CU_ASSERT_PTR_NOT_NULL(strstr(logged, "x/***@h/"));
}

static void a_host_is_logged_without_user_and_password(void)
{
	static const struct row rows[] = {{"h:80", "h:80"}, {"bob:pw@h:80", "h:80"}, {"bob@h", "h"},
					  {"a@b@h", "h"},   {"bob:pw%40h", "h"},     {"@", ""},
					  {"", ""}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		runner_expect_text(rows[i].target, rows[i].logged,
				   rows[i].target +
				       redact_host(rows[i].target, strlen(rows[i].target)));
}

/* Under AddressSanitizer a byte read or written too far ends the test. */
static void any_bytes_are_safe(void)
{
	static const char *const patterns[] = {"/a*", "*@*", NULL};
	static const char bytes[] = "/.%2540fFe3:@a?#\\;";
	char logged[16];

	srandom(4711);
	for (int i = 0; i < 100000; i++) {
		size_t len = (size_t)random() % 40;
		char *target = malloc(len ? len : 1);

		for (size_t j = 0; j < len; j++)
			target[j] = bytes[(size_t)random() % (sizeof(bytes) - 1)];
		redact(i % 2 ? patterns : NULL);
		redact_path(&policy, target, len, logged, sizeof(logged));
		CU_ASSERT_FATAL(strlen(logged) < sizeof(logged));
		CU_ASSERT_FATAL(redact_host(target, len) <= len);
		free(target);
	}
}

void suite_redact(void)
{
	static const struct runner_test tests[] = {
	    TEST(a_path_is_logged_as_it_was_sent),
	    TEST(neither_query_nor_fragment_is_logged),
	    TEST(no_user_and_no_password_is_logged_whatever_form_the_target_has),
	    TEST(what_a_pattern_has_a_star_for_is_not_logged),
	    TEST(a_pattern_finds_a_path_in_any_reading),
	    TEST(of_what_cannot_be_read_nothing_is_logged_where_there_are_patterns),
	    TEST(a_path_is_cut_to_fit_once_it_was_looked_at),
	    TEST(a_host_is_logged_without_user_and_password),
	    TEST(any_bytes_are_safe),
	    TEST_END};

	runner_suite("redact", tests);
}
