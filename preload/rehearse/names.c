/* SPDX-License-Identifier: MIT */
/* Look-ups of names, which a rehearsal lets fail for the moment. */
#include <errno.h>
#include <netdb.h>

#include "../os/real.h"
#include "fault.h"
#include "start.h"

/* A number as it stands is not looked up. */
static bool is_name(const char *node)
{
	for (; node && *node; node++)
		if ((*node | 0x20) >= 'g' && (*node | 0x20) <= 'z')
			return true;
	return false;
}

/* Is this look-up to fail? It is told then. */
static bool is_to_fail(const char *name)
{
	unsigned turn;
	const uint32_t kind = 1 << FAULT_DNS;
	if (!rehearsal.plan || !is_name(name) || fault_was_just() ||
	    fault_choose(kind, kind, &turn) == NO_FAULT)
		return false;
	fault_tell_early(FAULT_DNS, -1, name, fault_dns_is_asked());
	return true;
}

HOOK int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
		     struct addrinfo **result)
{
	return is_to_fail(node) ? EAI_AGAIN : real.getaddrinfo(node, service, hints, result);
}

/* h_errno, if this libc has one: without it nobody could be told. */
static bool fails_host(const char *name)
{
	typedef int *find_place(void);
	find_place *find = (find_place *)real_find("__h_errno_location");
	int *error = find ? find() : NULL;
	if (!error || !is_to_fail(name))
		return false;
	*error = TRY_AGAIN;
	return true;
}

HOOK struct hostent *gethostbyname(const char *name)
{
	return fails_host(name) ? NULL : real.gethostbyname(name);
}

HOOK struct hostent *gethostbyname2(const char *name, int family)
{
	return fails_host(name) ? NULL : real.gethostbyname2(name, family);
}

/* What the _r calls answer for want of an answer for the moment: glibc says EAGAIN, or 0. */
static int tell_host(struct hostent **answer, int *error)
{
	*answer = NULL;
	*error = TRY_AGAIN;
	return EAGAIN;
}

HOOK int gethostbyname_r(const char *restrict name, struct hostent *restrict entry,
			 char *restrict buffer, size_t len, struct hostent **restrict answer,
			 int *restrict error)
{
	return is_to_fail(name) ? tell_host(answer, error)
				: real.gethostbyname_r(name, entry, buffer, len, answer, error);
}

HOOK int gethostbyname2_r(const char *restrict name, int family, struct hostent *restrict entry,
			  char *restrict buffer, size_t len, struct hostent **restrict answer,
			  int *restrict error)
{
	return is_to_fail(name)
		   ? tell_host(answer, error)
		   : real.gethostbyname2_r(name, family, entry, buffer, len, answer, error);
}
