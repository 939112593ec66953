/* SPDX-License-Identifier: MIT */
/*
 * The answers of recent look-ups that hold more than one address. Most programs go through such an
 * answer until one address takes their connection (`localhost` gives ::1 and 127.0.0.1, and often
 * only one of them is served): a failed connect must then be told at once, not retried. Addresses
 * count without port, and an IPv4 address is the same as its mapped IPv6 form.
 *
 * Everything here may be called from any thread, keeps errno and takes no lock that could block:
 * who does not get in at once gives up, and the answer is then the one that changes nothing.
 */
#ifndef REDIAL_PROCESS_RESOLVED_H
#define REDIAL_PROCESS_RESOLVED_H

#include <netdb.h>
#include <stdbool.h>
#include <sys/socket.h>

/* A look-up has given this. Not for signal handlers; may map a page at its first call. */
void resolved_note(const struct addrinfo *answers);
void resolved_note_host(const struct hostent *answer);

/*
 * Does a recent answer that holds this address hold another one that is not known to have failed
 * on the same port lately? Then the program has somewhere else to go.
 */
bool resolved_has_alternative(const struct sockaddr *addr);

/* A connect to the address failed, or succeeded. */
void resolved_failed(const struct sockaddr *addr);
void resolved_worked(const struct sockaddr *addr);

#endif
