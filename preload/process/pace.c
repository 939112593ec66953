/* SPDX-License-Identifier: MIT */
#include "pace.h"

#include <netinet/in.h>
#include <sys/un.h>

#include "../../policy/breaker.h"
#include "../../policy/budget.h"
#include "config.h"
#include "../log/log.h"
#include "../os/mem.h"
#include "shared.h"

struct state_peer pace_nobody;

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

struct state_peer *pace_peer(const struct sockaddr *addr, socklen_t len)
{
	struct state *state = shared_state();
	const struct state_address address = address_of(addr, len);
	return state ? state_peer_at(state, &address) : &pace_nobody;
}

static void tell(enum breaker_change change, const struct sockaddr *addr)
{
	if (change == BREAKER_HAS_OPENED)
		log_breaker(addr, "open");
	else if (change == BREAKER_HAS_HALF_OPENED)
		log_breaker(addr, "half-open");
	else if (change == BREAKER_HAS_CLOSED)
		log_breaker(addr, "closed");
}

enum reason pace_take(struct state_peer *peer, const struct sockaddr *addr, enum cause cause,
		      bool blamed, uint64_t now_ms)
{
	const struct policy *policy = config.policy;
	struct state *state = shared_state();
	enum breaker_change change = BREAKER_SAME;
	if (cause == CAUSE_STALE || cause == CAUSE_IDLE || !state)
		return REASON_NONE;
	if (peer && !breaker_allows(peer, &policy->breaker, now_ms, &change))
		return REASON_BREAKER;
	tell(change, addr);
	if (budget_take(state, &policy->budget, now_ms)) {
		if (blamed)
			state_repeated(state);
		return REASON_NONE;
	}
	if (peer)
		breaker_give_back(peer, now_ms);
	return REASON_BUDGET;
}

void pace_failed(struct state_peer *peer, const struct sockaddr *addr, uint64_t now_ms)
{
	tell(breaker_failed(peer, &config.policy->breaker, now_ms), addr);
}

void pace_succeeded(struct state_peer *peer, const struct sockaddr *addr, uint64_t now_ms)
{
	tell(breaker_succeeded(peer, &config.policy->breaker, now_ms), addr);
}

bool pace_rejects(struct state_peer *peer, const struct sockaddr *addr, uint64_t now_ms)
{
	enum breaker_change change;
	if (!breaker_allows(peer, &config.policy->breaker, now_ms, &change))
		return true;
	tell(change, addr);
	return false;
}

bool pace_is_half_open(const struct state_peer *peer)
{
	return breaker_state(peer) == BREAKER_HALF_OPEN;
}
