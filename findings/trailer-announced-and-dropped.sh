#!/bin/sh
# SPDX-License-Identifier: MIT
# Proxies before a server that announces a trailer and sends it; the client says that it takes them.
# Guess: a proxy passes both on, as HAProxy 2.6.12 does, or neither, as Squid 5.7 does.
# Instead: nginx, h2o, http-proxy, fast-proxy and @fastify/reply-from pass on `Trailer: X-Sum`, and
#   no X-Sum comes.
# Matters: a client that was promised a checksum sees a whole answer without it, and cannot tell a
#   proxy on the way from a server that failed at the end.
# Versions: nginx 1.22.1, h2o 2.2.5 and HAProxy 2.6.12 of Debian 12; http-proxy 1.18.1, fast-proxy
#   2.2.0 and @fastify/reply-from 12.6.5 on Node 20.20.2.
# Seen 2026-11-28: HAProxy `trailer: X-Sum` and `x-sum: 1`; the others only the first.
. "$(dirname "$0")/support/find.sh"

get_deb haproxy=2.6.12-1+deb12u4 nginx-light=1.22.1-9+deb12u11 nginx=1.22.1-9+deb12u11 \
	h2o=2.2.5+dfsg2-7 libh2o0.13=2.2.5+dfsg2-7 libwslay1=1.1.1-3+b1
get_npm http-proxy@1.18.1 fast-proxy@2.2.0 fastify@5.12.8 @fastify/reply-from@12.6.5
serve <<'PY'
def handle(conn):
    while conn.request():
        conn.send("HTTP/1.1 200 OK", "Trailer: X-Sum", "Transfer-Encoding: chunked",
                  body="2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n")
PY
cat >"$tmp/proxy.cjs" <<'JS'
const [, , name, own, to] = process.argv;
const target = `http://127.0.0.1:${to}`;
if (name === 'reply-from') {
  const app = require('fastify')();
  app.register(require('@fastify/reply-from'), { base: target });
  app.get('/', (request, reply) => reply.from('/'));
  app.listen({ port: own });
} else if (name === 'fast-proxy') {
  const { proxy } = require('fast-proxy')({ base: target });
  require('http').createServer((request, reply) => proxy(request, reply, request.url, {}))
    .listen(own);
} else {
  require(name).createProxyServer({ target }).listen(own);
}
JS
# fields: those of the trailer and of its announcement that came.
fields() {
	curl -s -m 5 -D head -o body -H 'TE: trailers' -H 'Connection: TE' "http://127.0.0.1:$own/"
	tr -d '\r' <./head | tr '[:upper:]' '[:lower:]' | grep -E '^(trailer|x-sum):' | xargs
}

cd "$tmp" || exit 1
chmod 755 .
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
expect "through HAProxy" "trailer: x-sum x-sum: 1" "$(fields)"
own=$(free_port)
cat >nginx.conf <<CONF
daemon off;
worker_processes 1;
pid $tmp/pid;
events {}
http {
	access_log off;
	client_body_temp_path $tmp/body.d;
	proxy_temp_path $tmp/proxy.d;
	fastcgi_temp_path $tmp/fastcgi.d;
	uwsgi_temp_path $tmp/uwsgi.d;
	scgi_temp_path $tmp/scgi.d;
	server {
		listen 127.0.0.1:$own;
		location / {
			proxy_pass http://127.0.0.1:$port;
			proxy_http_version 1.1;
		}
	}
}
CONF
start "$own" deb/usr/sbin/nginx -e "$tmp/errors" -c "$tmp/nginx.conf"
expect "through nginx" "trailer: x-sum" "$(fields)"
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
expect "through h2o" "trailer: x-sum" "$(fields)"
for name in http-proxy fast-proxy reply-from; do
	own=$(free_port)
	start "$own" node proxy.cjs $name "$own" "$port"
	expect "through $name" "trailer: x-sum" "$(fields)"
done
find_end
