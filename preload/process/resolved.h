/* SPDX-License-Identifier: MIT */
/*
 * The answers of recent look-ups: which name led where, and when.
 *
 * Most programs go through an answer of more than one address until one takes their connection
 * (`localhost` gives ::1 and 127.0.0.1, and often only one of them is served): a failed connect
 * must then be told at once, not retried, and a redial that fails has somewhere else to go. And an
 * address may be handed on to another service: it is good for a while only. Addresses count without
 * port, and an IPv4 address is the same as its mapped IPv6 form.
 *
 * Everything here may be called from any thread, keeps errno and takes no lock that could block:
 * who does not get in at once gives up, and the answer is then the one that changes nothing.
 */
#ifndef REDIAL_PROCESS_RESOLVED_H
#define REDIAL_PROCESS_RESOLVED_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct addrinfo;
struct hostent;

enum { RESOLVED_ADDRESSES_MAX = 8 }; /* of one answer; the rest of a longer one is not kept */

struct resolved_address {
	uint8_t bytes[16]; /* of IPv6; an IPv4 address in its mapped form (RFC 4291) */
};

/*
 * A look-up of this name, "" for none, has given this. Not for signal handlers; may map pages at
 * its first call. An address that is written out is no name.
 */
void resolved_note(const char *name, const struct addrinfo *answers);
void resolved_note_host(const char *name, const struct hostent *answer);

/*
 * How long ago the name of a connection to this address was last looked up with that outcome: 0 if
 * no look-up gave the address, UINT64_MAX if that has been forgotten. host: the name, as a
 * request's Host has it, or "". Where it was not looked up, and several others lead there, the
 * oldest counts.
 */
uint64_t resolved_age_ms(const struct sockaddr *addr, const char *host, uint64_t now_ms);

/*
 * The other addresses of the answer that such a connection is from, in its order; there is room for
 * RESOLVED_ADDRESSES_MAX. Returns how many: none if it is not sure which answer that is. A request
 * whose host is an address is for who is there and no other, and the first piece of one, or one
 * without a Host, may be.
 */
uint32_t resolved_others(const struct sockaddr *addr, const char *host,
			 struct resolved_address *others);

/*
 * Does a recent answer that holds this address hold another one that is not known to have failed
 * on the same port lately? Then the program has somewhere else to go.
 */
bool resolved_has_alternative(const struct sockaddr *addr);

/* A connect to the address failed, or succeeded. */
void resolved_failed(const struct sockaddr *addr);
void resolved_worked(const struct sockaddr *addr);

#endif
