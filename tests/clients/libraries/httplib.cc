// SPDX-License-Identifier: MIT
// cpp-httplib, one client kept alive.
#include <httplib.h>

#include "job.h"

int main(int argc, char **argv)
{
	job_begin(argc, argv);
	httplib::Client client(job.host, job.port);
	client.set_keep_alive(true);
	for (int i = 1; i <= job.count; i++) {
		httplib::Headers headers = {{"X-Request-Id", job_id(i)}};
		auto answer = is_post() ? client.Post(job_path(i), headers, job_body(i), "text/plain")
					: client.Get(job_path(i), headers);

		if (answer)
			job_answered(i, answer->status, answer->body.c_str());
		else
			job_error(i, httplib::to_string(answer.error()).c_str());
		job_between(i);
	}
	usleep((useconds_t)job.rest_ms * 1000);
	return job_end();
}
