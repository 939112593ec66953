/* SPDX-License-Identifier: MIT */
/* What can be wrong with a policy file before its keys are looked at. */
#include "unit.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiled.h"
#include "loading.h"

static void a_syntax_error_is_told_with_its_line(void)
{
	refused("enabled = true;\nretry = {\n max_attempts 3; };", 3,
		"syntax error; settings are `key = value;`");
	refused("enabled = true;\nenabled = false;", 2,
		"duplicate setting name; settings are `key = value;`");
	refused("\x7f"
		"ELF garbage",
		1, "syntax error; settings are `key = value;`");
}

static void what_is_never_closed_is_refused(void)
{
	refused("enabled = true; # \"fine\n/* forgotten\nretry = {};", 2,
		"comment is never closed, */ is missing");
	refused("\nlog = { sink = \"sys\\\"log; };", 2, "text is never closed, \" is missing");
	accepted(
	    "/* # // \" */ enabled = true; // \" /*\n# /*\nlog = { sink = \"file:/*\\\\\"; };");
	runner_expect_text("path", "/*\\", policy.log.path);
}

static void another_file_cannot_be_included(void)
{
	const char *message = "@include is not supported: a policy is one file";

	refused("enabled = true;\n \t@include \"x\"\n", 2, message);
	refused("@include \"x\"\n", 1, message);
	accepted("/*\n@include \"x\"\n*/\n# @include \"x\"\n");
}

static void an_empty_file_is_refused(void)
{
	const char *message = "is empty; write `enabled = true;` to have the built-in defaults";

	refused("", 0, message);
	refused(" \t\r\n\n", 0, message);
}

static void what_is_no_text_file_is_refused(void)
{
	static struct compiled file;
	static char large[(1 << 20) + 2];
	struct policy defaults;

	refused_file("/nonexistent/policy.cfg", "cannot be read: No such file or directory");
	refused_file(scratch_dir(), "is a directory, not a policy file");
	refused_file("/dev/null", "is not a regular file");
	CU_ASSERT_EQUAL(mkfifo(scratch_path("fifo"), 0600), 0);
	refused_file(scratch_path("fifo"), "is not a regular file");
	memset(large, '\n', sizeof(large));
	refused_file(scratch_file("large", large, sizeof(large) - 1), "is larger than 1 MiB");
	policy_defaults(&defaults);
	compiled_make(&file, &defaults);
	refused_file(scratch_file("compiled", &file, file.size), "is a compiled policy");
	memset(&error, 0, sizeof(error));
	runner_expect_long(
	    "NUL", -1,
	    load_policy(scratch_file("nul", "enabled = true;\n\0x", 18), &policy, &error));
	runner_expect_long("NUL", 2, error.line);
	runner_expect_text("NUL", "holds a NUL byte, so it is not text", error.text);
}

static void root_does_not_trust_a_file_that_all_may_write(void)
{
	const char *path = scratch_text("open.cfg", "enabled = true;");

	chmod(path, 0666);
	chmod(scratch_dir(), 0755);
	if (geteuid() == 0) {
		refused_file(path, "may be written by everybody");
		CU_ASSERT_EQUAL_FATAL(seteuid(65534), 0);
	}
	runner_expect_long("another user", 0, load_policy(path, &policy, &error));
	if (getuid() == 0)
		CU_ASSERT_EQUAL_FATAL(seteuid(0), 0);
}

static void an_unreadable_file_is_refused(void)
{
	const char *path = scratch_text("secret.cfg", "enabled = true;");

	chmod(path, 0);
	chmod(scratch_dir(), 0755);
	if (geteuid() == 0)
		CU_ASSERT_EQUAL_FATAL(seteuid(65534), 0);
	refused_file(path, "cannot be read: Permission denied");
	if (getuid() == 0)
		CU_ASSERT_EQUAL_FATAL(seteuid(0), 0);
}

static void a_library_of_another_version_is_refused(void)
{
	const char *path = scratch_text("policy.cfg", "enabled = false;");
	unsigned long size = sizeof(policy);

	runner_expect_long("ours", 0,
			   redial_policy_load(path, &policy, &error, POLICY_VERSION, size));
	runner_expect_long("enabled", 0, policy.enabled);
	runner_expect_long("version", -1,
			   redial_policy_load(path, &policy, &error, POLICY_VERSION + 1, size));
	expect_contains("version", "are of different versions", error.text);
	runner_expect_long("size", -1,
			   redial_policy_load(path, &policy, &error, POLICY_VERSION, size + 4));
}

static void any_file_may_be_text_or_compiled(void)
{
	static struct compiled file;
	struct policy defaults;
	bool compiled;

	policy_defaults(&defaults);
	compiled_make(&file, &defaults);
	runner_expect_long(
	    "compiled", 0,
	    load_any_policy(scratch_file("any", &file, file.size), &policy, &error, &compiled));
	runner_expect_long("compiled", 1, compiled);
	runner_expect_long("difference", 0, memcmp(&policy, &defaults, sizeof(policy)));
	runner_expect_long(
	    "text", 0,
	    load_any_policy(scratch_text("any", "enabled = true;"), &policy, &error, &compiled));
	runner_expect_long("text", 0, compiled);
	runner_expect_long(
	    "truncated", -1,
	    load_any_policy(scratch_file("any", &file, 100), &policy, &error, &compiled));
	expect_contains("truncated", "truncated", error.text);
}

void suite_load_file(void)
{
	static const struct runner_test tests[] = {
	    TEST(a_syntax_error_is_told_with_its_line),
	    TEST(what_is_never_closed_is_refused),
	    TEST(another_file_cannot_be_included),
	    TEST(an_empty_file_is_refused),
	    TEST(what_is_no_text_file_is_refused),
	    TEST(root_does_not_trust_a_file_that_all_may_write),
	    TEST(an_unreadable_file_is_refused),
	    TEST(a_library_of_another_version_is_refused),
	    TEST(any_file_may_be_text_or_compiled),
	    TEST_END};

	runner_suite("load_file", tests);
}
