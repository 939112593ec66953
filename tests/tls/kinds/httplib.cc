// SPDX-License-Identifier: MIT
// Three requests by cpp-httplib: httplib FOLDER PORT METHOD.
#define CPPHTTPLIB_OPENSSL_SUPPORT
#include <chrono>
#include <httplib.h>
#include <iostream>
#include <thread>

int main(int argc, char **argv)
{
	if (argc != 4)
		return 2;
	httplib::SSLClient client("localhost", std::atoi(argv[2]));
	client.set_ca_cert_path((std::string(argv[1]) + "/trusted.pem").c_str());
	client.set_keep_alive(true);
	for (int i = 1; i <= 3; i++) {
		std::this_thread::sleep_for(std::chrono::milliseconds(25));
		std::string path = "/" + std::to_string(i);
		bool posts = i == 2 && std::string(argv[3]) == "POST";
		auto result = posts ? client.Post(path, "x", "text/plain") : client.Get(path);
		std::cout << (result ? result->body : "error\n") << std::flush;
	}
}
