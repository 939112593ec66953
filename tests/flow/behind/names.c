/* SPDX-License-Identifier: MIT */
/* A preload behind libredial.so: every name has the ADDRESSES, with commas between them. */
#include <dlfcn.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
		struct addrinfo **result)
{
	__typeof__(getaddrinfo) *next = dlsym(RTLD_NEXT, "getaddrinfo");
	char text[256] = "", *rest = text;
	struct addrinfo **end = result;
	const char *addresses = getenv("ADDRESSES");
	if (node && addresses && node[0] >= 'a')
		strncpy(text, addresses, sizeof(text) - 1);
	else
		return next(node, service, hints, result);
	for (char *one; (one = strtok_r(rest, ",", &rest));) {
		int error = next(one, service, hints, end);
		if (error)
			return error;
		while (*end)
			end = &(*end)->ai_next;
	}
	return 0;
}
