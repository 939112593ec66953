/* SPDX-License-Identifier: MIT */
/*
 * A preload behind libredial.so: the first FAILING look-ups fail for the moment, later ones are
 * answered by 192.0.2.1 whatever the name. Each prints a line.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int asked;

static int fails(const char *call, const char *name)
{
	const char *failing = getenv("FAILING");

	printf("%s %s\n", call, name);
	return asked++ < (failing ? atoi(failing) : 0);
}

static int answer(struct addrinfo **result)
{
	struct {
		struct addrinfo info;
		struct sockaddr_in addr;
	} *made = calloc(1, sizeof(*made));

	made->addr.sin_family = AF_INET;
	inet_pton(AF_INET, "192.0.2.1", &made->addr.sin_addr);
	made->info.ai_family = AF_INET;
	made->info.ai_addr = (struct sockaddr *)&made->addr;
	made->info.ai_addrlen = sizeof(made->addr);
	*result = &made->info;
	return 0;
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
		struct addrinfo **result)
{
	(void)service;
	(void)hints;
	errno = ENETDOWN;
	return fails("getaddrinfo", node) ? EAI_AGAIN : answer(result);
}

int getaddrinfo_a(int mode, struct gaicb *list[], int count, struct sigevent *event)
{
	(void)mode;
	(void)event;
	for (int i = 0; i < count; i++)
		list[i]->__return = fails("getaddrinfo_a", list[i]->ar_name)
					? EAI_AGAIN
					: answer(&list[i]->ar_result);
	return 0;
}

static struct hostent *host(int failed)
{
	static char bytes[4] = {(char)192, 0, 2, 1};
	static char *addresses[] = {bytes, NULL};
	static struct hostent found = {
	    .h_addrtype = AF_INET, .h_length = 4, .h_addr_list = addresses};

	h_errno = failed ? TRY_AGAIN : NETDB_SUCCESS;
	return failed ? NULL : &found;
}

struct hostent *gethostbyname(const char *name)
{
	return host(fails("gethostbyname", name));
}

struct hostent *gethostbyname2(const char *name, int family)
{
	(void)family;
	return host(fails("gethostbyname2", name));
}

static int host_r(int failed, struct hostent **result, int *error)
{
	*result = host(failed);
	*error = h_errno;
	h_errno = 0;
	return failed ? EAGAIN : 0;
}

int gethostbyname_r(const char *name, struct hostent *entry, char *buffer, size_t len,
		    struct hostent **result, int *error)
{
	(void)entry;
	(void)buffer;
	(void)len;
	return host_r(fails("gethostbyname_r", name), result, error);
}

int gethostbyname2_r(const char *name, int family, struct hostent *entry, char *buffer, size_t len,
		     struct hostent **result, int *error)
{
	(void)family;
	(void)entry;
	(void)buffer;
	(void)len;
	return host_r(fails("gethostbyname2_r", name), result, error);
}
