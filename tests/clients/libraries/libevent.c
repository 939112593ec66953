/* SPDX-License-Identifier: MIT */
/* libevent's evhttp, one connection without retries. */
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>

#include "job.h"

static struct event_base *loop;
static struct evhttp_connection *connection;

static void begin(int i);

static void answered(struct evhttp_request *request, void *number)
{
	int i = (int)(long)number;
	char text[4096] = "";

	if (request && evhttp_request_get_response_code(request)) {
		evbuffer_remove(evhttp_request_get_input_buffer(request), text, sizeof text - 1);
		job_answered(i, evhttp_request_get_response_code(request), text);
	} else {
		job_error(i, "no answer");
	}
	job_between(i);
	if (i < job.count)
		begin(i + 1);
	else
		event_base_loopexit(loop, &(struct timeval){0, job.rest_ms * 1000});
}

static void begin(int i)
{
	struct evhttp_request *request = evhttp_request_new(answered, (void *)(long)i);

	evhttp_add_header(evhttp_request_get_output_headers(request), "X-Request-Id", job_id(i));
	evhttp_add_header(evhttp_request_get_output_headers(request), "Host", job.host);
	evbuffer_add(evhttp_request_get_output_buffer(request), job_body(i), strlen(job_body(i)));
	evhttp_make_request(connection, request, is_post() ? EVHTTP_REQ_POST : EVHTTP_REQ_GET,
			    job_path(i));
}

int main(int argc, char **argv)
{
	job_begin(argc, argv);
	loop = event_base_new();
	connection = evhttp_connection_base_new(loop, NULL, job.host, (unsigned short)job.port);
	begin(1);
	event_base_dispatch(loop);
	return job_end();
}
