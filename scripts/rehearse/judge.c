/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <string.h>
#include <sys/wait.h>

#include "print.h"

static const char *plural(size_t count)
{
	return count == 1 ? "" : "s";
}

static void say_unmade(struct rehearsed *r)
{
	const struct plan *counts = &r->counts;

	if (counts->reused) {
		r->status = NO_FAULT_CAME;
		snprintf(
		    r->judgement, sizeof(r->judgement),
		    "Nothing was put to the test: connections were used again, but for no fault "
		    "there were chances enough; ask for one at every:1, or run for longer.");
		return;
	}
	r->status = NEVER_REUSED;
	snprintf(r->judgement, sizeof(r->judgement),
		 "No connection was ever used again%s: there is nothing for redial to do.%s",
		 counts->connections ? "" : ", as none was seen at all",
		 counts->http2 ? " (Those that may speak HTTP/2 were left alone.)" : "");
}

static void say_bare(struct rehearsed *r)
{
	r->status = LOST;
	snprintf(r->judgement, sizeof(r->judgement),
		 "Without redial the program had %s %zu failure%s to deal with by itself.",
		 r->sums.made == 1 ? "the" : "all", r->sums.made, plural(r->sums.made));
}

void judge(struct rehearsed *r)
{
	const struct sums *sums = &r->sums;

	if (!sums->made) {
		say_unmade(r);
	} else if (r->options->bare) {
		say_bare(r);
	} else if (sums->due) {
		r->status = LOST;
		snprintf(r->judgement, sizeof(r->judgement),
			 "%zu of %zu failure%s reached the program that should not have.",
			 sums->due, sums->made, plural(sums->made));
	} else if (sums->given) {
		r->status = SAVED;
		snprintf(
		    r->judgement, sizeof(r->judgement),
		    "All that could be saved was: %zu of %zu failure%s; the policy, or the rule "
		    "that nothing is done twice, gave %zu to the program.",
		    sums->saved, sums->made, plural(sums->made), sums->given);
	} else {
		r->status = SAVED;
		snprintf(
		    r->judgement, sizeof(r->judgement),
		    "The program met none of the %zu failure%s that were made: redial saved them "
		    "all.",
		    sums->made, plural(sums->made));
	}
}

void tell_end(const struct child_end *end, char *text, size_t room)
{
	const char *why = end->by_time ? ", its time was over" : end->by_us ? ", as asked" : "";

	if (WIFSIGNALED(end->status))
		snprintf(text, room, "ended by signal %d (%s)%s", WTERMSIG(end->status),
			 strsignal(WTERMSIG(end->status)), why);
	else
		snprintf(text, room, "exit status %d%s", WEXITSTATUS(end->status), why);
}
