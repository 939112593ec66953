#!/bin/sh
# SPDX-License-Identifier: MIT
# Caddy 2.6.2 of Debian 12 as a reverse proxy that passes each byte on at once (flush_interval -1): it
# is given another configuration, or told to stop, while requests wait for the server or read its
# answer.
# Guess: a reload lets what runs come to its end, as it does without flush_interval, and at the latest
#   a stop ends it.
# Instead: it is the other way round. A reload calls off the requests to the server: who waits for the
#   head gets 502, also for a POST that the server is working on; of a chunked answer that has begun
#   the client gets half, with the last chunk, as a whole one; with Content-Length it is cut. A stop
#   lets all of them come to their end.
# Matters: event streams and long polls end at each reload, half a chunked answer is a success to the
#   client and its retry code, and a POST that is sent again after that 502 is done twice.
# Seen 2026-11-29, status and bytes of a whole of 10: see the expectations.
. "$(dirname "$0")/support/find.sh"

get_deb caddy=2.6.2-5
cat >"$tmp/ask.py" <<'PY'
import http.client
import os
import subprocess
import sys
import time

own, caddy, how = sys.argv[1:4]
asked = (("GET", "/head"), ("POST", "/head"), ("GET", "/chunks"), ("GET", "/length"))
conns = [http.client.HTTPConnection("127.0.0.1", int(own), timeout=10) for _ in asked]
for conn, (method, path) in zip(conns, asked):
    conn.request(method, path)
time.sleep(0.7)
said = []
if how == "stop":
    os.kill(int(caddy), 15)
elif how == "reload":
    subprocess.run(["deb/usr/bin/caddy", "reload", "--config", "other", "--adapter", "caddyfile"],
                   check=True, capture_output=True)
for conn in conns:
    answer = conn.getresponse()
    try:
        body, whole = answer.read(), "whole"
    except http.client.IncompleteRead as part:
        body, whole = part.partial, "cut"
    said.append(f"{answer.status} {len(body)} {whole}")
print("; ".join(said))
PY
serve <<'PY'
def handle(conn):
    while conn.request():
        if conn.path == "/head":
            time.sleep(2)
            conn.send("HTTP/1.1 200 OK", "Content-Length: 10", body="a" * 10)
        elif conn.path == "/chunks":
            conn.send("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", body="5\r\naaaaa\r\n")
            time.sleep(2)
            conn.sock.sendall(b"5\r\naaaaa\r\n0\r\n\r\n")
        else:
            conn.send("HTTP/1.1 200 OK", "Content-Length: 10", body="aaaaa")
            time.sleep(2)
            conn.sock.sendall(b"aaaaa")
PY
cd "$tmp" || exit 1
export HOME="$tmp"
admin=$(free_port)
# asks STATEMENT FLUSH HOW WANT
asks() {
	own=$(free_port)
	for config in first other; do
		cat >$config <<CONF
{
	admin 127.0.0.1:$admin
	auto_https off
	grace_period 10s
}
http://127.0.0.1:$own {
	bind 127.0.0.1
	header X-Configuration $config
	reverse_proxy 127.0.0.1:$port {
		$2
	}
}
CONF
	done
	start "$own" deb/usr/bin/caddy run --config first --adapter caddyfile
	expect "$1" "$4" "$(run python3 ask.py "$own" "${started##* }" "$3")"
	kill "${started##* }" 2>null
	wait "${started##* }"
}

whole="200 10 whole; 200 10 whole; 200 10 whole; 200 10 whole"
asks "without it, reload" "" reload "$whole"
asks "nothing" "flush_interval -1" nothing "$whole"
asks "reload" "flush_interval -1" reload "502 0 whole; 502 0 whole; 200 5 whole; 200 5 cut"
asks "stop" "flush_interval -1" stop "$whole"
find_end
