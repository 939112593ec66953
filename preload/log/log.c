/* SPDX-License-Identifier: MIT */
#include "log.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/un.h>

#include "../process/config.h"
#include "../http1/http1.h"
#include "../process/live.h"
#include "line.h"
#include "sink.h"
#include "../os/mem.h"

/* <sys/syslog.h> */
enum { LEVEL_ERR = 3, LEVEL_NOTICE = 5, LEVEL_INFO = 6 };

static void copy_text(char *to, size_t room, struct http1_text from)
{
	size_t len = from.len < room - 1 ? from.len : room - 1;
	memcpy(to, from.text, len);
	to[len] = '\0';
}

static void copy_path(char *to, size_t room, struct http1_text target)
{
	size_t len = 0;
	while (len < target.len && target.text[len] != '?' && target.text[len] != '#')
		len++;
	copy_text(to, room, (struct http1_text){target.text, len});
}

static void copy_request_id(char *to, size_t room, const char *head, size_t len)
{
	to[0] = '\0';
	for (uint32_t i = 0; i < config.log.id_header_count && !to[0]; i++)
		copy_text(to, room, http1_head_value(head, len, config.log.id_headers[i]));
	if (!config.log.id_header_count && config.policy->uses & POLICY_USES_REQUEST_ID)
		copy_text(to, room, http1_head_value(head, len, REQUEST_ID_HEADER));
}

static void copy_peer(char *to, const struct sockaddr *peer)
{
	struct log_line line;
	line.len = 0;
	if (peer->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)peer;
		line_put_ipv4(&line, (const uint8_t *)&in->sin_addr);
		line_put(&line, ":");
		line_put_number(&line, ntohs(in->sin_port));
	} else if (peer->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)peer;
		line_put(&line, "[");
		line_put_ipv6(&line, (const uint8_t *)&in6->sin6_addr);
		line_put(&line, "]:");
		line_put_number(&line, ntohs(in6->sin6_port));
	} else if (peer->sa_family == AF_UNIX) {
		const struct sockaddr_un *un = (const struct sockaddr_un *)(const void *)peer;
		char name[LOG_PEER_MAX];
		bool abstract = un->sun_path[0] == '\0'; /* unix(7) */
		const char *start = un->sun_path + abstract;
		copy_text(name, sizeof(name),
			  (struct http1_text){start, text_len(start, sizeof(un->sun_path) - 1)});
		line_put(&line, abstract ? "unix:@" : "unix:");
		line_put(&line, name);
		line.len = line.len < LOG_PEER_MAX ? line.len : LOG_PEER_MAX - 1;
	}
	memcpy(to, line.text, line.len);
	to[line.len] = '\0';
}

void log_identify(struct log_request *who, int fd, const char *head, size_t len, enum method method,
		  const struct sockaddr *peer)
{
	who->method = method_name(method);
	who->fd = fd;
	who->status = 0;
	copy_text(who->host, sizeof(who->host), http1_head_value(head, len, "host"));
	copy_path(who->path, sizeof(who->path), http1_head_target(head, len));
	copy_request_id(who->request_id, sizeof(who->request_id), head, len);
	copy_text(who->traceparent, sizeof(who->traceparent),
		  http1_head_value(head, len, "traceparent"));
	copy_peer(who->peer, peer);
}

static void put_identity(struct log_line *line, const struct log_request *who)
{
	line_put_text(line, "method", who->method);
	line_put_text(line, "host", who->host);
	line_put_text(line, "path", who->path);
	line_put_text(line, "peer", who->peer);
	if (who->fd >= 0)
		line_put_key_number(line, "fd", (uint64_t)who->fd);
}

static void put_cause(struct log_line *line, const struct log_request *who, enum cause cause)
{
	line_put_text(line, "cause", cause_name(cause));
	if (who->status)
		line_put_key_number(line, "status", who->status);
}

static void finish(struct log_line *line, const struct log_request *who, int level)
{
	line_put_text(line, "request_id", who->request_id);
	line_put_text(line, "traceparent", who->traceparent);
	log_sink_send(line, level);
}

void log_attempt(const struct log_request *who, uint32_t attempt, uint32_t max, enum cause cause,
		 uint32_t delay_ms)
{
	struct log_line line;
	live_count(PROCESS_ATTEMPTS);
	line_begin(&line, "attempt");
	line_put_key_number(&line, "attempt", attempt);
	line_put_key_number(&line, "max", max);
	put_cause(&line, who, cause);
	put_identity(&line, who);
	line_put_key_number(&line, "delay_ms", delay_ms);
	finish(&line, who, LEVEL_INFO);
}

static void begin_outcome(struct log_line *line, const char *result, uint32_t attempts)
{
	line_begin(line, "outcome");
	line_put_text(line, "result", result);
	line_put_key_number(line, "attempts", attempts);
}

void log_recovered(const struct log_request *who, uint32_t attempts, unsigned status,
		   uint64_t elapsed_ms)
{
	struct log_line line;
	live_count(PROCESS_RECOVERED);
	begin_outcome(&line, "recovered", attempts);
	if (status)
		line_put_key_number(&line, "status", status);
	line_put_key_number(&line, "elapsed_ms", elapsed_ms);
	put_identity(&line, who);
	finish(&line, who, LEVEL_INFO);
}

void log_exhausted(const struct log_request *who, uint32_t attempts, enum cause cause,
		   enum reason reason, uint64_t elapsed_ms)
{
	struct log_line line;
	live_count(PROCESS_EXHAUSTED);
	begin_outcome(&line, "exhausted", attempts);
	put_cause(&line, who, cause);
	line_put_text(&line, "reason", reason_name(reason));
	line_put_key_number(&line, "elapsed_ms", elapsed_ms);
	put_identity(&line, who);
	finish(&line, who, LEVEL_INFO);
}

void log_kept(const struct log_request *who, uint32_t attempts, enum cause cause,
	      uint64_t elapsed_ms)
{
	struct log_line line;
	live_count(PROCESS_KEPT);
	begin_outcome(&line, "kept", attempts);
	line_put_text(&line, "cause", cause_name(cause));
	line_put_key_number(&line, "elapsed_ms", elapsed_ms);
	put_identity(&line, who);
	finish(&line, who, LEVEL_INFO);
}

void log_abandoned(const struct log_request *who, uint32_t attempts, uint64_t elapsed_ms)
{
	struct log_line line;
	live_count(PROCESS_ABANDONED);
	begin_outcome(&line, "abandoned", attempts);
	line_put_key_number(&line, "elapsed_ms", elapsed_ms);
	put_identity(&line, who);
	finish(&line, who, LEVEL_INFO);
}

void log_refused(const struct log_request *who, enum cause cause, enum reason reason)
{
	struct log_line line;
	live_count(PROCESS_REFUSED);
	line_begin(&line, "refused");
	line_put_text(&line, "reason", reason_name(reason));
	put_cause(&line, who, cause);
	put_identity(&line, who);
	finish(&line, who, LEVEL_NOTICE);
}

void log_breaker(const struct sockaddr *peer, const char *state)
{
	struct log_line line;
	char name[LOG_PEER_MAX];
	copy_peer(name, peer);
	line_begin(&line, "breaker");
	line_put_text(&line, "state", state);
	line_put_text(&line, "peer", name);
	log_sink_send(&line, LEVEL_NOTICE);
}

void log_invalid_policy(const char *file, unsigned line_number, const char *error)
{
	struct log_line line;
	line_begin(&line, "policy");
	line_put_text(&line, "result", "invalid");
	line_put_text(&line, "file", file);
	if (line_number)
		line_put_key_number(&line, "line", line_number);
	line_put_text(&line, "error", error);
	log_sink_send(&line, LEVEL_ERR);
}
