#!/bin/sh
# SPDX-License-Identifier: MIT
# Privoxy 3.0.34 (Debian 12), with keep-alive-timeout, connection-sharing and default-server-timeout
# as its config file offers them. A server says 408 to an idle connection and closes it, as they do.
# Guess: a proxy passes over what came before its request, as Squid, HAProxy, nginx and Varnish do.
# Instead: the 408 is the answer to the client's next request, a POST as well, which the server
#   never saw. And to an answer with `Connection: close` Privoxy adds
#   `Proxy-Connection: keep-alive`, so that the head says both.
# Matters: 408 tells retry code that the server gave up on a request that it had begun to read.
# Seen 2026-11-28: GET 408, POST 408, 0 such requests at the server; both fields in one head.
. "$(dirname "$0")/support/find.sh"

get_deb privoxy=3.0.34-1
serve <<'PY'
def handle(conn):
    while conn.request():
        if conn.path == "/close":
            conn.ok("Connection: close")
            return
        conn.ok()
        if conn.path == "/first":
            time.sleep(0.02)
            conn.send("HTTP/1.1 408 Request Timeout", "Connection: close", "Content-Length: 0")
            conn.sock.shutdown(1)
            time.sleep(1)
            return
PY
own=$(free_port)
cat >"$tmp/config" <<CONF
listen-address 127.0.0.1:$own
keep-alive-timeout 5
connection-sharing 1
default-server-timeout 60
CONF
start "$own" "$tmp/deb/usr/sbin/privoxy" --no-daemon "$tmp/config"
cat >"$tmp/find.py" <<'PY'
import http.client
import os
import sys
import time

method, proxy_port = sys.argv[1:]
base = f"http://127.0.0.1:{os.environ['port']}"
client = http.client.HTTPConnection("127.0.0.1", int(proxy_port), timeout=5)
for method, path in ("GET", "/first"), (method, "/next"):
    client.request(method, base + path, body="x" if method == "POST" else None)
    answer = client.getresponse()
    answer.read()
    print(answer.status)
    time.sleep(0.2)
PY

expect "a GET, and 0.2 s later another" "200 408" "$(run python3 find.py GET "$own" | xargs)"
expect "a GET, and 0.2 s later a POST" "200 408" "$(run python3 find.py POST "$own" | xargs)"
expect "such requests that the server saw" "0 0" "$(reads GET /next) $(reads POST /next)"
curl -s -m 5 -D "$tmp/head" -o "$tmp/a" -x "http://127.0.0.1:$own" "http://127.0.0.1:$port/close"
expect "words in the head after a close" "Connection: close Proxy-Connection: keep-alive" \
	"$(tr -d '\r' <"$tmp/head" | grep -i connection | xargs)"
find_end
