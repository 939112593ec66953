/* SPDX-License-Identifier: MIT */
/* scripts/redial: what it makes of the program that it is to start. */
#include "unit.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "launch.h"

static const char *executable(const char *name, const void *data, size_t len)
{
	const char *path = scratch_file(name, data, len);

	chmod(path, 0755);
	return path;
}

static const char *script(const char *name, const char *text)
{
	return executable(name, text, strlen(text));
}

/* Our own program, for a test to change; *len is its length, with room for 4 KiB more. */
static unsigned char *own_elf(size_t *len)
{
	FILE *file = fopen("/proc/self/exe", "r");
	unsigned char *data;

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fseek(file, 0, SEEK_END);
	*len = ftell(file);
	rewind(file);
	data = calloc(1, *len + 4096);
	CU_ASSERT_PTR_NOT_NULL_FATAL(data);
	CU_ASSERT_EQUAL_FATAL(fread(data, 1, *len, file), *len);
	fclose(file);
	return data;
}

/* Our own program as a static one: its PT_INTERP is made a PT_NULL. */
static const char *static_program(void)
{
	size_t len;
	unsigned char *data = own_elf(&len);
	const ElfW(Ehdr) *header = (const void *)data;
	ElfW(Phdr) *entry = (void *)(data + header->e_phoff);
	const char *path;

	for (int i = 0; i < header->e_phnum; i++)
		if (entry[i].p_type == PT_INTERP)
			entry[i].p_type = PT_NULL;
	path = executable("static", data, len);
	free(data);
	return path;
}

static void a_command_that_is_not_there_is_not_found(void)
{
	EXPECT_LAUNCH(127, "", "redial: nonesuch is not found\n", "nonesuch");
	EXPECT_LAUNCH(127, "", "redial: /nonexistent/x is not found\n", "/nonexistent/x");
	EXPECT_LAUNCH(127, "", "redial:  is not found\n", "");
	EXPECT_LAUNCH(127, "", "redial: A=1 is not found\n", "A=1", "true");
}

static void what_is_no_program_cannot_be_executed(void)
{
	const char *path = scratch_text("plain", "#!/bin/sh\n");
	char message[600], dir[600];

	snprintf(message, sizeof(message), "redial: %s cannot be executed\n", path);
	EXPECT_LAUNCH(126, "", message, path);
	snprintf(message, sizeof(message), "redial: %s cannot be executed\n", scratch_dir());
	EXPECT_LAUNCH(126, "", message, scratch_dir());
	snprintf(dir, sizeof(dir), "PATH=%s:/usr/bin:/bin", scratch_dir());
	EXPECT_LAUNCH(126, "", "plain cannot be executed\n", "plain", LAUNCH_ENV, dir);
}

static void the_path_is_searched_as_execvp_does(void)
{
	char env[600];

	scratch_text("true", "not executable");
	script("ours", "#!/bin/sh\necho found\n");
	snprintf(env, sizeof(env), "PATH=%s:/usr/bin:/bin", scratch_dir());
	EXPECT_LAUNCH(0, "", "", "true", LAUNCH_ENV, env);
	EXPECT_LAUNCH(0, "found\n", "", "ours", LAUNCH_ENV, env);
}

static void a_static_program_is_refused(void)
{
	const char *path = static_program();
	char message[600];

	snprintf(message, sizeof(message),
		 "redial: %s is a static program: nothing can be preloaded into it\n", path);
	EXPECT_LAUNCH(121, "", message, path);
	EXPECT_LAUNCH(121, NULL, message, "--check", path);
}

static void a_program_of_another_architecture_is_refused(void)
{
	size_t len;
	unsigned char *data = own_elf(&len);
	ElfW(Ehdr) *header = (void *)data;
	char message[600];

	snprintf(message, sizeof(message), "redial: %s is of another architecture than ",
		 scratch_path("foreign"));
	header->e_machine++;
	EXPECT_LAUNCH(122, "", message, executable("foreign", data, len));
	header->e_machine--;
	header->e_ident[EI_CLASS] ^= 3;
	EXPECT_LAUNCH(122, "", message, executable("foreign", data, len));
	header->e_ident[EI_CLASS] ^= 3;
	header->e_ident[EI_DATA] ^= 3;
	EXPECT_LAUNCH(122, "", message, executable("foreign", data, len));
	free(data);
}

static void the_program_headers_may_be_anywhere(void)
{
	size_t len;
	unsigned char *data = own_elf(&len);
	ElfW(Ehdr) *header = (void *)data;

	memcpy(data + len, data + header->e_phoff, header->e_phnum * header->e_phentsize);
	memset(data + header->e_phoff, 0, header->e_phnum * header->e_phentsize);
	header->e_phoff = len;
	EXPECT_LAUNCH(0, "moved: dynamic, can be preloaded\n", "", "--check",
		      executable("moved", data, len + 4096));
	free(data);
}

static void a_damaged_elf_file_does_no_harm(void)
{
	size_t len;
	unsigned char *data = own_elf(&len);
	ElfW(Ehdr) *header = (void *)data;

	EXPECT_LAUNCH(126, "", "is cut short\n", executable("short", data, 40));
	header->e_phoff = (ElfW(Off))1 << 40;
	EXPECT_LAUNCH(121, "", "is a static program", executable("short", data, len));
	header->e_phoff = sizeof(*header);
	header->e_phentsize = 0;
	EXPECT_LAUNCH(121, "", "is a static program", executable("short", data, len));
	free(data);
}

static void a_script_is_judged_by_its_interpreter(void)
{
	char text[600];

	EXPECT_LAUNCH(0, "hello\n", "", script("s", "#!/bin/sh\necho hello\n"));
	EXPECT_LAUNCH(0, "s: /bin/sh, dynamic, can be preloaded\n", "", "--check",
		      scratch_path("s"));
	snprintf(text, sizeof(text), "#! %s -x\n", static_program());
	EXPECT_LAUNCH(121, "", "static is a static program", script("s", text));
	EXPECT_LAUNCH(127, "", "s asks for /nonexistent, which is not found\n",
		      script("s", "#!/nonexistent\n"));
	snprintf(text, sizeof(text), "#!%s\n", scratch_text("plain", ""));
	EXPECT_LAUNCH(126, "", "plain, which cannot be executed\n", script("s", text));
}

static void env_in_a_script_is_looked_through(void)
{
	static const char *const lines[] = {
	    "#!/usr/bin/env target\n",	     "#! /usr/bin/env target arg\n",
	    "#!/usr/bin/env -S target -u\n", "#!/usr/bin/env -S A=1 target\n",
	    "#!/usr/bin/env -Starget\n",     "#!/usr/bin/env -S -i -u HOME target\n"};
	char env[600];

	rename(static_program(), scratch_path("target"));
	snprintf(env, sizeof(env), "PATH=%s:/usr/bin:/bin", scratch_dir());
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		EXPECT_LAUNCH(121, "", "target is a static program", script("s", lines[i]),
			      LAUNCH_ENV, env);
	EXPECT_LAUNCH(127, "", "s asks for nonesuch, which is not found\n",
		      script("s", "#!/usr/bin/env nonesuch\n"));
}

static void a_script_that_is_its_own_interpreter_is_not_followed_for_ever(void)
{
	char text[600];

	snprintf(text, sizeof(text), "#!%s\n", scratch_path("self"));
	EXPECT_LAUNCH(0, "not looked into", "", "--check", script("self", text));
}

static void a_text_without_an_interpreter_is_left_to_the_shell(void)
{
	EXPECT_LAUNCH(0, "shell\n", "", script("text", "echo shell\n"));
	EXPECT_LAUNCH(0, "not looked into, as it is no ELF file that can be read\n", "", "--check",
		      script("text", ""));
	EXPECT_LAUNCH(0, "not looked into", "", "--check", script("text", "#!"));
	EXPECT_LAUNCH(0, "not looked into", "", "--check", script("text", "#!\n"));
}

static const char *copy_of_true(const char *name)
{
	char *data = read_whole("/bin/true");
	struct stat st;
	const char *path;

	CU_ASSERT_EQUAL_FATAL(stat("/bin/true", &st), 0);
	path = executable(name, data, st.st_size);
	free(data);
	return path;
}

static void a_setuid_or_setgid_program_is_started_with_a_warning(void)
{
	const char *path = copy_of_true("ugid");

	EXPECT_LAUNCH(0, "", "", path);
	chmod(path, 04755);
	EXPECT_LAUNCH(0, "", "redial: warning: ", path);
	EXPECT_LAUNCH(0, "", "ugid is set-user-ID: for other users it starts without redial\n",
		      path);
	chmod(path, 02755);
	EXPECT_LAUNCH(0, "", "ugid is set-group-ID: for other users it starts without redial\n",
		      path);
}

/* cap_net_bind_service=ep, as the kernel keeps it: revision 2, effective, permitted bit 10. */
static void a_program_with_file_capabilities_is_started_with_a_warning(void)
{
	static const unsigned char caps[20] = {1, 0, 0, 2, 0, 4};
	const char *path = copy_of_true("capable");

	if (setxattr(path, "security.capability", caps, sizeof(caps), 0) != 0)
		return; /* not root, or a file system without them */
	if (access("/sbin/getcap", X_OK) != 0)
		return;
	EXPECT_LAUNCH(0, "", "capable has file capabilities: it may start without redial\n", path);
}

void suite_target(void)
{
	static const struct runner_test tests[] = {
	    TEST(a_command_that_is_not_there_is_not_found),
	    TEST(what_is_no_program_cannot_be_executed),
	    TEST(the_path_is_searched_as_execvp_does),
	    TEST(a_static_program_is_refused),
	    TEST(a_program_of_another_architecture_is_refused),
	    TEST(the_program_headers_may_be_anywhere),
	    TEST(a_damaged_elf_file_does_no_harm),
	    TEST(a_script_is_judged_by_its_interpreter),
	    TEST(env_in_a_script_is_looked_through),
	    TEST(a_script_that_is_its_own_interpreter_is_not_followed_for_ever),
	    TEST(a_text_without_an_interpreter_is_left_to_the_shell),
	    TEST(a_setuid_or_setgid_program_is_started_with_a_warning),
	    TEST(a_program_with_file_capabilities_is_started_with_a_warning),
	    TEST_END};

	runner_suite("target", tests);
}
