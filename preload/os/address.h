/* SPDX-License-Identifier: MIT */
/* A socket address of any family that we track. */
#ifndef REDIAL_OS_ADDRESS_H
#define REDIAL_OS_ADDRESS_H

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

union os_address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_un un;
};

#endif
