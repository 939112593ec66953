/* SPDX-License-Identifier: MIT */
/* redial-policy share, and the launcher that calls it. */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "launch.h"
#include "share_memory.h"

/* The user of the tests that need folders of their own; root can become it. */
#define USER	 54321
#define USER_DIR "/dev/shm/redial-54321"

/* What a launch does to leave nothing behind. The id lies at the file's 56th byte. */
#define REMOVE "ipcrm -m $(od -An -j56 -N4 -td4 $REDIAL_SHARED) && rm $REDIAL_SHARED"

_Static_assert(offsetof(struct state_head, id) == 56, "REMOVE names another id");

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

/* What the file at `path` says. */
static struct state_head head_in(const char *name)
{
	struct state_head head = {.id = -1};
	FILE *in = fopen(name, "r");

	CU_ASSERT_PTR_NOT_NULL_FATAL(in);
	runner_expect_long("read", 1, fread(&head, sizeof(head), 1, in));
	fclose(in);
	return head;
}

static void drop(const char *name)
{
	memory_drop(head_in(name).id);
	unlink(name);
}

static void share_makes_private_memory_and_a_file_that_tells_of_it(void)
{
	char start[80], again[600];
	struct state_head head;
	struct shmid_ds memory;
	struct state state;
	struct stat st;
	ino_t inode;

	runner_expect_long("exit status", 0, share_for(getpid(), ""));
	snprintf(start, sizeof(start), "%s/%d-", folder(), getpid());
	expect_contains("its path", start, path);
	CU_ASSERT_EQUAL_FATAL(stat(path, &st), 0);
	runner_expect_long("mode", 0600, st.st_mode & 07777);
	head = head_in(path);
	runner_expect_long("a state's head", 1, state_ok(&head));
	runner_expect_long("root", getpid(), head.root_pid);
	CU_ASSERT_EQUAL(shmctl(head.id, IPC_STAT, &memory), 0);
	runner_expect_long("size", sizeof(struct state), memory.shm_segsz);
	runner_expect_long("mode of the memory", 0600, memory.shm_perm.mode & 0777);
	runner_expect_long("processes that have it", 0, memory.shm_nattch);
	CU_ASSERT(memory_read(head.id, geteuid(), &state));
	runner_expect_long("difference", 0, memcmp(&state.head, &head, sizeof(head)));
	inode = st.st_ino;
	snprintf(again, sizeof(again), "%s", path);
	runner_expect_long("exit status", 0, share_for(getpid(), ""));
	runner_expect_text("the same again", again, path);
	CU_ASSERT(stat(path, &st) == 0 && st.st_ino == inode);
	runner_expect_long("the same memory", head.id, head_in(path).id);
	CU_ASSERT_EQUAL(stat(folder(), &st), 0);
	runner_expect_long("mode of the folder", 0700, st.st_mode & 07777);
	drop(path);
}

/* What lies there under the launch's name and is none of a launch gives way to one. */
static void share_heals_what_was_spoiled(void)
{
	struct state_head head;
	struct stat st;

	share_for(getpid(), "");
	head = head_in(path);
	CU_ASSERT_EQUAL(truncate(path, 5), 0);
	runner_expect_long("exit status", 0, share_for(getpid(), ""));
	CU_ASSERT_NOT_EQUAL(head_in(path).nonce, head.nonce);
	memory_drop(head.id);
	memory_drop(head_in(path).id);
	runner_expect_long("exit status", 0, share_for(getpid(), ""));
	head = head_in(path);
	runner_expect_long("memory again", 1, memory_holds(&head));
	unlink(path);
	CU_ASSERT_EQUAL(symlink("/etc/passwd", path), 0);
	runner_expect_long("exit status", 0, share_for(getpid(), ""));
	CU_ASSERT(lstat(path, &st) == 0 && S_ISREG(st.st_mode));
	memory_drop(head.id);
	drop(path);
}

static void share_joins_the_launch_around_it_if_it_can(void)
{
	char outer[600];

	share_for(getppid(), "");
	snprintf(outer, sizeof(outer), "%s", path);
	share_for(getpid(), outer);
	runner_expect_text("the outer one", outer, path);
	drop(outer);
	share_for(getpid(), outer);
	CU_ASSERT_NOT_EQUAL(strcmp(outer, path), 0);
	drop(path);
	share_for(getpid(), scratch_text("no-state", "no state"));
	expect_contains("one of its own", folder(), path);
	drop(path);
}

/* A launch that some process began which is no more, or was elsewhere. */
struct left {
	char name[128];
	struct state_head head;
};

static struct left leave(const char *root, uint64_t pids)
{
	struct left left = {.head = {.root_space = pids}};
	struct stat st;
	FILE *out;

	sscanf(root, "%u-%lu", &left.head.root_pid, &left.head.root_start);
	stat("/proc/self/ns/ipc", &st);
	left.head.space = st.st_ino;
	CU_ASSERT_EQUAL_FATAL(memory_make(&left.head), 0);
	snprintf(left.name, sizeof(left.name), "%s/%s", folder(), root);
	out = fopen(left.name, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	fwrite(&left.head, sizeof(left.head), 1, out);
	fclose(out);
	return left;
}

/* Of the memory: the kernel's times cannot be set, so the clock of redial-policy is. */
static void sweep_later(long by_s)
{
	char text[32], env[600], preload[400];
	const char *argv[] = {build_path("redial-policy"), "share", text, NULL};
	const char *envs[] = {"REDIAL_SHARED=", env, preload, NULL};
	struct process_result result;

	snprintf(text, sizeof(text), "%d", getppid());
	snprintf(env, sizeof(env), "LATER_BY=%ld", by_s);
	snprintf(preload, sizeof(preload), "LD_PRELOAD=%s", build_path("tests/behind/later.so"));
	result = process_run(argv, envs, 10000);
	runner_expect_long("exit status", 0, result.status);
	runner_expect_text("standard error", "", result.err);
	snprintf(path, sizeof(path), "%s", result.out);
	path[strcspn(path, "\n")] = '\0';
	process_free(&result);
	drop(path);
}

static bool is_there(const struct left *left)
{
	int64_t last_s;
	uint32_t key;

	return memory_look(left->head.id, geteuid(), &last_s, &key) != MEMORY_GONE &&
	       key == left->head.key;
}

static void expect_swept(const char *what, int swept, struct left left)
{
	runner_expect_long(what, swept, access(left.name, F_OK) != 0);
	runner_expect_long(what, swept, !is_there(&left));
	unlink(left.name);
	memory_drop(left.head.id);
}

static uint64_t own_pids(void)
{
	struct stat st;

	stat("/proc/self/ns/pid", &st);
	return st.st_ino;
}

static void share_sweeps_what_is_dead_and_keeps_what_lives(void)
{
	static const long later_s[] = {50, 70, 24 * 3600 + 70};
	char reborn[64], living[600];
	uint64_t pids = own_pids();

	for (int i = 0; i < 3; i++) {
		share_for(getpid(), "");
		snprintf(living, sizeof(living), "%s", path);
		snprintf(reborn, sizeof(reborn), "%d-1", getpid());
		struct left again = leave(reborn, pids);
		/* No process has these: the largest PID is below 2^22. */
		struct left dead = leave("4200001-17", pids);
		struct left elsewhere = leave("4200003-17", pids + 1);
		struct left other = leave("4200005-17.txt", pids);
		struct left used = leave("4200006-17", pids);
		void *at = shmat(used.head.id, NULL, 0);
		sweep_later(later_s[i]);
		expect_swept("dead", i > 0, dead);
		expect_swept("dead, its number another's", i > 0, again);
		expect_swept("of another container", i > 1, elsewhere);
		expect_swept("a process has it", 0, used);
		runner_expect_long("a name that is none of ours", 0, access(other.name, F_OK));
		unlink(other.name);
		memory_drop(other.head.id);
		shmdt(at);
		runner_expect_long("alive", 0, access(living, F_OK));
		drop(living);
	}
}

/* Memory that somebody else has made, whatever the key says. */
static void memory_of_another_user_is_none(void)
{
	static struct state state;
	struct state_head head = {0};
	struct shmid_ds memory;
	int64_t last_s;
	uint32_t key;

	CU_ASSERT_EQUAL_FATAL(memory_make(&head), 0);
	CU_ASSERT(memory_look(head.id, geteuid(), &last_s, &key) == MEMORY_IDLE);
	CU_ASSERT(memory_look(head.id, geteuid() + 1, &last_s, &key) == MEMORY_GONE);
	CU_ASSERT(!memory_read(head.id, geteuid() + 1, &state));
	if (geteuid() == 0 && shmctl(head.id, IPC_STAT, &memory) == 0) {
		memory.shm_perm.uid = USER;
		CU_ASSERT_EQUAL(shmctl(head.id, IPC_SET, &memory), 0);
		CU_ASSERT(memory_look(head.id, 0, &last_s, &key) == MEMORY_GONE);
		CU_ASSERT(memory_look(head.id, USER, &last_s, &key) == MEMORY_IDLE);
	}
	memory_drop(head.id);
}

static void share_sweeps_files_whose_memory_is_gone_or_not_to_be_known(void)
{
	struct left gone = leave("4200001-17", own_pids()), junk = leave("4200002-17", own_pids());
	struct left theirs = leave("4200003-17", own_pids());

	memory_drop(gone.head.id);
	CU_ASSERT_EQUAL(truncate(junk.name, 3), 0);
	CU_ASSERT(geteuid() != 0 || chown(theirs.name, USER, USER) == 0);
	memory_drop(theirs.head.id);
	sweep_later(0);
	runner_expect_long("its memory is gone", 1, access(gone.name, F_OK) != 0);
	runner_expect_long("cut short, new", 0, access(junk.name, F_OK) != 0);
	runner_expect_long("another user's", geteuid() != 0, access(theirs.name, F_OK) != 0);
	sweep_later(70);
	runner_expect_long("cut short", 1, access(junk.name, F_OK) != 0);
	memory_drop(junk.head.id);
	unlink(theirs.name);
}

/* Segments are few on a machine: those of a crowd of short launches go at once. */
static void share_lets_no_crowd_of_dead_launches_wait(void)
{
	enum { CROWD = 257 };
	static struct left left[CROWD];
	char root[64];
	int there = 0;

	for (int i = 0; i < CROWD; i++) {
		snprintf(root, sizeof(root), "%d-17", 4200000 + i);
		left[i] = leave(root, own_pids());
	}
	sweep_later(0);
	for (int i = 0; i < CROWD; i++) {
		there += is_there(&left[i]);
		memory_drop(left[i].head.id);
		unlink(left[i].name);
	}
	runner_expect_long("left", 0, there);
}

static void usage(const char *pid)
{
	const char *argv[] = {build_path("redial-policy"), "share", pid, NULL};
	struct process_result result = process_run(argv, NULL, 10000);

	runner_expect_long(pid ? pid : "none", 2, result.status);
	expect_contains("standard error", "share takes one PID", result.err);
	process_free(&result);
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
	    as_user(xdg, tmp,
		    "redial-policy share $$ && "
		    "REDIAL_SHARED=$(redial-policy share $$) && " REMOVE);

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
	/* A run that was stopped may have left folders. */
	CU_ASSERT_EQUAL(system("rm -rf " USER_DIR " /tmp/redial-shared-54321 && "
			       ": >" USER_DIR " && : >/tmp/redial-shared-54321"),
			0);
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

/* The memory that a process has. */
#define SHARED "awk \"\\$6 ~ /SYSV52/ { print \\$5, \\$6 }\" /proc/self/maps"

static void all_processes_of_a_launch_share_memory(void)
{
	struct process_result result =
	    LAUNCH("sh", "-c",
		   SHARED "; (" SHARED "); scripts/redial sh -c '" SHARED
			  "'; scripts/redial scripts/redial sh -c '" SHARED "'; " REMOVE,
		   LAUNCH_ENV, "REDIAL_SHARED=");
	char *line = strtok(result.out, "\n");
	int count = 0;

	for (char *next = line; next; next = strtok(NULL, "\n"), count++)
		runner_expect_text("shared", line, next);
	runner_expect_long("processes", 4, count);
	runner_expect_text("standard error", "", result.err);
	process_free(&result);
}

static void two_launches_have_a_file_each(void)
{
	struct process_result a =
	    LAUNCH("sh", "-c", "echo $REDIAL_SHARED; " REMOVE, LAUNCH_ENV, "REDIAL_SHARED=");
	struct process_result b =
	    LAUNCH("sh", "-c", "echo $REDIAL_SHARED; " REMOVE, LAUNCH_ENV, "REDIAL_SHARED=");

	expect_contains("a path", folder(), a.out);
	expect_contains("a path", folder(), b.out);
	CU_ASSERT_NOT_EQUAL(strcmp(a.out, b.out), 0);
	process_free(&a);
	process_free(&b);
}

static void the_files_name_is_that_of_the_process_that_execs(void)
{
	EXPECT_LAUNCH(0, "right", "", "sh", "-c",
		      "case $REDIAL_SHARED in */$$-*) echo right;; esac; " REMOVE, LAUNCH_ENV,
		      "REDIAL_SHARED=");
}

void suite_share(void)
{
	static const struct runner_test tests[] = {
	    TEST(share_makes_private_memory_and_a_file_that_tells_of_it),
	    TEST(share_heals_what_was_spoiled),
	    TEST(share_joins_the_launch_around_it_if_it_can),
	    TEST(share_sweeps_what_is_dead_and_keeps_what_lives),
	    TEST(memory_of_another_user_is_none),
	    TEST(share_sweeps_files_whose_memory_is_gone_or_not_to_be_known),
	    TEST(share_lets_no_crowd_of_dead_launches_wait),
	    TEST(share_takes_one_pid),
	    TEST(folders_that_are_not_private_are_passed_over),
	    TEST(without_a_folder_the_command_runs_and_one_line_says_why),
	    TEST(all_processes_of_a_launch_share_memory),
	    TEST(two_launches_have_a_file_each),
	    TEST(the_files_name_is_that_of_the_process_that_execs),
	    TEST_END};

	runner_suite("share", tests);
}
