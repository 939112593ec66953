#!/bin/sh
# SPDX-License-Identifier: MIT
# tinyproxy 1.11.1 (Debian 12) between a client and a server that both keep their connections; and
# with `Timeout 1` before a server that thinks for three seconds.
# Guess: a proxy of one request a connection says so, `Connection: close` or HTTP/1.0 (RFC 9112 9.6,
#   9.3); a server that is too slow gives 504 (RFC 9110 15.6.5), or at least 408.
# Instead: the head that the client gets is HTTP/1.1 without Connection, which promises that the
#   connection is kept, and then it ends: the next request on it is lost. To the slow one nothing
#   is said at all: the connection ends after the second, without a status.
# Matters: behind it each second request of a client that trusts the head meets a dead connection,
#   and a client that takes an end without an answer for a lost connection asks again.
# Seen 2026-11-29: HTTP/1.1 200 with Via and Content-Length; RemoteDisconnected; curl's 52, 000.
. "$(dirname "$0")/support/find.sh"

get_deb tinyproxy-bin=1.11.1-2.1+deb12u1
serve <<'PY'
def handle(conn):
    while conn.request():
        if conn.path == "/slow":
            time.sleep(3)
        conn.ok("Connection: keep-alive")
PY
own=$(free_port)
cat >"$tmp/proxy.conf" <<CONF
Port $own
Listen 127.0.0.1
Timeout 1
Allow 127.0.0.1
CONF
start "$own" "$tmp/deb/usr/bin/tinyproxy" -d -c "$tmp/proxy.conf"
cat >"$tmp/find.py" <<'PY'
import http.client
import sys
import time

conn = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=20)
for _ in range(2):
    try:
        conn.request("GET", sys.argv[2] + "/a")
        answer = conn.getresponse()
        said = answer.headers["Connection"]
        print(f"{answer.status}, HTTP/{answer.version / 10}, Connection: {said},", end=" ")
        answer.read()
    except (http.client.HTTPException, OSError) as why:
        print(type(why).__name__)
    time.sleep(0.3)
PY
expect "two requests, one connection" \
	"200, HTTP/1.1, Connection: None, RemoteDisconnected" \
	"$(run python3 find.py "$own" "http://127.0.0.1:$port")"
code=$(curl -s -m 20 -o "$tmp/answer" -w '%{http_code}' -x "127.0.0.1:$own" \
	"http://127.0.0.1:$port/slow")
expect "curl's exit status and what it was told, the server being slow" "52, 000" "$?, $code"
expect "times the slow server got the request" 1 "$(reads GET /slow)"
find_end
