/* SPDX-License-Identifier: MIT */
/* libsoup 3 on GLib's loop. */
#include <libsoup/soup.h>

#include "job.h"

static gboolean quit(gpointer loop)
{
	g_main_loop_quit(loop);
	return G_SOURCE_REMOVE;
}

static void fetch(SoupSession *session, int i)
{
	SoupMessage *message = soup_message_new(job.method, job_url(i));
	GError *error = NULL;
	GBytes *bytes;
	char *text;

	soup_message_headers_append(soup_message_get_request_headers(message), "X-Request-Id", job_id(i));
	if (is_post()) {
		GBytes *body = g_bytes_new(job_body(i), strlen(job_body(i)));

		soup_message_set_request_body_from_bytes(message, "text/plain", body);
		g_bytes_unref(body);
	}
	bytes = soup_session_send_and_read(session, message, NULL, &error);
	if (bytes) {
		text = g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
		job_answered(i, soup_message_get_status(message), text);
		g_free(text);
		g_bytes_unref(bytes);
	} else {
		job_error(i, error->message);
		g_error_free(error);
	}
	g_object_unref(message);
}

int main(int argc, char **argv)
{
	SoupSession *session = soup_session_new();
	GMainLoop *loop = g_main_loop_new(NULL, FALSE);

	job_begin(argc, argv);
	for (int i = 1; i <= job.count; i++) {
		fetch(session, i);
		job_between(i);
	}
	g_timeout_add((guint)job.rest_ms, quit, loop);
	g_main_loop_run(loop);
	return job_end();
}
