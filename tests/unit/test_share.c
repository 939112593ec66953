/* SPDX-License-Identifier: MIT */
/* redial-policy share, and the launcher that calls it. */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "launch.h"
#include "state.h"

/* The user of the tests that need folders of their own; root can become it. */
#define USER	 54321
#define USER_DIR "/dev/shm/redial-54321"

static char path[600];

/* Runs share for this process, or the one given; REDIAL_SHARED as told. Its output is in `path`. */
static int share_for(long pid, const char *shared)
{
	char text[32], env[700];
	const char *argv[] = {build_path("redial-policy"), "share", text, NULL};
	const char *envs[] = {env, NULL};
	struct process_result result;
	int status;

	snprintf(text, sizeof(text), "%ld", pid);
	snprintf(env, sizeof(env), "REDIAL_SHARED=%s", shared);
	result = process_run(argv, envs, 10000);
	status = result.status;
	runner_expect_text("standard error", "", result.err);
	snprintf(path, sizeof(path), "%s", result.out);
	path[strcspn(path, "\n")] = '\0';
	process_free(&result);
	return status;
}

static const char *folder(void)
{
	static char text[64];

	snprintf(text, sizeof(text), "/dev/shm/redial-%u", geteuid());
	return text;
}

static void share_makes_a_private_file_that_is_all_there(void)
{
	char start[80], again[600];
	struct state state;
	struct stat st;
	FILE *file;
	ino_t inode;

	runner_expect_long("exit status", 0, share_for(getpid(), ""));
	snprintf(start, sizeof(start), "%s/%d-", folder(), getpid());
	expect_contains("its path", start, path);
	CU_ASSERT_EQUAL_FATAL(stat(path, &st), 0);
	runner_expect_long("mode", 0600, st.st_mode & 07777);
	runner_expect_long("size", sizeof(struct state), st.st_size);
	CU_ASSERT(st.st_blocks * 512 >= st.st_size);
	file = fopen(path, "r");
	runner_expect_long("read", 1, fread(&state, sizeof(state), 1, file));
	fclose(file);
	runner_expect_long("a state", 1, state_ok(&state));
	runner_expect_long("root", getpid(), state.root_pid);
	CU_ASSERT(time(NULL) - (time_t)state.last_used_s < 10);
	inode = st.st_ino;
	snprintf(again, sizeof(again), "%s", path);
	runner_expect_long("exit status", 0, share_for(getpid(), ""));
	runner_expect_text("the same again", again, path);
	CU_ASSERT(stat(path, &st) == 0 && st.st_ino == inode);
	CU_ASSERT_EQUAL(stat(folder(), &st), 0);
	runner_expect_long("mode of the folder", 0700, st.st_mode & 07777);
	unlink(path);
}

/* What lies there under the launch's name and is no state gives way to one. */
static void share_heals_what_was_spoiled(void)
{
	struct stat st;

	share_for(getpid(), "");
	CU_ASSERT_EQUAL(truncate(path, 5), 0);
	runner_expect_long("exit status", 0, share_for(getpid(), ""));
	CU_ASSERT_EQUAL(stat(path, &st), 0);
	runner_expect_long("size", sizeof(struct state), st.st_size);
	unlink(path);
	CU_ASSERT_EQUAL(symlink("/etc/passwd", path), 0);
	runner_expect_long("exit status", 0, share_for(getpid(), ""));
	CU_ASSERT(lstat(path, &st) == 0 && S_ISREG(st.st_mode));
	unlink(path);
}

static void share_joins_the_launch_around_it_if_it_can(void)
{
	char outer[600];

	share_for(getppid(), "");
	snprintf(outer, sizeof(outer), "%s", path);
	share_for(getpid(), outer);
	runner_expect_text("the outer one", outer, path);
	unlink(outer);
	share_for(getpid(), outer);
	CU_ASSERT_NOT_EQUAL(strcmp(outer, path), 0);
	unlink(path);
	share_for(getpid(), scratch_text("no-state", "no state"));
	expect_contains("one of its own", folder(), path);
	unlink(path);
}

/* A file for a root of that name, last used so many seconds ago. */
static void leave(char *name, const char *root, uint64_t space, long ago_s)
{
	static struct state state;
	FILE *file;

	memset(&state, 0, sizeof(state));
	state_init(&state, 0);
	state.root_space = space;
	state.last_used_s = time(NULL) - ago_s;
	snprintf(name, 128, "%s/%s", folder(), root);
	file = fopen(name, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fwrite(&state, sizeof(state), 1, file);
	fclose(file);
}

static void expect_swept(const char *what, int swept, const char *name)
{
	runner_expect_long(what, swept, access(name, F_OK) != 0);
	unlink(name);
}

static void share_sweeps_what_is_dead_and_keeps_what_lives(void)
{
	char dead[128], used[128], living[128], reborn[128], elsewhere[128], old[128], other[128];
	char junk[128], theirs[128], root[64], *base;
	struct stat st;
	uint64_t space;

	stat("/proc/self/ns/pid", &st);
	space = st.st_ino;
	share_for(getpid(), "");
	base = strrchr(path, '/') + 1;
	leave(living, base, space, 100000);
	snprintf(root, sizeof(root), "%d-1", getpid());
	leave(reborn, root, space, 100);
	/* No process has these: the largest PID is below 2^22. */
	leave(dead, "4200001-17", space, 61);
	leave(used, "4200002-17", space, 50);
	leave(elsewhere, "4200003-17", space + 1, 3600);
	leave(old, "4200004-17", space + 1, 100000);
	leave(other, "4200005-17.txt", space, 100000);
	leave(theirs, "4200007-17", space, 100000);
	CU_ASSERT(geteuid() != 0 || chown(theirs, USER, USER) == 0);
	leave(junk, "4200006-17", space, 0);
	CU_ASSERT_EQUAL(truncate(junk, 3), 0);
	runner_expect_long("exit status", 0, share_for(getppid(), ""));
	unlink(path);
	expect_swept("dead", 1, dead);
	expect_swept("dead, its number another's", 1, reborn);
	expect_swept("dead but used", 0, used);
	expect_swept("alive", 0, living);
	expect_swept("of another container", 0, elsewhere);
	expect_swept("of another container, long ago", 1, old);
	expect_swept("none of ours", 0, other);
	expect_swept("another user's", geteuid() != 0, theirs);
	expect_swept("cut short, new", 0, junk);
}

static void usage(const char *pid)
{
	const char *argv[] = {build_path("redial-policy"), "share", pid, NULL};
	struct process_result result = process_run(argv, NULL, 10000);

	runner_expect_long(pid ? pid : "none", 2, result.status);
	expect_contains("standard error", "share takes one PID", result.err);
	process_free(&result);
}

/* Lets the file say that this process came to it so many ms after boot. */
static void count_in(const char *name, uint64_t since_ms)
{
	FILE *file = fopen(name, "r+");
	struct process process = {.owner = getpid(), .since_ms = since_ms};

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fseek(file, offsetof(struct state, processes) + 5 * sizeof(process), SEEK_SET);
	fwrite(&process, sizeof(process), 1, file);
	fclose(file);
}

static void share_keeps_what_a_living_process_counts_in(void)
{
	char used[128], earlier[128], elsewhere[128];
	struct timespec now;
	struct stat st;

	stat("/proc/self/ns/pid", &st);
	clock_gettime(CLOCK_BOOTTIME, &now);
	leave(used, "4200001-17", st.st_ino, 61);
	count_in(used, now.tv_sec * 1000);
	leave(earlier, "4200002-17", st.st_ino, 61);
	count_in(earlier, 1);
	leave(elsewhere, "4200003-17", st.st_ino + 1, 100000);
	count_in(elsewhere, now.tv_sec * 1000);
	runner_expect_long("exit status", 0, share_for(getppid(), ""));
	unlink(path);
	expect_swept("this process counts in it", 0, used);
	expect_swept("one that had this number did", 1, earlier);
	expect_swept("one of another container does", 1, elsewhere);
}

static void share_takes_one_pid(void)
{
	const char *argv[] = {build_path("redial-policy"), "share", "4200000", NULL};
	const char *env[] = {"REDIAL_SHARED=", NULL};
	struct process_result result = process_run(argv, env, 10000);

	usage(NULL);
	usage("");
	usage("0");
	usage("-1");
	usage("12x");
	usage("99999999999");
	runner_expect_long("no such process", 3, result.status);
	expect_contains("standard error", "share no budget: /proc: ", result.err);
	process_free(&result);
}

/* Runs a shell script as that user, with a redial that this user can reach. */
static struct process_result as_user(const char *xdg, const char *tmp, const char *script)
{
	const char *dir = scratch_dir();
	char text[2000], xdg_env[600], tmp_env[600];
	const char *env[] = {xdg_env, tmp_env, "REDIAL_SHARED=", NULL};

	chmod(dir, 0755);
	snprintf(xdg_env, sizeof(xdg_env), "XDG_RUNTIME_DIR=%s", xdg);
	snprintf(tmp_env, sizeof(tmp_env), "TMPDIR=%s", tmp);
	snprintf(
	    text, sizeof(text),
	    "cd / && mkdir -p %s/own/build && cp -r \"$OLDPWD/scripts\" %s/own && "
	    "cp \"$OLDPWD\"/build/libredial*.so \"$OLDPWD/build/redial-policy\" %s/own/build && "
	    "exec setpriv --reuid %d env PATH=%s/own/scripts:%s/own/build:$PATH "
	    "sh -c '%s'",
	    dir, dir, dir, USER, dir, dir, script);
	return process_run((const char *const[]){"sh", "-c", text, NULL}, env, 20000);
}

static void expect_user_shares(const char *what, const char *expected, const char *xdg,
			       const char *tmp)
{
	struct process_result result =
	    as_user(xdg, tmp, "redial-policy share $$ && rm $(redial-policy share $$)");

	runner_expect_long(what, 0, result.status);
	runner_expect_long(result.out, 0, strncmp(result.out, expected, strlen(expected)));
	runner_expect_text("standard error", "", result.err);
	process_free(&result);
}

static const char *user_folder(const char *name)
{
	const char *dir = scratch_path(name);

	mkdir(dir, 0700);
	CU_ASSERT_EQUAL(chown(dir, USER, USER), 0);
	return dir;
}

static void folders_that_are_not_private_are_passed_over(void)
{
	char xdg[512], tmp[512], xdg_folder[600], tmp_folder[600];

	if (geteuid() != 0)
		return;
	CU_ASSERT_EQUAL(system("rm -rf " USER_DIR), 0);
	snprintf(xdg, sizeof(xdg), "%s", user_folder("user-xdg"));
	snprintf(tmp, sizeof(tmp), "%s", user_folder("user-tmp"));
	snprintf(xdg_folder, sizeof(xdg_folder), "%s/redial/", xdg);
	snprintf(tmp_folder, sizeof(tmp_folder), "%s/redial-shared-%d/", tmp, USER);
	expect_user_shares("all well", USER_DIR "/", xdg, tmp);
	CU_ASSERT_EQUAL(chmod(USER_DIR, 0770), 0);
	expect_user_shares("writable by a group", xdg_folder, xdg, tmp);
	CU_ASSERT_EQUAL(chmod(USER_DIR, 0700), 0);
	CU_ASSERT_EQUAL(chown(USER_DIR, 0, 0), 0);
	expect_user_shares("another's", xdg_folder, xdg, tmp);
	CU_ASSERT_EQUAL(rmdir(USER_DIR), 0);
	CU_ASSERT_EQUAL(symlink(xdg, USER_DIR), 0);
	expect_user_shares("a link", xdg_folder, xdg, tmp);
	expect_user_shares("a link, and no runtime folder", tmp_folder, "", tmp);
	CU_ASSERT_EQUAL(unlink(USER_DIR), 0);
}

static void without_a_folder_the_command_runs_and_one_line_says_why(void)
{
	struct process_result result;

	if (geteuid() != 0)
		return;
	fclose(fopen(USER_DIR, "w"));
	fclose(fopen("/tmp/redial-shared-54321", "w"));
	result = as_user("", "", "redial sh -c \"echo runs \\${REDIAL_SHARED-unset}\"");
	runner_expect_long("exit status", 0, result.status);
	runner_expect_text("standard output", "runs unset\n", result.out);
	runner_expect_text(
	    "standard error",
	    "redial-policy: warning: the processes of this launch share no budget: " USER_DIR
	    ": is not a folder, remove it\n",
	    result.err);
	process_free(&result);
	unlink("/tmp/redial-shared-54321");
	unlink(USER_DIR);
}

/* Device and inode of the file that a process has mapped at REDIAL_SHARED. */
#define MAPPED                                                                                     \
	"awk -v file=\"$REDIAL_SHARED\" \"\\$6 == file { print \\$4, \\$5 }\" /proc/self/maps"

static void all_processes_of_a_launch_map_one_file(void)
{
	struct process_result result =
	    LAUNCH("sh", "-c",
		   MAPPED "; (" MAPPED "); scripts/redial sh -c '" MAPPED "'; "
			  "scripts/redial scripts/redial sh -c '" MAPPED "'; rm $REDIAL_SHARED",
		   LAUNCH_ENV, "REDIAL_SHARED=");
	char *line = strtok(result.out, "\n");
	int count = 0;

	for (char *next = line; next; next = strtok(NULL, "\n"), count++)
		runner_expect_text("mapped", line, next);
	runner_expect_long("processes", 4, count);
	runner_expect_text("standard error", "", result.err);
	process_free(&result);
}

static void two_launches_have_a_file_each(void)
{
	struct process_result a = LAUNCH("sh", "-c", "echo $REDIAL_SHARED; rm $REDIAL_SHARED",
					 LAUNCH_ENV, "REDIAL_SHARED=");
	struct process_result b = LAUNCH("sh", "-c", "echo $REDIAL_SHARED; rm $REDIAL_SHARED",
					 LAUNCH_ENV, "REDIAL_SHARED=");

	expect_contains("a path", folder(), a.out);
	expect_contains("a path", folder(), b.out);
	CU_ASSERT_NOT_EQUAL(strcmp(a.out, b.out), 0);
	process_free(&a);
	process_free(&b);
}

static void the_files_name_is_that_of_the_process_that_execs(void)
{
	EXPECT_LAUNCH(0, "right", "", "sh", "-c",
		      "case $REDIAL_SHARED in */$$-*) echo right;; esac; rm $REDIAL_SHARED",
		      LAUNCH_ENV, "REDIAL_SHARED=");
}

void suite_share(void)
{
	static const struct runner_test tests[] = {
	    TEST(share_makes_a_private_file_that_is_all_there),
	    TEST(share_heals_what_was_spoiled),
	    TEST(share_joins_the_launch_around_it_if_it_can),
	    TEST(share_sweeps_what_is_dead_and_keeps_what_lives),
	    TEST(share_keeps_what_a_living_process_counts_in),
	    TEST(share_takes_one_pid),
	    TEST(folders_that_are_not_private_are_passed_over),
	    TEST(without_a_folder_the_command_runs_and_one_line_says_why),
	    TEST(all_processes_of_a_launch_map_one_file),
	    TEST(two_launches_have_a_file_each),
	    TEST(the_files_name_is_that_of_the_process_that_execs),
	    TEST_END};

	runner_suite("share", tests);
}
