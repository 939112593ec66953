/* SPDX-License-Identifier: MIT */
/* A thread that does things to a connection that others are at work on. */
#include <fcntl.h>
#include <string.h>

#include "draw.h"
#include "judge.h"
#include "program.h"
#include "trace.h"

static const char file_text[] = "[what the program writes into its file]";

/* A file that the program opens. */
static int open_file(void)
{
	thread_step();
	int fd = fd_new(object_new(IS_FILE), 0, false);
	trace("a file is opened: %d", fd);
	return fd;
}

static void write_file(int fd)
{
	call_begin("write", NULL, fd, 0);
	long result = call_end(preload_write(fd, file_text, sizeof(file_text) - 1));
	if (result != (long)sizeof(file_text) - 1)
		judge_fail("elsewhere", "a write into a file is told %s",
			   trace_result(result < 0 ? -call_error() : result));
}

/* Nothing but what the program itself wrote is there. */
static void look_into_file(int fd)
{
	const struct bytes *bytes = &object_at(fd)->bytes;
	uint32_t each = sizeof(file_text) - 1;
	for (uint32_t at = 0; at < bytes->len && !object_at(fd)->raced; at += each) {
		if (bytes->len - at < each || memcmp(bytes->at + at, file_text, each) != 0)
			judge_fail("elsewhere", "in a file there is: %s",
				   trace_bytes(bytes->at + at, bytes->len - at));
	}
}

static bool is_in_call(void *arg)
{
	const struct client *client = arg;
	return client->over || (link_usable(client->link) && client->link->busy);
}

static bool is_writing(void *arg)
{
	const struct client *client = arg;
	return client->over || (link_usable(client->link) && client->link->writing);
}

/* Is one of them held up by a peer that reads nothing? */
static bool is_blocked(void *arg)
{
	const struct client *client = arg;
	return client->over || (link_usable(client->link) && client->link->blocked);
}

static bool may_close(const struct client *client)
{
	return client->link && !client->link->closing;
}

static void put_file(struct link *link, int file)
{
	int fd = link->fd;
	link->closing = true;
	link->fd = -1;
	world.changes[fd]++;
	call_begin("dup2", NULL, file, 0);
	call_end(draw(2) ? preload_dup2(file, fd) : preload_dup3(file, fd, O_CLOEXEC));
	write_file(fd);
	thread_wait(NULL, NULL, in_ms(DRAW_OF(1, 0, 600)), false);
	write_file(fd);
	look_into_file(fd);
	call_begin("close", NULL, fd, 0);
	call_end(preload_close(fd));
	link->fd = fd; /* for what else belongs to it */
}

static void shut_down(struct link *link)
{
	int fd = link->fd;
	link->shut = true;
	call_begin("shutdown", link, fd, 0);
	call_end(preload_shutdown(fd, (int)DRAW_OF(SHUT_RDWR, SHUT_WR, SHUT_RDWR)));
}

static void close_it(struct client *client)
{
	struct link *link = client->link;
	if (draw(2))
		shut_down(link);
	if (!may_close(client) || link != client->link)
		return;
	link_close(link);
	switch (draw(4)) {
	case 1:
	case 3: {
		int fd = open_file();
		if (fd < 0)
			break;
		thread_wait(NULL, NULL, in_ms(DRAW_OF(1, 0, 600)), false);
		write_file(fd);
		look_into_file(fd);
		call_begin("close", NULL, fd, 0);
		call_end(preload_close(fd));
		break;
	}
	case 2: {
		struct link *another = link_open(true);
		if (another)
			link_close(another);
		break;
	}
	default:
		break;
	}
}

static void copy_it(struct client *client)
{
	struct link *link = client->link;
	if (link->copy >= 0 || !link_usable(link))
		return;
	int fd = link->fd;
	call_begin("dup", NULL, fd, 0);
	int copy = (int)call_end(draw(2) ? preload_dup(fd)
					 : preload_fcntl(fd, F_DUPFD_CLOEXEC, (void *)3));
	if (copy < 0)
		return;
	if (link_usable(link) && link->fd == fd && link->copy < 0) {
		link->copy = copy;
		return;
	}
	call_begin("close", NULL, copy, 0);
	call_end(preload_close(copy));
}

static void meddle_once(struct client *client)
{
	struct link *link = client->link;
	switch (world.set.theme == THEME_CLOSES ? draw(2) : draw(6)) {
	case 0:
	case 1:
		if (may_close(client))
			close_it(client);
		break;
	case 2: {
		int file = open_file();
		if (file < 0)
			break;
		if (may_close(client) && client->link->fd >= 0 && client->link->epfd < 0 &&
		    client->link->copy < 0)
			put_file(client->link, file);
		look_into_file(file);
		call_begin("close", NULL, file, 0);
		call_end(preload_close(file));
		break;
	}
	case 3:
		if (link)
			copy_it(client);
		break;
	case 4:
		if (link_usable(link))
			link_ask(link);
		break;
	default:
		if (link_usable(link))
			shut_down(link);
	}
}

static void wait_for_call(struct client *client)
{
	ready_fn *const what[] = {is_in_call, is_writing, is_blocked, is_blocked};
	thread_wait(what[draw(world.set.theme == THEME_CLOSES ? 4 : 2)], client, NEVER, false);
}

void program_meddle(void *arg)
{
	struct client *client = arg;
	uint32_t times = 1 + draw(2);
	for (uint32_t i = 0; i < times && !client->over; i++) {
		thread_wait(NULL, NULL, in_ms(DRAW_OF(0, 0, 1, 30, 100)), false);
		if (draw(4))
			wait_for_call(client);
		if (draw(2))
			thread_wait(NULL, NULL, in_ms(DRAW_OF(0, 1, 20)), false);
		if (!client->over)
			meddle_once(client);
	}
}
