/* SPDX-License-Identifier: MIT */
/* HTTP by hand on libuv's streams: one connection, a new one after a failure. */
#include <uv.h>

#include "job.h"

static uv_tcp_t *connection;
static uv_timer_t timer;
static char text[8192], request[512];
static size_t len;
static int number = 1;

static void begin(void);

static void closed(uv_handle_t *handle)
{
	free(handle);
}

static void rested(uv_timer_t *unused)
{
	(void)unused;
	exit(job_end());
}

static void next(void)
{
	job_between(number);
	if (number++ < job.count)
		begin();
	else
		uv_timer_start(&timer, rested, (uint64_t)job.rest_ms, 0);
}

static void failed(int error)
{
	job_error(number, uv_strerror(error));
	uv_close((uv_handle_t *)connection, closed);
	connection = NULL;
	next();
}

static void room(uv_handle_t *handle, size_t wanted, uv_buf_t *buf)
{
	(void)handle;
	(void)wanted;
	*buf = uv_buf_init(text + len, (unsigned)(sizeof text - 1 - len));
}

static void readable(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	char *body;

	(void)buf;
	if (n < 0) {
		failed((int)n);
		return;
	}
	len += (size_t)n;
	text[len] = '\0';
	body = strstr(text, "\r\n\r\n");
	if (!body || !strchr(body, '}'))
		return;
	uv_read_stop(stream);
	job_answered(number, atol(text + 9), body);
	next();
}

static void written(uv_write_t *write, int error)
{
	(void)write;
	if (error)
		failed(error);
}

static void ask(void)
{
	static uv_write_t write;
	uv_buf_t buf;

	snprintf(request, sizeof request,
		 "%s %s HTTP/1.1\r\nHost: test\r\nX-Request-Id: %d\r\nContent-Length: %zu\r\n\r\n%s",
		 job.method, job_path(number), number, strlen(job_body(number)), job_body(number));
	buf = uv_buf_init(request, (unsigned)strlen(request));
	len = 0;
	uv_read_start((uv_stream_t *)connection, room, readable);
	uv_write(&write, (uv_stream_t *)connection, &buf, 1, written);
}

static void connected(uv_connect_t *connect, int error)
{
	(void)connect;
	error ? failed(error) : ask();
}

static void begin(void)
{
	static uv_connect_t connect;
	struct sockaddr_in peer;

	if (connection) {
		ask();
		return;
	}
	connection = malloc(sizeof *connection);
	uv_tcp_init(uv_default_loop(), connection);
	uv_ip4_addr(job.host, job.port, &peer);
	uv_tcp_connect(&connect, connection, (const struct sockaddr *)&peer, connected);
}

int main(int argc, char **argv)
{
	job_begin(argc, argv);
	uv_timer_init(uv_default_loop(), &timer);
	begin();
	uv_run(uv_default_loop(), UV_RUN_DEFAULT);
	return job_end();
}
