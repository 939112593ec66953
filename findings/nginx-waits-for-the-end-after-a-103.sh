#!/bin/sh
# SPDX-License-Identifier: MIT
# nginx 1.22.1 (Debian 12) before a server that sends `103 Early Hints` and its 200 at once, and
# closes the kept-alive connection after two idle seconds.
# Guess: nginx passes over the 103, as it does not know it, and hands out the 200 at once.
# Instead: the 103 is the answer to nginx, and all that follows, the 200's head too, is its body to
#   the end of the connection. The client gets both heads, so it may even see a good 200, but only
#   when the server closes its idle connection: two seconds late here, and nothing is kept alive.
# Matters: turn on early hints behind such a proxy and each answer takes as long as the keep-alive
#   timeout; a longer timeout, meant to save time, makes it worse.
# Seen 2026-11-28: without a 103 200 in 0 s over one upstream connection; with it 200 in 2 s, two.
. "$(dirname "$0")/support/find.sh"

need nginx -v
nginx -v 2>&1
need curl -V
serve <<'PY'
def handle(conn):
    conn.sock.settimeout(2)
    while conn.request():
        if conn.path == "/103":
            conn.send("HTTP/1.1 103 Early Hints", "Link: </style>; rel=preload")
        conn.ok()
PY
proxy_port=$(python3 -c 'import socket
s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1])')
cat >"$tmp/nginx.conf" <<CONF
daemon off;
worker_processes 1;
pid $tmp/pid;
events {}
http {
	access_log off;
	client_body_temp_path $tmp/body;
	proxy_temp_path $tmp/proxy;
	fastcgi_temp_path $tmp/fastcgi;
	uwsgi_temp_path $tmp/uwsgi;
	scgi_temp_path $tmp/scgi;
	upstream server {
		server 127.0.0.1:$port;
		keepalive 4;
	}
	server {
		listen 127.0.0.1:$proxy_port;
		location / {
			proxy_pass http://server;
			proxy_http_version 1.1;
			proxy_set_header Connection "";
		}
	}
}
CONF
chmod 755 "$tmp"
nginx -e "$tmp/errors" -c "$tmp/nginx.conf" &
nginx=$!
trap 'kill $nginx 2>/dev/null; wait $nginx; stop_server; rm -rf "$tmp"' EXIT
ask() {
	curl -s -o "$tmp/answer" -m 10 --retry 20 --retry-connrefused --retry-delay 1 \
		-w '%{http_code} %{time_total}\n' "http://127.0.0.1:$proxy_port/$1" |
		awk '{ printf "%s in %d s\n", $1, $2 }'
}

expect "no 103" "200 in 0 s" "$(ask plain)"
expect "no 103, again" "200 in 0 s" "$(ask plain)"
expect "connections to the server" 1 "$(conns /plain)"
expect "a 103 first" "200 in 2 s" "$(ask 103)"
expect "a 103 first, again" "200 in 2 s" "$(ask 103)"
expect "connections to the server" 2 "$(conns /103)"
find_end
