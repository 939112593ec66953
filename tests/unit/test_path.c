/* SPDX-License-Identifier: MIT */
/* Paths as servers read them. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "path.h"

static void the_path_of_a_target_is_found(void)
{
	static const struct {
		const char *target, *path;
	} rows[] = {
	    {"/a", "/a"},
	    {"/a?b", "/a"},
	    {"/a#b?c", "/a"},
	    {"?", ""},
	    {"", ""},
	    {"*", "*"},
	    {"http://h/a?b", "/a"},
	    {"http://h", "/"},
	    {"http://h?b", "/"},
	    {"http://h#b", "/"},
	    {"http://u:p@h:80/a/b", "/a/b"},
	    {"FTP://h/", "/"},
	    {"://h/a", "/a"},
	    {"/a://h/b", "/a://h/b"},
	    {"http:/h", "http:/h"},
	    {"h:80", "h:80"},
	};
	const char *path;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char got[64] = "";
		size_t len = path_of(rows[i].target, strlen(rows[i].target), &path);

		memcpy(got, path, len);
		runner_expect_text(rows[i].target, rows[i].path, got);
	}
}

/* S, M and A: what some servers do besides. */
#define S PATH_SLASHES
#define M PATH_MERGED
#define A PATH_AUTHORITY

static const struct {
	const char *path;
	int liberties;
	/* The readings in the order of their numbers, a space between them. */
	const char *readings;
} rows[] = {
    {"", 0, ""},
    {"*", 0, "*"},
    {"/", 0, "/"},
    {"/a/b.c/...", 0, "/a/b.c/..."},
    {"/a;b=1/c,d:e@f&g=!$'()+~", 0, "/a;b=1/c,d:e@f&g=!$'()+~"},
    /* Unreserved characters, and letters of digits. */
    {"/%72ead/x", 0, "/read/x"},
    {"/%52%45%61%64%30%39%2d%2E%5f%7e", 0, "/REad09-._~"},
    {"/a%3ab%3Ac%20d%25e%3fF%23", 0, "/a%3Ab%3Ac%20d%25e%3FF%23"},
    {"/%2572ead", 0, "/%2572ead"},
    {"/caf\xc3\xa9", 0, "/caf%C3%A9"},
    {"/caf%c3%a9", 0, "/caf%C3%A9"},
    /* Dot segments. */
    {"/.", 0, "/"},
    {"/..", 0, "/"},
    {"/a/.", 0, "/a/"},
    {"/a/..", 0, "/"},
    {"/a/../", 0, "/"},
    {"/./a/./b", 0, "/a/b"},
    {"/read/../pay", 0, "/pay"},
    {"/read/%2e%2e/pay", 0, "/pay"},
    {"/read/.%2E/pay", 0, "/pay"},
    {"/a/b/../../../c", 0, "/c"},
    {"/a/b/c/../../d/", 0, "/a/d/"},
    {"/a/.../b/..c/.d", 0, "/a/.../b/..c/.d"},
    /* Slashes. */
    {"/a//b", M, "/a//b /a/b"},
    {"/a/", 0, "/a/"},
    {"/a//", M, "/a// /a/"},
    {"/a//../b", M, "/a/b /b"},
    {"//a", M | A, "//a /a / /"},
    {"//h/pay", M | A, "//h/pay /h/pay /pay /pay"},
    {"///", M | A, "/// / / /"},
    {"/g%2Fp", S, "/g%2Fp /g/p"},
    {"/g%2fp", S, "/g%2Fp /g/p"},
    {"/read%2f..%2fpay", S, "/read%2F..%2Fpay /pay"},
    {"/read/%2e%2e%2fpay", S, "/read/..%2Fpay /pay"},
    {"/a/%2Fb", S | M, "/a/%2Fb /a//b /a/%2Fb /a/b"},
    {"/%2fh/pay", S | M | A, "/%2Fh/pay //h/pay /%2Fh/pay /h/pay /%2Fh/pay /pay /%2Fh/pay /pay"},
    /* What nobody can tell. */
    {"a", -1, ""},
    {"h:80", -1, ""},
    {"http:/h", -1, ""},
    {"/a\\b", -1, ""},
    {"/a%5cb", -1, ""},
    {"/a%5Cb", -1, ""},
    {"/%", -1, ""},
    {"/%4", -1, ""},
    {"/%4g", -1, ""},
    {"/%g4", -1, ""},
    {"/%00", -1, ""},
    {"/%0a", -1, ""},
    {"/%7f", -1, ""},
    {"/a b", -1, ""},
    {"/a\tb", -1, ""},
    {"/a\x7f", -1, ""},
    {"/read/..;/pay", -1, ""},
    {"/read/..;x=1/pay", -1, ""},
    {"/read/%2e.%3b/pay", -1, ""},
    {"/read/.;", -1, ""},
    {"/read%2f..;/pay", -1, ""},
};

static void a_path_has_the_readings_that_servers_have(void)
{
	char text[PATH_ROOM * 2];
	struct path read;
	bool plain;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *path = rows[i].path;
		size_t path_len = strlen(path), len = 0;
		int liberties = path_liberties(path, path_len, &plain);

		text[0] = '\0';
		runner_expect_long(path, rows[i].liberties, liberties);
		for (unsigned reading = 0; liberties >= 0 && reading < PATH_READINGS; reading++) {
			if (reading & ~(unsigned)liberties)
				continue;
			CU_ASSERT(path_read(&read, path, path_len, reading));
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%.*s",
						reading ? " " : "", (int)read.len, read.text);
		}
		runner_expect_text(path, rows[i].readings, text);
		if (liberties < 0)
			continue;
		path_read(&read, path, path_len, 0);
		runner_expect_long(path, plain,
				   read.len == path_len && !memcmp(read.text, path, path_len));
	}
}

static void a_reading_read_again_is_the_same(void)
{
	struct path once, twice;
	bool plain;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].liberties < 0)
			continue;
		path_read(&once, rows[i].path, strlen(rows[i].path), 0);
		CU_ASSERT(path_liberties(once.text, once.len, &plain) >= 0);
		runner_expect_long(rows[i].path, 1, plain);
		path_read(&twice, once.text, once.len, 0);
		runner_expect_long(rows[i].path, (long)once.len, (long)twice.len);
		runner_expect_long(rows[i].path, 0, memcmp(once.text, twice.text, once.len));
	}
}

static void what_does_not_fit_has_no_reading(void)
{
	static char path[2 * PATH_ROOM] = "/";
	struct path read;
	bool plain;

	memset(path + 1, 'a', sizeof(path) - 2);
	runner_expect_long("plain at any length", 0,
			   path_liberties(path, sizeof(path) - 1, &plain));
	runner_expect_long("plain at any length", 1, plain);
	for (size_t len = 1; len < sizeof(path) - 1; len++) {
		bool reads = path_read(&read, path, len, 0);

		if (reads != (len <= PATH_ROOM - 2))
			runner_expect_long("reads", (long)len, -1);
	}
	memset(path + 1, 0xc3, sizeof(path) - 2);
	runner_expect_long("grown", 1, path_read(&read, path, PATH_ROOM / 3, 0));
	runner_expect_long("grown too far", 0, path_read(&read, path, PATH_ROOM / 3 + 2, 0));
}

/* Under AddressSanitizer a byte read or written too far ends the test. */
static void any_bytes_are_safe(void)
{
	static const char bytes[] = "/.%2fF5e;\\:@a?#";
	struct path read;
	bool plain;

	srandom(4711);
	for (int i = 0; i < 200000; i++) {
		size_t len = (size_t)random() % 24;
		char *path = malloc(len ? len : 1);

		for (size_t j = 0; j < len; j++)
			path[j] = random() % 40 ? bytes[(size_t)random() % (sizeof(bytes) - 1)]
						: (char)random();
		int liberties = path_liberties(path, len, &plain);
		for (unsigned r = 0; liberties >= 0 && r < PATH_READINGS; r++) {
			if (r & ~(unsigned)liberties)
				continue;
			CU_ASSERT_FATAL(path_read(&read, path, len, r));
			CU_ASSERT_FATAL(read.len <= 3 * len + 1);
			if (len > 1 || (len && path[0] != '*'))
				CU_ASSERT_FATAL(read.text[0] == '/');
		}
		free(path);
	}
}

void suite_path(void)
{
	static const struct runner_test tests[] = {TEST(the_path_of_a_target_is_found),
						   TEST(a_path_has_the_readings_that_servers_have),
						   TEST(a_reading_read_again_is_the_same),
						   TEST(what_does_not_fit_has_no_reading),
						   TEST(any_bytes_are_safe),
						   TEST_END};

	runner_suite("path", tests);
}
