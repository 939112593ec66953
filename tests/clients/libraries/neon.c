/* SPDX-License-Identifier: MIT */
/* neon, which WebDAV clients are made of. */
#include <neon/ne_request.h>
#include <neon/ne_session.h>

#include "job.h"

static char text[4096];
static size_t len;

static int keep(void *unused, const char *data, size_t size)
{
	(void)unused;
	if (size > sizeof text - 1 - len)
		size = sizeof text - 1 - len;
	memcpy(text + len, data, size);
	len += size;
	text[len] = '\0';
	return 0;
}

int main(int argc, char **argv)
{
	ne_session *session;

	job_begin(argc, argv);
	session = ne_session_create("http", job.host, (unsigned)job.port);
	for (int i = 1; i <= job.count; i++) {
		ne_request *request = ne_request_create(session, job.method, job_path(i));

		len = 0;
		ne_add_request_header(request, "X-Request-Id", job_id(i));
		if (is_post())
			ne_set_request_body_buffer(request, job_body(i), strlen(job_body(i)));
		ne_add_response_body_reader(request, ne_accept_2xx, keep, NULL);
		if (ne_request_dispatch(request))
			job_error(i, ne_get_error(session));
		else
			job_answered(i, ne_get_status(request)->code, text);
		ne_request_destroy(request);
		job_between(i);
	}
	usleep((useconds_t)job.rest_ms * 1000);
	return job_end();
}
