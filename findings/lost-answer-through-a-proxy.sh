#!/bin/sh
# SPDX-License-Identifier: MIT
# Twelve proxies keep their connection to a server, which ends it when the next request has come on
# it, without an answer, as at the end of its keep-alive time. What the proxy's client gets.
# Guess: all send a GET again on a fresh connection (RFC 9112, 9.3.1, lets a proxy do that with
#   idempotent methods), none a POST; what is not sent again is a 502.
# Instead: no POST is sent twice, but eight do not send the GET again either, and the same loss has
#   four faces: Apache and HAProxy end the client's own connection without a byte; h2o and nghttpx
#   say 502, reply-from 500, fast-proxy, express-http-proxy and http-proxy-middleware 504. nginx sends
#   PUT and DELETE again too, fasthttp only PUT, Varnish only DELETE, Go's ReverseProxy neither.
# Matters: behind Apache and HAProxy the client has to survive the server's dead connections; a 504
#   here came at once, and no gateway had waited.
# Versions: Apache 2.4.71, HAProxy 2.6.12, h2o 2.2.5, nghttpx 1.52.0, nginx 1.22.1, Varnish 7.1.1 of
#   Debian 12; Go 1.26.8, fasthttp 1.70.0; @fastify/reply-from 12.6.5, fast-proxy 2.2.0,
#   express-http-proxy 2.1.2, http-proxy-middleware 3.0.11 on Node 20.20.2.
# Seen 2026-11-29, status and how often the server read it: see the expectations.
. "$(dirname "$0")/support/find.sh"

get_deb apache2-bin=2.4.71-1~deb12u1 haproxy=2.6.12-1+deb12u4 nginx=1.22.1-9+deb12u11 \
	nghttp2-proxy=1.52.0-1+deb12u3 libnghttp2-14=1.52.0-1+deb12u3 libc-ares2=1.18.1-3 \
	libev4=1:4.33-1 h2o=2.2.5+dfsg2-7 libh2o0.13=2.2.5+dfsg2-7 libwslay1=1.1.1-3+b1 \
	varnish=7.1.1-2+deb12u1 libvarnishapi3=7.1.1-2+deb12u1
get_npm fastify@5.12.8 @fastify/reply-from@12.6.5 fast-proxy@2.2.0 express@5.3.0 \
	express-http-proxy@2.1.2 http-proxy-middleware@3.0.11
get_go github.com/valyala/fasthttp@v1.70.0 <<'GO'
package main

import (
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"

	"github.com/valyala/fasthttp"
)

func main() {
	own, server := "127.0.0.1:"+os.Args[2], "127.0.0.1:"+os.Args[3]
	if os.Args[1] == "ReverseProxy" {
		to, _ := url.Parse("http://" + server)
		http.ListenAndServe(own, httputil.NewSingleHostReverseProxy(to))
	}
	client := &fasthttp.HostClient{Addr: server}
	fasthttp.ListenAndServe(own, func(ctx *fasthttp.RequestCtx) {
		if err := client.Do(&ctx.Request, &ctx.Response); err != nil {
			ctx.Error(err.Error(), 502)
		}
	})
}
GO
cat >"$tmp/proxy.cjs" <<'JS'
const http = require('http');
const [, , name, port, to] = process.argv;
const target = `http://127.0.0.1:${to}`;
const agent = new http.Agent({ keepAlive: true });
({
  'reply-from': () => {
    const app = require('fastify')();
    app.register(require('@fastify/reply-from'), { base: target });
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', (request, body, done) => done(null, body));
    app.all('/*', (request, reply) => reply.from(request.url)).listen({ port });
  },
  'fast-proxy': () => {
    const { proxy } = require('fast-proxy')({ base: target });
    http.createServer((request, reply) => proxy(request, reply, request.url, {})).listen(port);
  },
  'express-http-proxy': () => {
    const proxyReqOptDecorator = (options) => Object.assign(options, { agent });
    const proxy = require('express-http-proxy')(target, { proxyReqOptDecorator });
    require('express')().use(proxy).listen(port);
  },
  'http-proxy-middleware': () => {
    const { createProxyMiddleware } = require('http-proxy-middleware');
    require('express')().use(createProxyMiddleware({ target, agent })).listen(port);
  },
})[name]();
JS
cat >"$tmp/ask.py" <<'PY'
import http.client
import sys


def ask(method, body):
    conn = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=10)
    for _ in range(2):  # as some keep no connection that was used once only
        conn.request("GET", "/warm")
        conn.getresponse().read()
    conn.request(method, "/lost/" + sys.argv[1], body)
    try:
        return conn.getresponse().status
    except http.client.RemoteDisconnected:
        return "closed"


print(*[ask(*what) for what in (("GET", None), ("POST", "a"), ("PUT", "a"), ("DELETE", None))])
PY
serve <<'PY'
def handle(conn):
    while conn.request() and not (conn.path.startswith("/lost") and conn.requests > 1):
        conn.ok()
PY
# asks NAME WANT COMMAND...: statuses of GET, POST, PUT, DELETE by the proxy on $own, then how often
# the server read each.
asks() {
	name=$1
	want=$2
	shift 2
	start "$own" env -C "$tmp" "$@"
	got=$(run python3 ask.py "$own")
	for method in GET POST PUT DELETE; do
		got="$got $(reads $method "/lost/$own")"
	done
	expect "$name" "$want" "$got"
	own=$(free_port)
}

cd "$tmp" || exit 1
chmod 755 .
own=$(free_port)
modules=$(echo "$tmp"/deb/usr/lib/apache2/modules)
cat >apache.conf <<CONF
ServerRoot $tmp
ServerName localhost
Listen 127.0.0.1:$own
PidFile $tmp/apache.pid
ErrorLog $tmp/apache.log
LoadModule mpm_event_module $modules/mod_mpm_event.so
LoadModule authz_core_module $modules/mod_authz_core.so
LoadModule proxy_module $modules/mod_proxy.so
LoadModule proxy_http_module $modules/mod_proxy_http.so
ProxyPass / http://127.0.0.1:$port/
CONF
asks Apache "closed closed closed closed 1 1 1 1" \
	"LD_LIBRARY_PATH=$libs" deb/usr/sbin/apache2 -f "$tmp/apache.conf" -D FOREGROUND
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
asks HAProxy "closed closed closed closed 1 1 1 1" deb/usr/sbin/haproxy -db -f haproxy.cfg
cat >h2o.conf <<CONF
listen: {host: 127.0.0.1, port: $own}
proxy.timeout.keepalive: 5000
hosts:
  default:
    paths:
      /:
        proxy.reverse.url: "http://127.0.0.1:$port/"
CONF
asks h2o "502 502 502 502 1 1 1 1" "LD_LIBRARY_PATH=$libs" deb/usr/bin/h2o -c h2o.conf
: >nghttpx.conf
asks nghttpx "502 502 502 502 1 1 1 1" "LD_LIBRARY_PATH=$libs" deb/usr/sbin/nghttpx \
	--conf=nghttpx.conf "-f127.0.0.1,$own;no-tls" "-b127.0.0.1,$port" -n1
cat >nginx.conf <<CONF
daemon off;
pid nginx.pid;
error_log stderr;
events {}
http {
	access_log off;
	client_body_temp_path $tmp/body;
	proxy_temp_path $tmp/proxy;
	fastcgi_temp_path $tmp/fastcgi;
	uwsgi_temp_path $tmp/uwsgi;
	scgi_temp_path $tmp/scgi;
	upstream server { server 127.0.0.1:$port; keepalive 4; }
	server {
		listen 127.0.0.1:$own;
		location / {
			proxy_pass http://server;
			proxy_http_version 1.1;
			proxy_set_header Connection "";
		}
	}
}
CONF
asks nginx "200 502 200 200 2 1 2 2" deb/usr/sbin/nginx -p "$tmp" -e stderr -c "$tmp/nginx.conf"
cat >varnish.vcl <<CONF
vcl 4.1;
backend server { .host = "127.0.0.1"; .port = "$port"; }
sub vcl_recv { return (pass); }
CONF
need cc --version
asks Varnish "200 503 503 200 2 1 1 2" \
	"LD_LIBRARY_PATH=$libs:$libs/varnish:$tmp/deb/usr/lib/varnish" \
	deb/usr/sbin/varnishd -F -n "$tmp/varnish" -a "127.0.0.1:$own" -f "$tmp/varnish.vcl"
asks "Go's ReverseProxy" "200 502 502 502 2 1 1 1" go/find ReverseProxy "$own" "$port"
asks fasthttp "200 502 200 502 2 1 2 1" go/find fasthttp "$own" "$port"
asks reply-from "500 500 500 500 1 1 1 1" node proxy.cjs reply-from "$own" "$port"
for name in fast-proxy express-http-proxy http-proxy-middleware; do
	asks $name "504 504 504 504 1 1 1 1" node proxy.cjs $name "$own" "$port"
done
find_end
