// SPDX-License-Identifier: MIT
// Three requests by POCO: poco FOLDER PORT METHOD.
#include <Poco/Net/Context.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Net/HTTPSClientSession.h>
#include <Poco/Net/NetSSL.h>
#include <Poco/StreamCopier.h>
#include <iostream>
#include <unistd.h>

using namespace Poco::Net;

int main(int argc, char **argv)
{
	if (argc != 4)
		return 2;
	initializeSSL();
	Context::Ptr context(new Context(Context::CLIENT_USE, "", "",
					 std::string(argv[1]) + "/trusted.pem",
					 Context::VERIFY_STRICT));
	HTTPSClientSession session("localhost", (Poco::UInt16)std::atoi(argv[2]), context);
	session.setKeepAlive(true);
	session.setKeepAliveTimeout(Poco::Timespan(30, 0));
	for (int i = 1; i <= 3; i++) {
		usleep(25000);
		bool posts = i == 2 && std::string(argv[3]) == "POST";
		try {
			HTTPRequest request(posts ? "POST" : "GET", "/" + std::to_string(i), "HTTP/1.1");
			request.setKeepAlive(true);
			if (posts)
				request.setContentLength(1);
			std::ostream &out = session.sendRequest(request);
			if (posts)
				out << "x" << std::flush;
			HTTPResponse response;
			Poco::StreamCopier::copyStream(session.receiveResponse(response), std::cout);
			std::cout << std::flush;
		} catch (Poco::Exception &e) {
			std::cout << e.name() << std::endl;
		}
	}
}
