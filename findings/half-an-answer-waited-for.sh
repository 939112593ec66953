#!/bin/sh
# SPDX-License-Identifier: MIT
# Proxies on Node, as they come; a server dies in the middle of its answer, whether that has a length
#   or comes by chunks.
# Guess: the proxy ends the client's connection, the one sign of an incomplete answer that is left
#   once the head is out (RFC 9112 8), as httpxy 0.5.6 and @fastify/reply-from 12.6.5 do.
# Instead: http-proxy, http-proxy-3, http-proxy-middleware, koa-proxies, express-http-proxy and proxy
#   keep the client's connection open and say nothing more on it.
# Matters: a loss that would have been told at once becomes a wait for the client's own time limit,
#   and a client without one never learns of it.
# Versions: http-proxy 1.18.1, http-proxy-3 2.0.1, http-proxy-middleware 3.0.11, koa-proxies 0.12.4,
#   express-http-proxy 2.1.2, proxy 2.2.0; Node 20.20.2.
# Seen 2026-11-29: the six still silent 5 s after the server's end, and 25 s after in a longer run;
#   the two others end within a second.
. "$(dirname "$0")/support/find.sh"

get_npm http-proxy@1.18.1 http-proxy-3@2.0.1 http-proxy-middleware@3.0.11 koa@2.16.4 \
	koa-proxies@0.12.4 express@5.3.0 express-http-proxy@2.1.2 proxy@2.2.0 httpxy@0.5.6 \
	fastify@5.12.8 @fastify/reply-from@12.6.5
serve <<'PY'
def handle(conn):
    conn.request()
    if conn.path == "/chunked":
        conn.send("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", body="4\r\nhalf\r\n")
    else:
        conn.send("HTTP/1.1 200 OK", "Content-Length: 8", body="half")
    time.sleep(0.3)  # that the proxy has read it
PY
cat >"$tmp/proxy.cjs" <<'JS'
const [, , name, own, to] = process.argv;
const http = require('http');
const target = `http://127.0.0.1:${to}`;
const express = (handler) => require('express')().use(handler).listen(own);
const start = {
  'http-proxy-middleware': () => express(require(name).createProxyMiddleware({ target })),
  'express-http-proxy': () => express(require(name)(target)),
  'koa-proxies': () => new (require('koa'))().use(require(name)('/', { target })).listen(own),
  proxy: async () => (await import(name)).createProxy(http.createServer()).listen(own),
  httpxy: async () => {
    const proxy = (await import(name)).createProxyServer({});
    http.createServer((request, reply) => proxy.web(request, reply, { target }).catch(() => {}))
      .listen(own);
  },
  'reply-from': () => {
    const app = require('fastify')();
    app.register(require('@fastify/reply-from'), { base: target });
    app.get('/*', (request, reply) => reply.from(request.raw.url));
    app.listen({ port: own });
  },
};
(start[name] || (() => require(name).createProxyServer({ target }).listen(own)))();
JS
cat >"$tmp/ask.py" <<'PY'
import http.client
import sys

conn = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=5)
try:
    conn.request("GET", sys.argv[2])
    answer = conn.getresponse()
    while answer.read1(100):
        pass
    print("cut off" if answer.length else "whole", end=" ")
except TimeoutError:
    print("waits", end=" ")
except http.client.HTTPException:
    print("cut off", end=" ")
PY
# through NAME [BASE]: what a client sees by length, and by chunks.
through() {
	own=$(free_port)
	start "$own" env -C "$tmp" node proxy.cjs "$1" "$own" "$port"
	got="$(run python3 ask.py "$own" "${2:-}/length")$(run python3 ask.py "$own" "${2:-}/chunked")"
}

for name in http-proxy http-proxy-3 http-proxy-middleware koa-proxies express-http-proxy; do
	through $name
	expect "through $name" "waits waits " "$got"
done
through proxy "http://127.0.0.1:$port"
expect "through proxy" "waits waits " "$got"
for name in httpxy reply-from; do
	through $name
	expect "through $name" "cut off cut off " "$got"
done
find_end
