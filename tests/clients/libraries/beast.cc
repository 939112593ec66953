// SPDX-License-Identifier: MIT
// Boost.Beast on asio: asynchronous calls, one stream used again; a new one after a failure.
#include <boost/asio.hpp>
#include <boost/beast.hpp>
#include <memory>

#include "job.h"

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

struct client : std::enable_shared_from_this<client> {
	asio::io_context &loop;
	std::unique_ptr<beast::tcp_stream> stream;
	beast::flat_buffer buffer;
	http::request<http::string_body> request;
	http::response<http::string_body> response;
	asio::steady_timer timer;
	int i = 1;

	explicit client(asio::io_context &loop) : loop(loop), timer(loop) {}

	void failed(const beast::error_code &error)
	{
		job_error(i, error.message().c_str());
		stream.reset();
		next();
	}

	void next()
	{
		job_between(i);
		if (i < job.count) {
			i++;
			begin();
			return;
		}
		timer.expires_after(std::chrono::milliseconds(job.rest_ms));
		timer.async_wait([self = shared_from_this()](auto) {});
	}

	void begin()
	{
		asio::ip::tcp::endpoint peer(asio::ip::make_address(job.host), (unsigned short)job.port);

		if (stream)
			return write();
		stream = std::make_unique<beast::tcp_stream>(loop);
		buffer.clear();
		stream->async_connect(peer, [self = shared_from_this()](auto error) {
			error ? self->failed(error) : self->write();
		});
	}

	void write()
	{
		request = {is_post() ? http::verb::post : http::verb::get, job_path(i), 11};
		request.set(http::field::host, job.host);
		request.set("X-Request-Id", job_id(i));
		request.body() = job_body(i);
		request.prepare_payload();
		http::async_write(*stream, request, [self = shared_from_this()](auto error, size_t) {
			error ? self->failed(error) : self->read();
		});
	}

	void read()
	{
		response = {};
		http::async_read(*stream, buffer, response,
				 [self = shared_from_this()](auto error, size_t) {
					 if (error)
						 return self->failed(error);
					 job_answered(self->i, self->response.result_int(),
						      self->response.body().c_str());
					 self->next();
				 });
	}
};

int main(int argc, char **argv)
{
	asio::io_context loop;

	job_begin(argc, argv);
	std::make_shared<client>(loop)->begin();
	loop.run();
	return job_end();
}
