/* SPDX-License-Identifier: MIT */
#include "fault.h"

#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <time.h>

#include "../../policy/match.h"
#include "../log/file.h"
#include "../log/line.h"
#include "../os/clock.h"
#include "../os/mem.h"
#include "../os/sys.h"
#include "start.h"

/* In which a connect or a look-up is taken for redial's own, after a fault. */
enum { JUST_NOW_MS = 500 };

/*
 * So many times as many chances a kind waits for a request that it is possible for: requests that
 * come in a fixed order would else have one kind alone.
 */
enum { WAITED_FOR = 2 };

static uint64_t last_ms;

/*
 * The first of the turn's kinds, in their order, that is possible; the one whose turn it is alone
 * if it is worth a wait.
 */
static int next_of(struct plan_turn *turn, uint32_t possible, bool waits)
{
	uint32_t first = __atomic_load_n(&turn->next, __ATOMIC_RELAXED);
	for (uint32_t i = 0; i < FAULT_COUNT; i++) {
		uint32_t kind = (first + i) % FAULT_COUNT;
		if (!(turn->kinds & 1u << kind))
			continue;
		if (possible & 1u << kind) {
			__atomic_store_n(&turn->next, kind + 1, __ATOMIC_RELAXED);
			return (int)kind;
		}
		if (waits)
			return NO_FAULT;
	}
	return NO_FAULT;
}

int fault_choose(uint32_t asked, uint32_t possible, unsigned *which)
{
	struct plan *plan = rehearsal.plan;
	int chosen = NO_FAULT;
	for (unsigned i = 0; i < plan->turn_count; i++) {
		struct plan_turn *turn = &plan->turns[i];
		if (!(turn->kinds & asked))
			continue;
		uint32_t seen = __atomic_add_fetch(&turn->seen, 1, __ATOMIC_RELAXED);
		if (chosen != NO_FAULT || seen < turn->every || !(turn->kinds & possible))
			continue;
		/* Of several threads that see it due, one has it. */
		if (__atomic_exchange_n(&turn->seen, 0, __ATOMIC_RELAXED) < turn->every)
			continue;
		chosen = next_of(turn, possible, seen < turn->every * WAITED_FOR);
		*which = i;
		if (chosen == NO_FAULT)
			__atomic_store_n(&turn->seen, seen, __ATOMIC_RELAXED);
	}
	return chosen;
}

void fault_put_off(unsigned turn)
{
	struct plan_turn *of = &rehearsal.plan->turns[turn];
	__atomic_store_n(&of->seen, of->every, __ATOMIC_RELAXED);
}

/* Only what may be repeated whatever else is known of it: no key is looked for. */
static bool may_repeat(const struct seat *seat, const struct policy_retry *settings)
{
	const uint32_t never = method_bit(METHOD_POST) | method_bit(METHOD_PATCH) |
			       method_bit(METHOD_CONNECT) | method_bit(METHOD_OTHER);
	const uint16_t doubtful = HTTP1_EXPECT_CONTINUE | HTTP1_CONNECTION_AUTH;
	return settings->methods & ~never & method_bit(seat->request.method) &&
	       !(seat->request.flags & doubtful);
}

uint32_t fault_possible(const struct seat *seat, const char *head, size_t len)
{
	const struct policy *policy = rehearsal.policy;
	struct http1_text host = http1_head_value(head, len, "host");
	struct http1_text target = http1_head_target(head, len);
	struct match_request request = {host.text, host.len, target.text, target.len, seat->port};
	uint32_t possible = 1 << FAULT_STALE;
	struct policy_retry settings;
	bool doubt;
	match_settings_in_doubt(policy, &request, &settings, &doubt);
	if (!policy->enabled || doubt || len > settings.max_request_bytes ||
	    !may_repeat(seat, &settings))
		return possible;
	if (settings.on & POLICY_ON_RESET)
		possible |= 1 << FAULT_RESET;
	if (settings.on & POLICY_ON_EOF)
		possible |= 1 << FAULT_EOF;
	if ((settings.on & POLICY_ON_RESPONSE_TIMEOUT && settings.response_timeout_ms) ||
	    settings.unacked_timeout_ms)
		possible |= 1 << FAULT_SILENT;
	return possible;
}

void fault_end(int fd)
{
	sys2(shutdown, fd, SHUT_RDWR);
}

bool fault_deafen(int fd)
{
	struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog filter = {1, &nothing};
	return sys6(setsockopt, fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter), 0) == 0;
}

void fault_hear(int fd)
{
	int unused = 0;
	sys6(setsockopt, fd, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof(unused), 0);
}

bool fault_answered(int fd)
{
	int waiting = 0;
	return sys3(ioctl, fd, FIONREAD, &waiting) < 0 || waiting > 0;
}

/* A port of loopback that is ours, and on which nobody listens while the descriptor is open. */
static int closed_port(struct sockaddr_storage *at, uint32_t *len, int family)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)at;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)at;
	memset(at, 0, sizeof(*at));
	at->ss_family = (sa_family_t)family;
	*len = family == AF_INET ? sizeof(*v4) : sizeof(*v6);
	if (family == AF_INET)
		v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else
		v6->sin6_addr.s6_addr[15] = 1;
	int fd = (int)sys3(socket, family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fd;
	long error = sys3(bind, fd, at, *len);
	if (!error)
		error = sys3(getsockname, fd, at, len);
	if (!error)
		return fd;
	sys1(close, fd);
	return (int)error;
}

int fault_refuse(int fd, int family)
{
	struct sockaddr_storage at;
	uint32_t len;
	int holder = closed_port(&at, &len, family);
	if (holder < 0)
		return -EADDRNOTAVAIL;
	long error = sys3(connect, fd, &at, len);
	sys1(close, holder);
	return (int)error;
}

static const char *fault_name(enum fault fault)
{
	static const char names[FAULT_COUNT][8] = {
#define X(name, text) text,
	    REHEARSE_FAULTS(X)
#undef X
	};
	return names[fault];
}

static uint64_t now_ms(void)
{
	struct timespec now = {0, 0};
	sys2(clock_gettime, CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void send_line(struct log_line *line, int fd)
{
	__atomic_store_n(&last_ms, os_now_ms(), __ATOMIC_RELAXED);
	if (fd >= 0)
		line_put_key_number(line, "fd", (uint64_t)fd);
	line_put_key_number(line, "time_ms", now_ms());
	line_put_key_number(line, "pid", (uint64_t)sys0(getpid));
	log_file_append(rehearsal.plan->log, line);
}

void fault_tell(enum fault fault, const struct seat *seat, int fd)
{
	struct log_line line;
	line_begin(&line, "fault");
	line_put_text(&line, "kind", fault_name(fault));
	line_put_text(&line, "method", seat->method);
	line_put_text(&line, "host", seat->host);
	line_put_text(&line, "path", seat->path);
	send_line(&line, fd);
}

void fault_tell_early(enum fault fault, int fd, const char *host, bool asked)
{
	struct log_line line;
	line_begin(&line, "fault");
	line_put_text(&line, "kind", fault_name(fault));
	line_put_text(&line, "host", host);
	if (!asked)
		line_put_text(&line, "reason", "cause");
	send_line(&line, fd);
}

bool fault_connect_is_asked(unsigned port)
{
	struct policy_retry settings;
	match_connection(rehearsal.policy, port, &settings);
	return rehearsal.policy->enabled && settings.on & POLICY_ON_CONNECT;
}

bool fault_dns_is_asked(void)
{
	return rehearsal.policy->enabled && rehearsal.policy->uses & POLICY_USES_DNS;
}

bool fault_was_just(void)
{
	uint64_t last = __atomic_load_n(&last_ms, __ATOMIC_RELAXED);
	return last && os_now_ms() - last < JUST_NOW_MS;
}
