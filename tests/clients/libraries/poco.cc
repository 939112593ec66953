// SPDX-License-Identifier: MIT
// POCO, one session kept alive.
#include <Poco/Net/HTTPClientSession.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/StreamCopier.h>
#include <string>

#include "job.h"

using namespace Poco::Net;

int main(int argc, char **argv)
{
	job_begin(argc, argv);
	HTTPClientSession session(job.host, (Poco::UInt16)job.port);
	session.setKeepAlive(true);
	session.setKeepAliveTimeout(Poco::Timespan(60, 0));
	for (int i = 1; i <= job.count; i++) {
		try {
			HTTPRequest request(job.method, job_path(i), HTTPMessage::HTTP_1_1);
			HTTPResponse response;
			std::string body = job_body(i), text;

			request.set("X-Request-Id", job_id(i));
			if (is_post())
				request.setContentLength((std::streamsize)body.size());
			session.sendRequest(request) << body;
			Poco::StreamCopier::copyToString(session.receiveResponse(response), text);
			job_answered(i, response.getStatus(), text.c_str());
		} catch (Poco::Exception &e) {
			job_error(i, e.displayText().c_str());
			session.reset();
		}
		job_between(i);
	}
	usleep((useconds_t)job.rest_ms * 1000);
	return job_end();
}
