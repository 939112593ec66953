// SPDX-License-Identifier: MIT
// Three requests by Boost's asio, over a pair of BIOs: asio sync|async FOLDER PORT METHOD.
#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <chrono>
#include <csignal>
#include <iostream>
#include <string>
#include <thread>

namespace asio = boost::asio;
using asio::ip::tcp;

static std::string request(int number, const std::string &method)
{
	bool posts = number == 2 && method == "POST";
	return std::string(posts ? "POST" : "GET") + " /" + std::to_string(number) +
	       " HTTP/1.1\r\nHost: localhost\r\n" + (posts ? "Content-Length: 1\r\n\r\nx" : "\r\n");
}

int main(int argc, char **argv)
{
	if (argc != 5)
		return 2;
	std::signal(SIGPIPE, SIG_IGN);
	std::string way = argv[1], method = argv[4];
	asio::io_context io;
	asio::ssl::context context(asio::ssl::context::tls_client);
	context.load_verify_file(std::string(argv[2]) + "/trusted.pem");
	asio::ssl::stream<tcp::socket> stream(io, context);
	stream.set_verify_mode(asio::ssl::verify_peer);
	stream.set_verify_callback(asio::ssl::host_name_verification("localhost"));
	SSL_set_tlsext_host_name(stream.native_handle(), "localhost");
	stream.lowest_layer().connect(
	    tcp::endpoint(asio::ip::address_v4::loopback(), (unsigned short)std::atoi(argv[3])));
	stream.handshake(asio::ssl::stream_base::client);
	for (int i = 1; i <= 3; i++) {
		std::this_thread::sleep_for(std::chrono::milliseconds(25));
		boost::system::error_code error;
		std::string text = request(i, method), answer;
		if (way == "sync") {
			asio::write(stream, asio::buffer(text), error);
			if (!error)
				asio::read_until(stream, asio::dynamic_buffer(answer), "hello\n", error);
		} else {
			asio::async_write(
			    stream, asio::buffer(text), [&](boost::system::error_code e, std::size_t) {
				    error = e;
				    if (e)
					    return;
				    asio::async_read_until(
					stream, asio::dynamic_buffer(answer), "hello\n",
					[&](boost::system::error_code e, std::size_t) { error = e; });
			    });
			io.restart();
			io.run();
		}
		if (error) {
			std::cout << error.message() << std::endl;
			return 1;
		}
		std::cout << "hello" << std::endl;
	}
}
