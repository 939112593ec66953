#!/bin/sh
# SPDX-License-Identifier: MIT
# Varnish 7.1.1 (Debian 12), nothing set but the server behind it.
# Guess: a chunk extension and a trailer are passed over (RFC 9112 7.1.1, 7.1.2), and so are a 100
#   and a 103 before the answer (RFC 9110 15.2), as Squid, HAProxy, h2o and Go's ReverseProxy do.
# Instead: with a trailer or an extension the answer is cut off, before the body or after it, or is
#   503: which, is chance. With a 100 or a 103 it is always 503 "Backend fetch failed".
# Matters: Varnish adds Retry-After: 5 to its 503, so retry code asks again and again, and each time
#   the server does the work. What is cut off looks like a server that died half-way.
# Seen 2026-11-28: of five answers five good, with a trailer or an extension none or one; with a 100
#   or a 103 503, Retry-After: 5.
. "$(dirname "$0")/support/find.sh"

get_deb varnish=7.1.1-2+deb12u1 libvarnishapi3=7.1.1-2+deb12u1
need cc --version
export LD_LIBRARY_PATH="$libs:$libs/varnish:$tmp/deb/usr/lib/varnish"
serve <<'PY'
CHUNKED = ("HTTP/1.1 200 OK", "Transfer-Encoding: chunked")


def handle(conn):
    while conn.request():
        if conn.path == "/trailer":
            conn.send(*CHUNKED, body="2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n")
        elif conn.path == "/extension":
            conn.send(*CHUNKED, body="2;a=b\r\nok\r\n0\r\n\r\n")
        else:
            if conn.path != "/plain":
                conn.send(f"HTTP/1.1 {conn.path[1:]} Interim")
            conn.ok()
PY
own=$(free_port)
cat >"$tmp/find.vcl" <<VCL
vcl 4.1;
backend server { .host = "127.0.0.1"; .port = "$port"; }
VCL
chmod 755 "$tmp"
start "$own" "$tmp/deb/usr/sbin/varnishd" -F -a "127.0.0.1:$own" -f "$tmp/find.vcl" \
	-n "$tmp/varnish" -s malloc,16m
# ask PATH: the answer, or that it was cut off.
ask() {
	code=$(curl -s -m 5 -D "$tmp/head" -o "$tmp/body" -w '%{http_code}' \
		"http://127.0.0.1:$own/$1") || code="cut off"
	if [ "$code" = 200 ]; then
		echo "200 $(cat "$tmp/body")"
	else
		echo "$code, $(grep -i '^retry-after' "$tmp/head" | tr -d '\r')"
	fi
}

# all_good PATH: yes or no: are twenty answers all good.
all_good() {
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		ask "$1"
	done | grep -vq '^200 ok$' && echo no || echo yes
}

expect "all good, plain" yes "$(all_good plain)"
expect "all good with a trailer" no "$(all_good trailer)"
expect "all good with a chunk extension" no "$(all_good extension)"
expect "a 100 first" "503, Retry-After: 5" "$(ask 100)"
expect "a 103 first" "503, Retry-After: 5" "$(ask 103)"
find_end
