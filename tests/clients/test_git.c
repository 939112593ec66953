/* SPDX-License-Identifier: MIT */
/*
 * git over dumb HTTP: some 60 GETs for a clone, over up to five connections. Its libcurl sends a
 * GET again by itself, so a clone works bare, too; but it tells of each time that it had to, and
 * under redial it never has to.
 */
#include "programs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/process.h"
#include "support/runner.h"

static const char *const specs[] = {"reset@2+,every:3", "close@2+,every:3",
				    "reset-unread@2+,every:5"};
enum { N_SPECS = sizeof specs / sizeof *specs };

struct clone {
	bool done, complete;
	int cut;	/* requests that the server cut off */
	int sent_again; /* by libcurl */
	int recovered;	/* by redial */
};

static struct clone clones[N_SPECS][2];
static char dir[] = "/tmp/redial-git-XXXXXX";

static int count(const char *path, const char *fragment)
{
	char *text = read_whole(path);
	int n = 0;

	for (const char *at = text; at && (at = strstr(at, fragment)); at++)
		n++;
	free(text);
	return n;
}

static int run(const char *const argv[], const char *const env[])
{
	struct process_result result = process_run(argv, env, 40000);
	int status = result.status;

	if (status)
		printf("\n    %s %s: status %d: %s%s", argv[0], argv[1], status, result.out,
		       result.err);
	process_free(&result);
	return status;
}

static int make_repository(void)
{
	const char *argv[] = {"sh", build_path("../tests/clients/git/make_repository.sh"), dir,
			      NULL};

	return mkdtemp(dir) ? run(argv, NULL) : -1;
}

static void remove_all(void)
{
	const char *argv[] = {"rm", "-rf", dir, NULL};

	run(argv, NULL);
}

/* Is every object there, and the newest commit the same? */
static bool is_complete(const char *copy)
{
	char heads[160], head[160];
	const char *fsck[] = {"git", "-C", copy, "fsck", "--full", "--strict", NULL};
	char *a, *b;
	bool same;

	snprintf(heads, sizeof heads, "%s/repo.git/refs/heads/main", dir);
	snprintf(head, sizeof head, "%s/.git/refs/heads/main", copy);
	a = read_whole(heads);
	b = read_whole(head);
	same = a && b && !strcmp(a, b);
	free(a);
	free(b);
	return same && !run(fsck, NULL);
}

static void clone_from(struct clone *clone, struct faultd *server, bool redial)
{
	char url[64], copy[96], preload[4096], log[128], log_env[160], trace[96], trace_env[128];
	const char *argv[] = {"git", "clone", "-q", url, copy, NULL};
	const char *env[] = {preload,
			     log_env,
			     trace_env,
			     "GIT_CONFIG_NOSYSTEM=1",
			     "GIT_CONFIG_GLOBAL=/dev/null",
			     "NO_PROXY=*",
			     NULL};

	snprintf(url, sizeof url, "http://127.0.0.1:%d/repo.git", server->port);
	snprintf(copy, sizeof copy, "%s/copy-%d", dir, (int)server->pid);
	snprintf(trace, sizeof trace, "%s/trace-%d", dir, (int)server->pid);
	snprintf(trace_env, sizeof trace_env, "GIT_TRACE_CURL=%s", trace);
	snprintf(log, sizeof log, "%s/redial.log", server->dir);
	snprintf(log_env, sizeof log_env, "REDIAL_LOG=file:%s", log);
	snprintf(preload, sizeof preload, "LD_PRELOAD=%s",
		 redial ? build_path("libredial.so") : "");
	clone->complete = !run(argv, env) && is_complete(copy);
	clone->sent_again = count(trace, "retrying a fresh connect");
	clone->recovered = count(log, "result=recovered");
	clone->cut = faultd_count(server, "request ", "fault=", NULL) -
		     faultd_count(server, "request ", "fault=- ", NULL);
	clone->done = true;
}

static struct clone *clone_once(int spec, bool redial)
{
	const char *args[] = {"--root", dir, "--fault", specs[spec], NULL};
	struct clone *clone = &clones[spec][redial];
	struct faultd server;

	if (!runner_expect_long("server started", 0, faultd_start(&server, args)))
		return NULL;
	clone_from(clone, &server, redial);
	faultd_stop(&server);
	return clone;
}

static void clone_is_saved(int spec)
{
	const struct clone *bare = clone_once(spec, false), *redial = clone_once(spec, true);

	if (!bare || !redial)
		return;
	runner_expect_long("bare: libcurl had to send again", true, bare->sent_again > 0);
	runner_expect_long("redial: complete", true, redial->complete);
	runner_expect_long("redial: sent again by libcurl", 0, redial->sent_again);
	runner_expect_long("redial: recovered in its log", redial->cut, redial->recovered);
	runner_expect_long("redial: the server cut something off", true, redial->cut > 0);
}

static void reset_at_each_third_request(void)
{
	clone_is_saved(0);
}

static void close_at_each_third_request(void)
{
	clone_is_saved(1);
}

static void unread_at_each_fifth_request(void)
{
	clone_is_saved(2);
}

void git_suite(void)
{
	static const struct runner_test tests[] = {
	    {"reset_at_each_third_request", reset_at_each_third_request},
	    {"close_at_each_third_request", close_at_each_third_request},
	    {"unread_at_each_fifth_request", unread_at_each_fifth_request},
	    {NULL, NULL},
	};

	if (make_repository())
		exit(2);
	atexit(remove_all);
	runner_suite("git clone over dumb HTTP is cut off and never notices", tests);
}

static const char *half(const struct clone *clone)
{
	static char text[2][80];
	static int turn;

	turn = !turn;
	snprintf(text[turn], sizeof text[turn], "%s, %d cut, %d sent again by libcurl",
		 clone->complete ? "ok" : "failed", clone->cut, clone->sent_again);
	return text[turn];
}

void git_print(void)
{
	bool any = false;

	for (int i = 0; i < N_SPECS; i++) {
		if (!clones[i][0].done || !clones[i][1].done)
			continue;
		if (!any)
			printf("\n%-24s%-24s%-44s%s\n", "", "", "bare", "redial");
		any = true;
		printf("%-24s%-24s%-44s%s\n", "git clone, dumb HTTP", specs[i], half(&clones[i][0]),
		       half(&clones[i][1]));
	}
}
