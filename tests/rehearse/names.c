/* SPDX-License-Identifier: MIT */
/* names CALL: looks localhost up by that call, once, and prints the address, or what is wrong. */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

int main(int argc, char **argv)
{
	const char *call = argc > 1 ? argv[1] : "";
	struct hostent entry, *answer = NULL;
	char buffer[4096], text[64];
	int error = 0;

	if (!strcmp(call, "gethostbyname"))
		answer = gethostbyname("localhost");
	else if (!strcmp(call, "gethostbyname2"))
		answer = gethostbyname2("localhost", AF_INET);
	else if (!strcmp(call, "gethostbyname_r"))
		gethostbyname_r("localhost", &entry, buffer, sizeof(buffer), &answer, &error);
	else
		gethostbyname2_r("localhost", AF_INET, &entry, buffer, sizeof(buffer), &answer,
				 &error);
	if (!strchr(call, '_'))
		error = h_errno;
	if (answer)
		puts(inet_ntop(AF_INET, answer->h_addr_list[0], text, sizeof(text)));
	else
		puts(error == TRY_AGAIN ? "for the moment" : "failed");
	return 0;
}
