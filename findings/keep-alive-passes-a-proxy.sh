#!/bin/sh
# SPDX-License-Identifier: MIT
# Five proxies before a server that says `Connection: keep-alive`, `Keep-Alive: timeout=7, max=3`,
# which is about the connection between the two of them.
# Guess: none hands it on: RFC 9110 7.6.1 names Keep-Alive as one to take out, listed in Connection
#   or not. nginx, Squid, Varnish, h2o and Go's ReverseProxy do so.
# Instead: all five hand it on. HAProxy takes out the Connection beside it and leaves it; it and
#   lighttpd also hand a client's Keep-Alive on to the server, and to a request with one, and no
#   Connection beside it, @fastify/reply-from answers 500.
# Matters: a client that obeys the field (Node, Apache HttpClient) plans by the timeout of a
#   connection that it does not have: it drops good ones, or believes in one the proxy has closed.
# Versions: HAProxy 2.6.12 and lighttpd 1.4.69 of Debian 12; http-proxy 1.18.1, http-proxy-3 1.23.3
#   and @fastify/reply-from 12.6.5 on Node 20.20.2.
# Seen 2026-11-28: `timeout=7, max=3` from all five; the server got `timeout=9` through two;
#   reply-from 500, "invalid keep-alive header".
. "$(dirname "$0")/support/find.sh"

get_deb haproxy=2.6.12-1+deb12u4 lighttpd=1.4.69-1
get_npm http-proxy@1.18.1 http-proxy-3@1.23.3 fastify@5.12.8 @fastify/reply-from@12.6.5
serve <<'PY'
def handle(conn):
    while conn.request():
        conn.ok("Connection: keep-alive", "Keep-Alive: timeout=7, max=3",
                "X-Got: " + conn.fields.get("keep-alive", "nothing"))
PY
cat >"$tmp/proxy.cjs" <<'JS'
const [, , name, own, to] = process.argv;
const target = `http://127.0.0.1:${to}`;
if (name === 'reply-from') {
  const app = require('fastify')();
  app.register(require('@fastify/reply-from'), { base: target });
  app.get('/', (request, reply) => reply.from('/'));
  app.listen({ port: own });
} else {
  const agent = new (require('http').Agent)({ keepAlive: true });
  require(name).createProxyServer({ target, agent }).listen(own);
}
JS
# told PORT [CURL OPTION...]: the Keep-Alive that came to the client, and what the server got.
told() {
	told_port=$1
	shift
	curl -si -m 5 "$@" "http://127.0.0.1:$told_port/" | tr -d '\r' |
		awk 'tolower($1) == "keep-alive:" || tolower($1) == "x-got:" { $1 = ""; print }' | xargs
}

own=$(free_port)
cat >"$tmp/haproxy.cfg" <<CONF
defaults
	mode http
	timeout connect 5s
	timeout client 5s
	timeout server 5s
listen proxy
	bind 127.0.0.1:$own
	server server 127.0.0.1:$port
CONF
start "$own" "$tmp/deb/usr/sbin/haproxy" -db -f "$tmp/haproxy.cfg"
expect "through HAProxy" "timeout=7, max=3 timeout=9" \
	"$(told "$own" -H 'Keep-Alive: timeout=9')"

own=$(free_port)
cat >"$tmp/lighttpd.conf" <<CONF
server.document-root = "$tmp"
server.bind = "127.0.0.1"
server.port = $own
server.modules = ("mod_proxy")
proxy.server = ("" => (("host" => "127.0.0.1", "port" => $port)))
CONF
start "$own" "$tmp/deb/usr/sbin/lighttpd" -D -f "$tmp/lighttpd.conf" -m "$tmp/deb/usr/lib/lighttpd"
expect "through lighttpd" "timeout=7, max=3 timeout=9" \
	"$(told "$own" -H 'Keep-Alive: timeout=9')"

cd "$tmp" || exit 1
for name in http-proxy http-proxy-3 reply-from; do
	own=$(free_port)
	start "$own" node proxy.cjs $name "$own" "$port"
	expect "what the client gets through $name" "timeout=7, max=3 nothing" "$(told "$own")"
done
expect "status by reply-from of a request with Keep-Alive" 500 "$(curl -s -m 5 -o answer \
	-w '%{http_code}' -H 'Keep-Alive: timeout=9' "http://127.0.0.1:$own/")"
find_end
