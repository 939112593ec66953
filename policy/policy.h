/* SPDX-License-Identifier: MIT */
/*
 * What may be retried, as plain data: fixed size, no pointers, so that it can be copied, written
 * to a file, read back and shared. load.c fills it from a file, decide.c reads it.
 */
#ifndef REDIAL_POLICY_H
#define REDIAL_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "method.h"

/* Goes up whenever struct policy changes shape; a compiled policy of another version is refused. */
#define POLICY_VERSION 10

enum {
	POLICY_RULES_MAX = 32,
	POLICY_HOST_MAX = 128,  /* bytes of a rule's host pattern, the final NUL included */
	POLICY_PATH_MAX = 128,  /* bytes of a rule's path pattern, the final NUL included */
	POLICY_SINK_MAX = 256,  /* bytes of the log file's path, the final NUL included */
	POLICY_HEADER_MAX = 64, /* bytes of a header name, the final NUL included */
	POLICY_ID_HEADERS_MAX = 4,
	POLICY_REDACT_MAX = 8,  /* patterns of paths that the log may not hold as they are */
	POLICY_NAMES_MAX = 8, /* different header names that `retry` and all rules may name */
	POLICY_AFTER_MAX = 12,  /* different after_headers that `retry` and all rules may name */
	POLICY_VETO_MAX = 8,    /* different veto_headers */
	POLICY_AUTH_MAX = 8,  /* different names of single_use_auth, the built-in ones included */
	POLICY_STATUS_MIN = 400,
	POLICY_STATUS_MAX = 599,
	POLICY_STATUS_WORDS = (POLICY_STATUS_MAX - POLICY_STATUS_MIN) / 32 + 1,
};

/* The bits of policy_retry.on: failures that may lead to a resend. */
enum policy_on {
	POLICY_ON_STALE = 1 << 0,
	POLICY_ON_RESET = 1 << 1,
	POLICY_ON_EOF = 1 << 2,
	POLICY_ON_FIRST_USE = 1 << 3,
	POLICY_ON_CONNECT = 1 << 4,
	POLICY_ON_CONNECT_TIMEOUT = 1 << 5,
	POLICY_ON_RESPONSE_TIMEOUT = 1 << 6,
	POLICY_ON_DNS = 1 << 7,
	POLICY_ON_TLS_HANDSHAKE = 1 << 8,
};

enum policy_jitter { JITTER_FULL, JITTER_EQUAL, JITTER_NONE };

enum policy_sink { SINK_SYSLOG, SINK_FILE, SINK_NONE };

enum policy_format { FORMAT_RFC3164, FORMAT_RFC5424 };

/* What the number in one of after_headers means. */
enum policy_unit {
	UNIT_AUTO, /* seconds from now; seconds, or milliseconds, since 1970 if it is that large */
	UNIT_S,
	UNIT_MS,
	UNIT_DATE, /* no number */
	UNIT_COUNT,
};

/* A response's header that says how long to wait, as Retry-After does. */
struct policy_after {
	char name[POLICY_HEADER_MAX];
	uint32_t unit; /* enum policy_unit */
};

/* A response's header that says: do not repeat this request. */
struct policy_veto {
	char name[POLICY_HEADER_MAX];
	char value[POLICY_HEADER_MAX]; /* in any case of letters; "": whatever it is */
};

struct policy_backoff {
	uint32_t base_ms;
	uint32_t max_ms;
	uint32_t multiplier_milli; /* 2000 means 2.0 */
	uint32_t jitter;           /* enum policy_jitter */
};

/* The `retry` group; a rule holds another copy of which only the keys in its `set` count. */
struct policy_retry {
	uint32_t methods; /* mask of method_bit() */
	uint32_t on;      /* mask of enum policy_on */
	uint32_t key_headers;    /* mask of policy.names: each may carry an idempotency key */
	uint32_t attempt_header; /* 1 + its place in policy.names; 0: none */
	uint32_t statuses[POLICY_STATUS_WORDS]; /* a bit for each from POLICY_STATUS_MIN on */
	uint32_t max_attempts; /* sendings of one request, the first included */
	uint32_t total_timeout_ms;
	uint32_t connect_timeout_ms;
	uint32_t response_timeout_ms; /* 0: none */
	uint32_t unacked_timeout_ms;  /* 0: the kernel's */
	uint32_t retry_after_max_ms;
	uint32_t max_idle_ms; /* 0: no limit */
	uint32_t keep_alive_hints; /* 0 or 1 */
	uint32_t add_request_id;   /* 0 or 1 */
	uint32_t max_request_bytes;
	struct policy_backoff backoff;
	uint32_t after_headers;  /* mask of policy.after */
	uint32_t veto_headers;   /* mask of policy.vetoes */
	uint32_t late_ms; /* 0: no loss of a connection comes too late */
	uint32_t single_use_auth; /* mask of policy.auth_names */
	uint32_t address_max_age_ms; /* 0: no limit */
	uint32_t max_requests; /* on one connection; 0: no limit */
	uint32_t resume; /* 0 or 1 */
};

/* The bits of policy_rule.set: which keys a rule names, in the order of struct policy_retry. */
enum policy_key {
	POLICY_KEY_METHODS = 1 << 0,
	POLICY_KEY_ON = 1 << 1,
	POLICY_KEY_KEY_HEADERS = 1 << 2,
	POLICY_KEY_ATTEMPT_HEADER = 1 << 3,
	POLICY_KEY_STATUSES = 1 << 4,
	POLICY_KEY_MAX_ATTEMPTS = 1 << 5,
	POLICY_KEY_TOTAL_TIMEOUT = 1 << 6,
	POLICY_KEY_CONNECT_TIMEOUT = 1 << 7,
	POLICY_KEY_RESPONSE_TIMEOUT = 1 << 8,
	POLICY_KEY_UNACKED_TIMEOUT = 1 << 9,
	POLICY_KEY_RETRY_AFTER_MAX = 1 << 10,
	POLICY_KEY_MAX_IDLE = 1 << 11,
	POLICY_KEY_KEEP_ALIVE_HINTS = 1 << 12,
	POLICY_KEY_ADD_REQUEST_ID = 1 << 13,
	POLICY_KEY_MAX_REQUEST = 1 << 14,
	POLICY_KEY_BACKOFF_BASE = 1 << 15,
	POLICY_KEY_BACKOFF_MAX = 1 << 16,
	POLICY_KEY_BACKOFF_MULTIPLIER = 1 << 17,
	POLICY_KEY_BACKOFF_JITTER = 1 << 18,
	POLICY_KEY_AFTER_HEADERS = 1 << 19,
	POLICY_KEY_VETO_HEADERS = 1 << 20,
	POLICY_KEY_LATE = 1 << 21,
	POLICY_KEY_SINGLE_USE_AUTH = 1 << 22,
	POLICY_KEY_ADDRESS_MAX_AGE = 1 << 23,
	POLICY_KEY_MAX_REQUESTS = 1 << 24,
	POLICY_KEY_RESUME = 1 << 25,
};

struct policy_rule {
	char host[POLICY_HOST_MAX]; /* glob against the Host header without its port; "" matches all */
	char path[POLICY_PATH_MAX]; /* glob against the path without its query; "" matches all */
	uint32_t port;              /* the peer's port; 0 matches all */
	uint32_t line;              /* where the rule starts in the policy's text */
	uint32_t set;               /* mask of enum policy_key */
	struct policy_retry retry;
};

/* What every TCP connection is to have. */
struct policy_tcp {
	struct policy_keep_alive {
		uint32_t idle_s; /* without a byte, before the first probe; 0: no probes */
		uint32_t interval_s; /* between probes; 0: the kernel's */
		uint32_t count;      /* unanswered probes that end it; 0: the kernel's */
	} keep_alive;
};

/* How many resends there may be, over the requests of the last window_ms. */
struct policy_budget {
	uint32_t enabled;
	uint32_t ratio_milli; /* 200: one resend for five requests */
	uint32_t min_per_second; /* that there may be in any case */
	uint32_t window_ms;
};

/* When a peer fails so often that nothing is resent to it for a while. */
struct policy_breaker {
	uint32_t enabled;
	uint32_t failure_ratio_milli; /* of the attempts of the last window_ms */
	uint32_t min_attempts;        /* fewer in a window say nothing */
	uint32_t window_ms;
	uint32_t open_ms;
	uint32_t reject; /* 0 or 1: while open, connect fails at once */
};

struct policy_log {
	uint32_t sink; /* enum policy_sink */
	uint32_t format; /* enum policy_format, of what goes to syslog */
	uint32_t facility; /* syslog facility number, already shifted as in <sys/syslog.h>: user = 8 */
	uint32_t id_header_count;
	char path[POLICY_SINK_MAX]; /* of SINK_FILE */
	char id_headers[POLICY_ID_HEADERS_MAX][POLICY_HEADER_MAX];
};

/* The bits of policy.uses: what `retry` or any rule asks for that costs a look at each request. */
enum policy_use {
	POLICY_USES_STATUSES = 1 << 0,
	POLICY_USES_IDLE = 1 << 1,	       /* max_idle_ms, keep_alive_hints or max_requests */
	POLICY_USES_RESPONSE_TIMEOUT = 1 << 2,
	POLICY_USES_REQUEST_ID = 1 << 3,
	POLICY_USES_CONNECT = 1 << 4,	       /* on connect or connect-timeout */
	POLICY_USES_UNACKED_TIMEOUT = 1 << 5,
	POLICY_USES_DNS = 1 << 6,
	POLICY_USES_FIRST_USE = 1 << 7,
	POLICY_USES_TLS_HANDSHAKE = 1 << 8,
	POLICY_USES_TLS = 1 << 9, /* some library of `tls` */
	POLICY_USES_KEEP_ALIVE = 1 << 10,
	POLICY_USES_RESUME = 1 << 11,
};

/* The bits of policy.tls: libraries whose sessions are followed. */
enum policy_tls {
	POLICY_TLS_OPENSSL = 1 << 0,
	POLICY_TLS_GNUTLS = 1 << 1,
	POLICY_TLS_ALL = (1 << 2) - 1,
};

struct policy {
	uint32_t enabled;
	uint32_t tls; /* mask of enum policy_tls */
	uint32_t rule_count;
	uint32_t uses; /* mask of enum policy_use */
	uint32_t name_count;
	uint32_t after_count;
	uint32_t veto_count;
	uint32_t auth_count;
	uint32_t redact_count;
	/* The largest max_request_bytes of `retry` and all rules: how much of a request to hold. */
	uint32_t hold_max_bytes;
	uint32_t hold_always_bytes; /* the smallest: up to it any rule lets a request be held */
	/*
	 * Methods that are resent after a reset and an eof whatever the rule: only requests of
	 * other methods need a look at the connection before they are written to it.
	 */
	uint32_t methods_always;
	struct policy_retry retry;
	struct policy_tcp tcp;
	struct policy_budget budget;
	struct policy_breaker breaker;
	struct policy_log log;
	char stat_dir[POLICY_SINK_MAX]; /* absolute: where the state is told; "": nowhere */
	char redact_paths[POLICY_REDACT_MAX][POLICY_PATH_MAX]; /* of the log: redact.h */
	char names[POLICY_NAMES_MAX][POLICY_HEADER_MAX]; /* header names, as the policy writes them */
	struct policy_after after[POLICY_AFTER_MAX];
	struct policy_veto vetoes[POLICY_VETO_MAX];
	char auth_names[POLICY_AUTH_MAX][POLICY_HEADER_MAX]; /* schemes, and headers */
	struct policy_rule rules[POLICY_RULES_MAX];
};

/* The built-in policy (scripts/policies/default.cfg spells it out), finished; and a copy of it. */
extern const struct policy policy_builtin __attribute__((visibility("hidden")));
void policy_defaults(struct policy *policy);

/* Does the set, as in policy_retry.statuses, hold this status? Any number may be asked. */
static inline __attribute__((always_inline)) bool policy_has_status(const uint32_t *statuses, unsigned status)
{
	unsigned bit = status - POLICY_STATUS_MIN;

	return bit <= POLICY_STATUS_MAX - POLICY_STATUS_MIN && (statuses[bit / 32] >> bit % 32 & 1);
}

static inline void policy_add_status(uint32_t *statuses, unsigned status)
{
	unsigned bit = status - POLICY_STATUS_MIN;

	statuses[bit / 32] |= UINT32_C(1) << bit % 32;
}

/* Sets the members that follow from others: the two of hold_, methods_always and uses. */
void policy_finish(struct policy *policy);

/* Can the text be a header's name: a token of RFC 9110 section 5.6.2? */
bool policy_is_token(const char *name);

/*
 * May this attempt_header, as in struct policy_retry, be added to a request? Not if `retry` or any
 * rule reads an idempotency key from that header: the copy would carry a second key.
 */
bool policy_may_add(const struct policy *policy, uint32_t attempt_header);

/*
 * Reads a log sink as users write it, "syslog", "none" or "file:PATH" with an absolute PATH, into
 * log->sink and log->path. Returns 0, or -1 and leaves *log alone if text is none of these.
 */
int policy_parse_sink(struct policy_log *log, const char *text);

#endif
