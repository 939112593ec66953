#!/bin/sh
# SPDX-License-Identifier: MIT
# A server dies in the middle of a chunked answer: one chunk, no last one, and the connection ends.
# Six proxies between it and a client, all of which had asked it with HTTP/1.1.
# Guess: each cuts its own answer off, as it must not pass for a whole one (RFC 9112 8; 7.1): Go's
#   ReverseProxy, HAProxy and nghttpx do.
# Instead: goproxy, h2o and lighttpd make half an answer a whole one, h2o and goproxy (if it is
#   long) by a last chunk of their own, lighttpd and goproxy (if it is short) by a Content-Length.
# Matters: the loss ends at the proxy: client and retry code see 200 and no error, and a cache keeps
#   the half. With Content-Length from the server none of the six does it.
# Versions: goproxy 1.9.3, Go 1.26.8; h2o 2.2.5, lighttpd 1.4.69, HAProxy 2.6.12 and nghttpx 1.52.0
#   of Debian 12.
# Seen 2026-11-29: see the expectations.
. "$(dirname "$0")/support/find.sh"

get_deb haproxy=2.6.12-1+deb12u4 lighttpd=1.4.69-1 nghttp2-proxy=1.52.0-1+deb12u3 \
	libnghttp2-14=1.52.0-1+deb12u3 libc-ares2=1.18.1-3 libev4=1:4.33-1 \
	h2o=2.2.5+dfsg2-7 libh2o0.13=2.2.5+dfsg2-7 libwslay1=1.1.1-3+b1
get_go github.com/elazarl/goproxy@v1.9.3 <<'GO'
package main

import (
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"

	"github.com/elazarl/goproxy"
)

func main() {
	var proxy http.Handler = goproxy.NewProxyHttpServer()
	if os.Args[1] == "ReverseProxy" {
		to, _ := url.Parse("http://127.0.0.1:" + os.Args[3])
		proxy = httputil.NewSingleHostReverseProxy(to)
	}
	http.ListenAndServe("127.0.0.1:"+os.Args[2], proxy)
}
GO
cat >"$tmp/server.py" <<'PY'
import os
import socket
import sys
import threading
import time


def handle(conn):
    head = b""
    while b"\r\n\r\n" not in head:
        head += conn.recv(65536)
    start = head.split(b"\r\n")[0]
    body = b"a" * (100000 if b"long" in start else 10)
    if not start.endswith(b"HTTP/1.1"):
        answer = b"HTTP/1.1 500 Asked with HTTP/1.0\r\n\r\n"
    elif b"chunked" in start:
        answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n" % (len(body), body)
    else:
        answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (2 * len(body), body)
    conn.sendall(answer)
    time.sleep(0.3)  # that the proxy has read it
    conn.close()


listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
threading.Timer(120, os._exit, [0]).start()
while True:
    threading.Thread(target=handle, args=(listener.accept()[0],), daemon=True).start()
PY
cat >"$tmp/ask.py" <<'PY'
import http.client
import sys

conn = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=2)
body, how = 0, "no answer"
try:
    conn.request("GET", sys.argv[2])
    answer = conn.getresponse()
    how = "by chunks" if answer.chunked else "by length"
    while more := answer.read1(65536):
        body += len(more)
    if answer.length:
        raise http.client.IncompleteRead(b"")
    print(f"whole {how}, {body} bytes")
except (http.client.HTTPException, OSError) as why:
    print("not whole")
PY
# asked [BASE]: what a client gets of a short and of a long answer, and of one with a length.
asked() {
	for path in chunked/short chunked/long length/long; do
		run python3 ask.py "$own" "${1:-}/$path"
	done
}

cd "$tmp" || exit 1
chmod 755 .
port=$(free_port)
start "$port" python3 server.py "$port"
none="not whole
not whole
not whole"
own=$(free_port)
start "$own" go/find ReverseProxy "$own" "$port"
expect "through Go's ReverseProxy" "$none" "$(asked)"
own=$(free_port)
start "$own" go/find goproxy "$own" "$port"
expect "through goproxy" "whole by length, 10 bytes
whole by chunks, 100000 bytes
not whole" "$(asked "http://127.0.0.1:$port")"
own=$(free_port)
cat >haproxy.cfg <<CONF
defaults
	mode http
	timeout connect 5s
	timeout client 5s
	timeout server 5s
listen proxy
	bind 127.0.0.1:$own
	server server 127.0.0.1:$port
CONF
start "$own" deb/usr/sbin/haproxy -db -f haproxy.cfg
expect "through HAProxy" "$none" "$(asked)"
own=$(free_port)
: >nghttpx.conf
start "$own" env "LD_LIBRARY_PATH=$libs" deb/usr/sbin/nghttpx --conf=nghttpx.conf \
	"-f127.0.0.1,$own;no-tls" "-b127.0.0.1,$port" -n1
expect "through nghttpx" "$none" "$(asked)"
own=$(free_port)
cat >lighttpd.conf <<CONF
server.document-root = "$tmp"
server.bind = "127.0.0.1"
server.port = $own
server.modules = ("mod_proxy")
proxy.server = ("" => (("host" => "127.0.0.1", "port" => $port)))
CONF
start "$own" deb/usr/sbin/lighttpd -D -f lighttpd.conf -m deb/usr/lib/lighttpd
expect "through lighttpd" "whole by length, 10 bytes
whole by length, 100000 bytes
not whole" "$(asked)"
own=$(free_port)
cat >h2o.conf <<CONF
listen:
  host: 127.0.0.1
  port: $own
hosts:
  default:
    paths:
      /:
        proxy.reverse.url: "http://127.0.0.1:$port/"
CONF
start "$own" env "LD_LIBRARY_PATH=$libs" deb/usr/bin/h2o -c h2o.conf
expect "through h2o" "whole by chunks, 10 bytes
whole by chunks, 100000 bytes
not whole" "$(asked)"
find_end
