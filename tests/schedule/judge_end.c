/* SPDX-License-Identifier: MIT */
/* When all threads have ended: what is left over. */
#include <string.h>

#include "judge.h"
#include "libc.h"
#include "preload.h"
#include "trace.h"

enum { NUMBERS = 24 };

/*
 * The program makes sockets at all numbers that it has used, and closes them: what was closed past
 * the hooks is found out by then.
 */
static void visit_all_numbers(void *arg)
{
	int fds[NUMBERS], count = 0;
	(void)arg;
	world.ending = true;
	while (count < NUMBERS && (fds[count] = preload_socket(AF_INET, SOCK_STREAM, 0)) >= 0)
		count++;
	for (int i = 0; i < count; i++)
		preload_close(fds[i]);
	for (int fd = 0; fd < 3; fd++) {
		if (object_at(fd) && object_at(fd)->kind == IS_LOG)
			preload_close(fd);
	}
}

/* Did the last server that it has reached never let go of it? Bare it would have read on. */
static bool had_a_server(const struct link *link)
{
	const struct wire *last = NULL;
	for (uint32_t i = 0; i < world.wire_count; i++) {
		const struct wire *wire = world.wires[i];
		bool carried = wire->was_up && (wire->own || wire->sent.last);
		if (wire->link == link && carried && !wire->let_go)
			last = wire;
	}
	return last && !last->gone;
}

/* What was written to a connection that lives gets to its server, though it is closed at once. */
static void judge_lost(const struct link *link)
{
	uint32_t end = 0;
	if (link->raced || link->failed || link->ended || link->shut || link->left ||
	    !had_a_server(link))
		return;
	for (uint32_t i = 0; i < link->request_count; i++) {
		const struct request *request = link->requests[i];
		end += request->len;
		if (end <= link->told && !request->sendings)
			judge_fail("lost",
				   "request %u.%u, which the program was told is written "
				   "to a connection that lives, was never sent",
				   link->id, request->index);
	}
}

/* What all connections have that have none of their own. */
static void judge_nobodys(void)
{
	static const struct conn_exchange no_exchange;
	static const struct conn_more no_more;
	if (memcmp(&preload_conn_no_exchange, &no_exchange, sizeof(no_exchange)))
		judge_fail("mixed", "a connection without an exchange has been written to");
	if (memcmp(&preload_conn_no_more, &no_more, sizeof(no_more)))
		judge_fail("mixed", "a connection with one number has been given another");
}

void judge_end(void)
{
	judge_nobodys();
	for (uint32_t i = 0; i < world.link_count; i++)
		judge_lost(&world.links[i]);
	bool abandoned = thread_any_abandoned();
	thread_reset();
	thread_start("end", visit_all_numbers, NULL);
	thread_run_all();
	if (abandoned)
		return;
	if (fd_count())
		judge_fail("descriptors", "%u descriptors are left open, the first one at %d",
			   fd_count(), fd_first());
	for (int fd = 0; fd < FDS_MAX; fd++) {
		if (table_find(fd))
			judge_fail("tracked", "%d is still tracked at the end", fd);
	}
}
