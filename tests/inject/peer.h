/* SPDX-License-Identifier: MIT */
/* The server that the client talks to: threads of the driver, which so knows what came. */
#ifndef REDIAL_INJECT_PEER_H
#define REDIAL_INJECT_PEER_H

#include <stdbool.h>
#include <stddef.h>

/* What becomes of a connection whose request number 2 comes for the first time in its round. */
enum fault {
	FAULT_NONE,
	FAULT_RESET,	  /* the request is read, then RST */
	FAULT_CLOSE,	  /* read, then FIN */
	FAULT_STATUS,	  /* answered with 503 */
	FAULT_SILENT,	  /* read, and never answered */
	FAULT_IDLE_RESET, /* RST behind the answer to request number 1, the first time */
	FAULT_IDLE_CLOSE,
};

enum { ROUNDS_MAX = 64 };

/* Starts it; also makes FOLDER/trusted.pem, by which the TLS port can be trusted. false: errno. */
bool peer_start(const char *folder);
int peer_port(bool tls);

/* From now on requests are those of this run, and there is this fault. */
void peer_expect(int run, enum fault fault);

/* How often request number 2 of a round was read whole, in this run; the most of all rounds. */
int peer_most(void);

/* Did bytes come that are no request, or one of another run? Says it once. */
bool peer_was_puzzled(void);

#endif
