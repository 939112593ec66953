/* SPDX-License-Identifier: MIT */
/* How a peer is named in the log. */
#ifndef REDIAL_LOG_PEER_H
#define REDIAL_LOG_PEER_H

#include <sys/socket.h>

enum { LOG_PEER_MAX = 128 }; /* bytes of a name, the final NUL included */

/*
 * "10.0.0.7:8080", "[::1]:8080", "unix:/run/x" or, of an abstract name (unix(7)), "unix:@x"; cut to
 * fit, and "" for any other family. *peer must be a whole address of its family.
 */
void log_name_peer(char to[LOG_PEER_MAX], const struct sockaddr *peer);

#endif
