#!/bin/sh
# SPDX-License-Identifier: MIT
# Proxies whose server says `Connection: close`; the client asks twice over one connection.
# Guess: that is between server and proxy (RFC 9110 7.6.1): the client's connection lives on, as
#   with HAProxy, nginx, Squid, Varnish, h2o, lighttpd and Go's ReverseProxy.
# Instead: http-proxy, http-proxy-3, fast-proxy, @fastify/reply-from and nghttpx end it as well. And
#   http-proxy with no agent set, its default, itself tells the server to close: every server that
#   says so in its answer then ends every client's connection.
# Matters: keep-alive is on at both ends and never happens: a handshake for each request.
# Versions: http-proxy 1.18.1, http-proxy-3 1.23.3, fast-proxy 2.2.0, @fastify/reply-from 12.6.5 on
#   Node 20.20.2; nghttpx 1.52.0 and HAProxy 2.6.12 of Debian 12.
# Seen 2026-11-28: two connections from the client for two requests, with HAProxy one; with
#   http-proxy's default two, though the server would have kept its connection.
. "$(dirname "$0")/support/find.sh"

get_deb nghttp2-proxy=1.52.0-1+deb12u3 libnghttp2-14=1.52.0-1+deb12u3 libc-ares2=1.18.1-3 \
	libev4=1:4.33-1 haproxy=2.6.12-1+deb12u4
get_npm http-proxy@1.18.1 http-proxy-3@1.23.3 fast-proxy@2.2.0 fastify@5.12.8 \
	@fastify/reply-from@12.6.5
serve <<'PY'
def handle(conn):
    while conn.request():
        if conn.path == "/close" or "close" in conn.fields.get("connection", ""):
            conn.ok("Connection: close")
            return
        conn.ok()
PY
cat >"$tmp/proxy.cjs" <<'JS'
const [, , name, own, to] = process.argv;
const target = `http://127.0.0.1:${to}`;
if (name === 'reply-from') {
  const app = require('fastify')();
  app.register(require('@fastify/reply-from'), { base: target });
  app.get('/*', (request, reply) => reply.from(request.raw.url));
  app.listen({ port: own });
} else if (name === 'fast-proxy') {
  const { proxy } = require('fast-proxy')({ base: target });
  require('http').createServer((request, reply) => proxy(request, reply, request.url, {}))
    .listen(own);
} else if (name === 'default') {
  require('http-proxy').createProxyServer({ target }).listen(own);
} else {
  const agent = new (require('http').Agent)({ keepAlive: true });
  require(name).createProxyServer({ target, agent }).listen(own);
}
JS
# used PATH: how many connections curl made to the proxy for two requests.
used() {
	curl -s -m 5 -o answer -o answer -w '%{num_connects}\n' "http://127.0.0.1:$own/$1" \
		"http://127.0.0.1:$own/$1" | awk '{ n += $1 } END { print n }'
}

cd "$tmp" || exit 1
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
expect "connections to HAProxy, the server closing" 1 "$(used close)"
own=$(free_port)
: >nghttpx.conf
start "$own" env "LD_LIBRARY_PATH=$libs" deb/usr/sbin/nghttpx --conf=nghttpx.conf \
	"-f127.0.0.1,$own;no-tls" "-b127.0.0.1,$port" -n1
expect "connections to nghttpx, the server not closing" 1 "$(used keep)"
expect "connections to nghttpx, the server closing" 2 "$(used close)"
for name in http-proxy http-proxy-3 fast-proxy reply-from; do
	own=$(free_port)
	start "$own" node proxy.cjs $name "$own" "$port"
	expect "connections to $name, the server not closing" 1 "$(used keep)"
	expect "connections to $name, the server closing" 2 "$(used close)"
done
own=$(free_port)
start "$own" node proxy.cjs default "$own" "$port"
expect "connections to http-proxy with no agent" 2 "$(used keep)"
find_end
