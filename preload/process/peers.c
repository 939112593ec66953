/* SPDX-License-Identifier: MIT */
#include "peers.h"

#include <netinet/in.h>
#include <sys/un.h>

#include "shared.h"
#include "../os/mem.h"

struct state_peer peers_nobody;

static struct state_address address_of(const struct sockaddr *addr, socklen_t len)
{
	const struct state_address nobody = {0};
	const struct sockaddr_in *in = (const void *)addr;
	const struct sockaddr_in6 *in6 = (const void *)addr;
	const struct sockaddr_un *un = (const void *)addr;
	if (addr->sa_family == AF_INET && len >= sizeof(*in))
		return (struct state_address){AF_INET, in->sin_port, &in->sin_addr,
					      sizeof(in->sin_addr)};
	if (addr->sa_family == AF_INET6 && len >= sizeof(*in6))
		return (struct state_address){AF_INET6, in6->sin6_port, &in6->sin6_addr,
					      sizeof(in6->sin6_addr)};
	size_t path_at = offsetof(struct sockaddr_un, sun_path);
	if (addr->sa_family != AF_UNIX || len <= path_at)
		return nobody;
	/* A path ends with its NUL, if it has one; an abstract name is all that len says. */
	size_t path_len = len - path_at;
	if (un->sun_path[0])
		path_len = text_len(un->sun_path, path_len);
	return (struct state_address){AF_UNIX, 0, un->sun_path, path_len};
}

struct state_peer *peers_at(const struct sockaddr *addr, socklen_t len)
{
	struct state *state = shared_state();
	const struct state_address address = address_of(addr, len);
	return state ? state_peer_at(state, &address) : &peers_nobody;
}
