/* SPDX-License-Identifier: MIT */
/* The safety rule: when a request may be sent again. Facts in, verdict and reason out. */
#ifndef REDIAL_DECIDE_H
#define REDIAL_DECIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "policy.h"

/* What happened to the last attempt. The names are those of the log and of the policy's `on`. */
#define REDIAL_CAUSES(X)                                                                           \
	X(STALE, "stale")		      /* dead before the request's first byte was taken */ \
	X(RESET, "reset")		      /* ECONNRESET or EPIPE after it */                   \
	X(EOF, "eof")			      /* end of stream after it */                         \
	X(CONNECT, "connect")		      /* a connect was refused, or the peer unreachable */ \
	X(CONNECT_TIMEOUT, "connect-timeout") /* a connect took too long */                        \
	X(RESPONSE_TIMEOUT, "response-timeout") /* no byte of a response came in time */           \
	X(STATUS, "status")			/* the response's status is one of `statuses` */   \
	X(IDLE, "idle") /* so long idle that the server may be closing it */                       \
	X(DNS, "dns")	/* a name could not be resolved for the moment */                               \
	X(TLS_HANDSHAKE, "tls-handshake") /* dead before the first byte of a TLS server */         \
	X(MAX_REQUESTS, "max-requests") /* has had as many requests as its server takes */         \
	X(BODY, "body") /* reset or end of stream amid the response's body */

enum cause {
#define X(name, text) CAUSE_##name,
	REDIAL_CAUSES(X)
#undef X
	    CAUSE_COUNT
};

/* Is the connection alive, and another one is dialed before it can fail? */
static inline bool cause_is_replacement(enum cause cause)
{
	return cause == CAUSE_IDLE || cause == CAUSE_MAX_REQUESTS;
}

/*
 * Is the first redial after such a failure made at once? Only where it says nothing of the peer's
 * health: the connection was the trouble.
 */
static inline bool cause_is_immediate(enum cause cause)
{
	return cause == CAUSE_STALE || cause == CAUSE_RESET || cause == CAUSE_EOF ||
	       cause == CAUSE_BODY || cause_is_replacement(cause);
}

/* Why a request is not sent again; REASON_NONE goes with the verdict that it is. */
#define REDIAL_REASONS(X)                                                                          \
	X(NONE, "none")                                                                            \
	X(DISABLED, "disabled")       /* the policy says enabled = false */                        \
	X(CAUSE, "cause")             /* the policy's `on` does not list what happened */          \
	X(METHOD, "method")           /* bytes were sent and the method may not be repeated */     \
	X(FIRST_USE, "first-use")     /* first request of its connection, and `on` lacks it */     \
	X(STARTED, "response-started") /* the program has seen part of the answer */               \
	X(NOT_RESUMABLE, "not-resumable") /* so it has, and nothing proves the rest to be its own */ \
	X(NOT_HELD, "not-held")       /* not all of its bytes are in our copy */                   \
	X(TOO_LARGE, "too-large")     /* larger than max_request_bytes */                          \
	X(LATE, "late")               /* the peer had taken it, and lost it after late_ms or more */ \
	X(SHUTDOWN, "shutdown")       /* the program itself shut the connection down */            \
	X(AUTH, "connection-auth")    /* NTLM or Negotiate: authentication is the connection's */  \
	X(ADDRESS_AGE, "address-age") /* the look-up that gave the peer's address is too old */    \
	X(ATTEMPTS, "attempts")       /* max_attempts reached */                                   \
	X(DEADLINE, "deadline")       /* total_timeout_ms used up */                               \
	X(IDENTITY, "identity")       /* not the socket, or the local peer, that it was before */  \
	X(UNSEEN_BYTES, "unseen-bytes") /* bytes went in or out past the hooks */                  \
	X(UNSEEN_WAIT, "unseen-wait") /* the program waits for it by calls that redial cannot see */ \
	X(ABANDONS, "abandons")       /* the program leaves its rescues before their answers */     \
	X(SHARED, "shared")           /* other descriptors or processes hold the socket */         \
	X(SIGNALS, "signals")         /* they tell the program of its socket: O_ASYNC */           \
	X(RESOURCES, "resources")     /* no descriptor or memory for a new connection */           \
	X(OPTIONS, "options")         /* no new socket could have the options of the old one */    \
	X(ANSWERED, "answer-waiting") /* the dead connection still holds an answer to read */      \
	X(RETRY_AFTER, "retry-after") /* the server asks for more patience than the policy has */  \
	X(SINGLE_USE, "single-use-auth") /* 401 answers a sending whose token served before */      \
	X(CONFLICT, "conflict")       /* 409 or 422 answers an idempotency key, for good */        \
	X(VETO, "veto")               /* the response carries one of veto_headers */               \
	X(PROGRAM_RETRIES, "program-retries") /* the program repeats what gets a status itself */  \
	X(BUDGET, "budget")           /* the retry budget is spent */                              \
	X(BREAKER, "breaker")         /* too much fails at this peer, nothing is resent to it */   \
	X(TLS_SESSION, "tls-session") /* a TLS session that is left alone, or could not be had again */ \
	X(TLS_IN_FLIGHT, "tls-in-flight") /* bytes are between the TLS library and the socket */   \
	X(TLS_CERTIFICATE, "tls-certificate") /* another certificate than the program accepted */  \
	X(TLS_VERIFY, "tls-verify")   /* the certificate's chain is judged differently */          \
	X(TLS_VERSION, "tls-version") /* a lower version of TLS */                                 \
	X(TLS_CIPHER, "tls-cipher")   /* a weaker cipher */                                        \
	X(TLS_ALPN, "tls-alpn")       /* another protocol was agreed on */                         \
	X(PROXY, "proxy")	      /* the proxy did not open the tunnel as it had before */    \
	X(NOT_THE_REST, "not-the-rest") /* what was asked for the rest of a body gave another thing */

enum reason {
#define X(name, text) REASON_##name,
	REDIAL_REASONS(X)
#undef X
	    REASON_COUNT
};

/* All that the verdict rests on. With several requests unanswered they stand for all of them. */
struct decide_facts {
	enum cause cause;     /* of the latest failure */
	uint32_t methods;     /* mask of the methods of all requests that would be sent again */
	uint32_t request_len; /* bytes that would be sent again */
	uint32_t attempts; /* sendings and dialings so far, the program's own included: 1 or more */
	uint32_t elapsed_ms;  /* since the first failure of this request */
	uint32_t worked_ms;   /* from a request that is taken to the loss of its connection */
	bool taken;	      /* the peer's kernel has acknowledged the oldest request, all of it */
	bool awaits_continue; /* only its head is out: it asks for leave to send the rest */
	bool reused;	      /* a complete response was read on the connection before */
	bool unsent;	      /* the kernel has taken no byte of the request */
	bool response_started; /* the program was handed a byte of the response */
	bool resumable;	       /* so it was, and the rest of its body can be asked for */
	bool held;	       /* every byte that would be sent again is in our copy */
	bool shut_down;	       /* the program called shutdown on the connection */
	bool connection_auth;  /* the connection carries NTLM or Negotiate authentication */
	bool keyed; /* each of those that is a POST or PATCH has an idempotency key of the policy's
		     */
	uint32_t status;	 /* of CAUSE_STATUS, else 0 */
	uint32_t retry_after_ms; /* that the response asks for; 0 if nothing */
	bool vetoed;		 /* the response says by one of veto_headers: not again */
	bool left;		 /* to the program, which repeats its requests by itself */
	uint32_t address_age_ms; /* since the look-up of the peer's name; 0 if there was none */
	bool elsewhere;		 /* the next dial would be to another address of the same name */
	bool rescuing;		 /* an earlier failure of this request was already let pass */
};

/*
 * May the request be sent again? Returns REASON_NONE if so, else the first reason against it in
 * the order: disabled, shutdown, response-started (without `resume`) or not-resumable (with it),
 * connection-auth, first-use, cause, conflict, veto, method, late, too-large, not-held,
 * program-retries, address-age, attempts, retry-after, deadline. First-use is asked of stale, reset and eof alone, and while rescuing only of an eof if
 * the request was taken; then a refused connect needs no leave of `on` either, nor has one that
 * timed out if the next is elsewhere. A request of which the kernel took nothing passes whatever
 * its method (RFC 9110 section 9.2.2: it was never applied) and size, and so does the method of one
 * whose content nobody has asked for yet (section 10.1.1). Of the others a POST or PATCH passes if
 * keyed, or if the settings list it: those of `retry` never do, those of a rule only for a path
 * that it names (load.h, compiled.h see to that).
 */
enum reason decide(const struct policy *policy, const struct policy_retry *settings,
		   const struct decide_facts *facts);

/* The names above, as the log writes them; literals. */
const char *cause_name(enum cause cause);
const char *reason_name(enum reason reason);

#endif
