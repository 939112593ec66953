/* SPDX-License-Identifier: MIT */
/*
 * stand_in PORT: needs what calls itself libssl, and says hello to a TLS server by its own hand,
 * twice, until that has answered.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int SSL_read(void *ssl, void *buf, int len);

static int say_hello(int port)
{
	static const char hello[] = "\x16\x03\x01\0\4\1\0\0\0";
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char byte;
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    write(fd, hello, sizeof(hello) - 1) != sizeof(hello) - 1 || read(fd, &byte, 1) != 1)
		return 1;
	return close(fd);
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	int port = atoi(argv[1]);
	return say_hello(port) || say_hello(port) || SSL_read(NULL, NULL, 0);
}
