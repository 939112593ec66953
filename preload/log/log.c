/* SPDX-License-Identifier: MIT */
#include "log.h"

#include "../os/mem.h"
#include "../process/live.h"
#include "line.h"
#include "peer.h"
#include "sink.h"
#include "told.h"

/* <sys/syslog.h> */
enum { LEVEL_ERR = 3, LEVEL_NOTICE = 5, LEVEL_INFO = 6 };

static void put_identity(struct log_line *line, const struct log_request *who)
{
	line_put_text(line, "method", who->method);
	line_put_text(line, "host", who->host);
	line_put_text(line, "path", who->path);
	if (who->resumes)
		line_put_key_number(line, "resumed_at", who->resumed_at);
	line_put_text(line, "peer", who->peer);
	if (who->fd >= 0)
		line_put_key_number(line, "fd", (uint64_t)who->fd);
	line_put_text(line, "tls", who->tls);
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
	told_now(TOLD_EVENT);
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
	log_name_peer(name, peer);
	line_begin(&line, "breaker");
	line_put_text(&line, "state", state);
	line_put_text(&line, "peer", name);
	log_sink_send(&line, LEVEL_NOTICE);
}

void log_tls_left_alone(const char *file, const char *why, const char *what)
{
	struct log_line line;
	char error[96];
	size_t len = text_len(why, sizeof(error) - 1);
	size_t more = text_len(what, sizeof(error) - 1 - len);
	memcpy(error, why, len);
	memcpy(error + len, what, more);
	error[len + more] = '\0';
	line_begin(&line, "tls");
	line_put_text(&line, "result", "left-alone");
	line_put_text(&line, "file", file);
	line_put_text(&line, "error", error);
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
