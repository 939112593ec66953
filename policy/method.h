/* SPDX-License-Identifier: MIT */
/* The HTTP methods that redial tells apart. */
#ifndef REDIAL_METHOD_H
#define REDIAL_METHOD_H

#include <stddef.h>
#include <stdint.h>

/*
 * One list drives the enum, the names and the parser. RFC 9110 section 9 and the IANA registry;
 * a method that is not here is METHOD_OTHER: framed like any other, never resent.
 */
#define REDIAL_METHODS(X)                                                                          \
	X(GET)                                                                                     \
	X(HEAD)                                                                                    \
	X(POST)                                                                                    \
	X(PUT)                                                                                     \
	X(DELETE)                                                                                  \
	X(PATCH)                                                                                   \
	X(OPTIONS)                                                                                 \
	X(TRACE)                                                                                   \
	X(CONNECT)                                                                                 \
	X(PROPFIND)                                                                                \
	X(REPORT)                                                                                  \
	X(SEARCH)                                                                                  \
	X(QUERY)

enum method {
	METHOD_OTHER,
#define X(name) METHOD_##name,
	REDIAL_METHODS(X)
#undef X
	METHOD_COUNT
};

/* A set of methods is a mask of these bits. */
static inline uint32_t method_bit(enum method method)
{
	return UINT32_C(1) << method;
}

/* The method's name, a literal; "other" for METHOD_OTHER and for what is out of range. */
const char *method_name(enum method method);

/* The method whose name is exactly the len bytes at name (case matters, RFC 9110 section 9.1). */
enum method method_parse(const char *name, size_t len);

#endif
