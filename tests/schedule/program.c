/* SPDX-License-Identifier: MIT */
/* The program's threads. */
#include "program.h"

#include <string.h>

#include "draw.h"
#include "judge.h"
#include "trace.h"

static struct client clients[2];

static void nap(uint64_t ms)
{
	if (ms)
		thread_wait(NULL, NULL, in_ms(ms), false);
	else
		thread_step();
}

/* What has been answered, or never will be. */
static bool is_through(void *arg)
{
	const struct client *client = arg;
	const struct link *link = client->link;
	return !link_usable(link) || link->answered == link->request_count;
}

/* What programs do to a connection between two requests, or in the middle of one. */
static void change(struct link *link)
{
	if (!link_usable(link))
		return;
	switch (draw(3)) {
	case 0:
		link_set_option(link);
		break;
	case 1:
		if (link->waits != WAITS_EDGE)
			link_set_blocking(link, link->nonblocking);
		break;
	default:
		program_fork();
	}
}

static void exchange(struct client *client)
{
	struct link *link = client->link;
	uint32_t count = world.set.theme == THEME_PIPES ? DRAW_OF(2, 3) : DRAW_OF(1, 1, 1, 2, 3);
	if (link->request_count + count > LINK_REQUESTS_MAX)
		return;
	for (uint32_t i = 0; i < count; i++) {
		request_add(link);
		if (draw(2))
			link_write(link);
	}
	link_write(link);
	if (draw(6) == 5)
		link_ask(link);
	if (draw(12) == 11 && !client->reads_apart)
		change(link);
	if (!client->reads_apart)
		link_read(link);
	else
		thread_wait(is_through, client, NEVER, false);
}

/* Nobody else is in a call on it. */
static bool is_left_alone(void *arg)
{
	return ((struct link *)arg)->busy == 0;
}

/* Ends with it as programs do: most read to the end, some close at once. */
static void give_up(struct client *client)
{
	struct link *link = client->link;
	client->link = NULL;
	if (!link || link->closing)
		return;
	if (client->reads_apart) {
		/* Who waits in a read goes on by the end of the stream. */
		link->closing = true;
		call_begin("shutdown", NULL, link->fd, NEVER);
		call_end(preload_shutdown(link->fd, SHUT_RDWR));
		thread_wait(is_left_alone, link, NEVER, false);
		link->closing = false;
	}
	link_close(link);
}

static void write_and_close(struct client *client)
{
	struct link *link = client->link;
	if (!link_usable(link) || client->reads_apart || link->request_count == LINK_REQUESTS_MAX)
		return;
	request_add(link);
	link_write(link);
	give_up(client);
}

static void ask(void *arg)
{
	struct client *client = arg;
	uint32_t exchanges = 1 + DRAW_OF(1, 2, 3, 5);
	for (uint32_t i = 0; i < exchanges; i++) {
		if (!link_usable(client->link)) {
			give_up(client);
			client->link = link_open(client->reads_apart);
		}
		if (!client->link)
			continue;
		exchange(client);
		nap(world.set.theme == THEME_IDLE ? DRAW_OF(150, 60, 1500)
						  : DRAW_OF(0, 60, 1, 150, 60, 400, 1500));
		if (draw(10) == 9)
			link_ask(client->link);
		if (draw(12) == 11)
			change(client->link);
		if (draw(12) == 11)
			write_and_close(client);
	}
	client->over = true;
	give_up(client);
}

static bool has_work(void *arg)
{
	const struct client *client = arg;
	return client->over || (link_usable(client->link) && client->link->told &&
				client->link->answered < client->link->request_count);
}

void program_read_apart(void *arg)
{
	struct client *client = arg;
	while (!client->over) {
		thread_wait(has_work, client, NEVER, false);
		if (!client->over)
			link_read(client->link);
	}
}

void program_start(void)
{
	static const char *const names[3][2] = {
	    {"A", "B"}, {"A-reader", "B-reader"}, {"A-meddler", "B-meddler"}};
	uint32_t count = 1 + (draw(3) == 2);
	memset(clients, 0, sizeof(clients));
	/* Its standard descriptors; daemons close them. */
	uint32_t open = draw(12) == 11 ? draw(3) : 3;
	for (uint32_t i = 0; i < open; i++)
		fd_new(object_new(IS_LOG), 0, false);
	for (uint32_t i = 0; i < count; i++) {
		clients[i].id = i + 1;
		thread_start(names[0][i], ask, &clients[i]);
		if (draw(4) == 3) {
			clients[i].reads_apart = true;
			thread_start(names[1][i], program_read_apart, &clients[i]);
		}
		if (draw(3) == 2 || world.set.theme == THEME_CLOSES) {
			world.meddled = true;
			thread_start(names[2][i], program_meddle, &clients[i]);
		}
	}
}
