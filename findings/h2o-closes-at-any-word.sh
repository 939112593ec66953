#!/bin/sh
# SPDX-License-Identifier: MIT
# h2o 2.2.5 (Debian 12) as a server of files: a client asks twice over HTTP/1.1.
# Guess: the connection is kept unless the client's Connection says close (RFC 9112 9.3).
# Instead: any Connection without keep-alive ends it: `TE`, as clients say who take trailers
#   `keep-alive, TE` keeps it, and `TE, keep-alive` does.
# Matters: nothing fails, so nobody looks; each request of such a client costs a new connection.
# Seen 2026-11-28: two connections for two requests with `TE`, one with the others and without any.
. "$(dirname "$0")/support/find.sh"

get_deb h2o=2.2.5+dfsg2-7 libh2o0.13=2.2.5+dfsg2-7 libwslay1=1.1.1-3+b1
own=$(free_port)
cat >"$tmp/h2o.conf" <<CONF
listen:
  host: 127.0.0.1
  port: $own
hosts:
  default:
    paths:
      /:
        file.dir: $tmp/files
CONF
mkdir "$tmp/files"
echo ok >"$tmp/files/a"
chmod -R a+rX "$tmp"
export LD_LIBRARY_PATH="$libs"
start "$own" "$tmp/deb/usr/bin/h2o" -c "$tmp/h2o.conf"
unset LD_LIBRARY_PATH
used() {
	curl -s -m 5 -o "$tmp/a" -o "$tmp/a" -w '%{num_connects}\n' "$@" \
		"http://127.0.0.1:$own/a" "http://127.0.0.1:$own/a" | awk '{ n += $1 } END { print n }'
}

expect "connections without Connection" 1 "$(used)"
expect "connections with Connection: TE" 2 "$(used -H 'Connection: TE' -H 'TE: trailers')"
expect "connections with Connection: keep-alive, TE" 1 \
	"$(used -H 'Connection: keep-alive, TE' -H 'TE: trailers')"
expect "connections with Connection: TE, keep-alive" 1 \
	"$(used -H 'Connection: TE, keep-alive' -H 'TE: trailers')"
find_end
