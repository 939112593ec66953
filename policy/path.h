/* SPDX-License-Identifier: MIT */
/*
 * The path of a request target as servers read it: pure. Percent-encoded unreserved characters are
 * decoded, hexadecimal digits made upper case and dot segments removed, RFC 3986 sections 6.2.2 and
 * 5.2.4: on these all agree. Where they do not, a path has several readings, or none that is known.
 */
#ifndef REDIAL_PATH_H
#define REDIAL_PATH_H

#include <stdbool.h>
#include <stddef.h>

enum { PATH_ROOM = 1024 };

/* What some servers do besides; a reading is a set of these, 0 the one that RFC 3986 has. */
enum path_liberty {
	PATH_SLASHES = 1 << 0,	 /* %2F is a slash */
	PATH_MERGED = 1 << 1,	 /* several slashes are one */
	PATH_AUTHORITY = 1 << 2, /* what follows two slashes at the start is a host */
	PATH_READINGS = 1 << 3,	 /* so many there may be */
};

/* One reading of a path. */
struct path {
	const char *text; /* in the target itself, or in room */
	size_t len;
	char room[PATH_ROOM];
};

/*
 * Where the path of a request target is: of an absolute URI, which proxies are sent, without scheme
 * and authority ("/" if it has no path); and without a query or fragment. Returns its length.
 */
size_t path_of(const char *target, size_t len, const char **path);

/*
 * The liberties that make a difference to this path: none for most. -1: nobody can tell how it will
 * be read, as it holds what no path may (RFC 3986 section 3.3), a backslash, or a dot segment with
 * a parameter. *plain: reading 0 is the path as it stands.
 */
int path_liberties(const char *path, size_t len, bool *plain);

/* Fills *to with one reading of a path with such liberties. false if it does not fit. */
bool path_read(struct path *to, const char *path, size_t len, unsigned reading);

#endif
