// SPDX-License-Identifier: MIT
// poco FOLDER PORT METHOD: three requests on one connection by POCO, the second one by METHOD.
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Net/HTTPSClientSession.h>
#include <Poco/Net/SSLManager.h>
#include <Poco/StreamCopier.h>
#include <iostream>
#include <unistd.h>

using namespace Poco::Net;

int main(int argc, char **argv)
{
	if (argc != 4)
		return 2;
	const std::string folder(argv[1]);
	Context::Ptr context(new Context(Context::TLS_CLIENT_USE, folder + "/trusted.pem"));
	HTTPSClientSession session("localhost", (Poco::UInt16)atoi(argv[2]), context);
	session.setKeepAlive(true);
	session.setKeepAliveTimeout(Poco::Timespan(60, 0));
	for (int i = 1; i <= 3; i++) {
		const std::string method(i == 2 ? argv[3] : "GET");
		usleep(25000);
		try {
			HTTPRequest request(method, "/" + std::to_string(i), HTTPMessage::HTTP_1_1);
			HTTPResponse response;
			std::string text;
			if (method == "POST")
				request.setContentLength(1);
			session.sendRequest(request) << (method == "POST" ? "x" : "");
			Poco::StreamCopier::copyToString(session.receiveResponse(response), text);
			std::cout << text << std::flush;
		} catch (Poco::Exception &e) {
			std::cout << e.displayText() << std::endl;
			return 1;
		}
	}
}
