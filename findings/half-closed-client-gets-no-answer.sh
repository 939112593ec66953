#!/bin/sh
# SPDX-License-Identifier: MIT
# A client sends a whole GET, shuts its writing side as `nc -N` does behind a pipe, and reads; the
# answer takes 0.3 s. Servers of Node 20.20.2, Python 3.11 and JDK 17.
# Guess: the end of what a client has to say is not the end of its listening: all answer, but for
#   those on asyncio's protocols that may leave the transport to close: uvicorn, hypercorn.
# Instead: hypercorn does answer, and eight that were to answer close without a byte, and with no
#   error: Node's http and with it express, fastify and hapi; aiohttp, Tornado, Twisted, daphne.
#   gunicorn, waitress, CherryPy's, werkzeug and the JDK's answer.
# Matters: a health check written with printf and nc is well with one server and "down" with another.
#   From Node an answer that is ready at once does come: the check fails when the server is busy.
# Versions: express 5.3.0, fastify 5.12.8, @hapi/hapi 21.4.10; aiohttp 3.14.5, Tornado 6.6.1, Twisted
#   26.10.0, daphne 4.2.3, uvicorn 0.54.0, hypercorn 0.18.0, gunicorn 27.0.1, waitress 3.0.2,
#   CherryPy 18.10.0, Werkzeug 3.1.9.
# Seen 2026-11-29: 200 from all while the client's side is open; see the expectations.
. "$(dirname "$0")/support/find.sh"

get_npm express@5.3.0 fastify@5.12.8 @hapi/hapi@21.4.10
get_pip aiohttp==3.14.5 tornado==6.6.1 twisted==26.10.0 daphne==4.2.3 uvicorn==0.54.0 \
	hypercorn==0.18.0 gunicorn==27.0.1 waitress==3.0.2 CherryPy==18.10.0 werkzeug==3.1.9
cat >"$tmp/app.py" <<'PY'
import asyncio
import sys
import time


async def asgi(scope, receive, send):
    if scope["type"] != "http":
        while True:
            await send({"type": (await receive())["type"] + ".complete"})
    await asyncio.sleep(0.3)
    await send({"type": "http.response.start", "status": 200,
                "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


def wsgi(environ, start_response):
    time.sleep(0.3)
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]


def aiohttp(port):
    from aiohttp import web

    async def answer(request):
        await asyncio.sleep(0.3)
        return web.Response(text="ok")
    app = web.Application()
    app.router.add_get("/", answer)
    web.run_app(app, host="127.0.0.1", port=port)


def tornado(port):
    from tornado import web

    class Answer(web.RequestHandler):
        async def get(self):
            await asyncio.sleep(0.3)
            self.write("ok")

    async def main():
        web.Application([("/", Answer)]).listen(port, "127.0.0.1")
        await asyncio.Event().wait()
    asyncio.run(main())


def twisted(port):
    from twisted.internet import reactor
    from twisted.web import resource, server

    class Answer(resource.Resource):
        isLeaf = True

        def render_GET(self, request):
            reactor.callLater(0.3, lambda: (request.write(b"ok"), request.finish()))
            return server.NOT_DONE_YET
    reactor.listenTCP(port, server.Site(Answer()), interface="127.0.0.1")
    reactor.run()


def cherrypy(port):
    from cheroot.wsgi import Server
    Server(("127.0.0.1", port), wsgi).start()


def werkzeug(port):
    from werkzeug.serving import run_simple
    run_simple("127.0.0.1", port, wsgi, threaded=True)


if __name__ == "__main__":
    globals()[sys.argv[1]](int(sys.argv[2]))
PY
cat >"$tmp/app.cjs" <<'JS'
const [, , name, port] = process.argv;
const wait = () => new Promise((done) => setTimeout(done, 300));
({
  now: () => require('http').createServer((request, reply) => reply.end('ok')).listen(port),
  http: () => require('http').createServer(async (request, reply) => {
    await wait();
    reply.end('ok');
  }).listen(port),
  express: () => require('express')().get('/', async (request, reply) => {
    await wait();
    reply.send('ok');
  }).listen(port),
  fastify: () => require('fastify')().get('/', async () => {
    await wait();
    return 'ok';
  }).listen({ port }),
  hapi: () => {
    const server = require('@hapi/hapi').server({ port });
    const handler = async () => {
      await wait();
      return 'ok';
    };
    server.route({ method: 'GET', path: '/', handler });
    server.start();
  },
})[name]();
JS
cat >"$tmp/App.java" <<'JAVA'
import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;

public class App {
    public static void main(String[] args) throws Exception {
        int port = Integer.parseInt(args[0]);
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 0);
        server.createContext("/", exchange -> {
            try {
                Thread.sleep(300);
            } catch (InterruptedException e) {
                return;
            }
            exchange.sendResponseHeaders(200, 2);
            exchange.getResponseBody().write("ok".getBytes());
            exchange.close();
        });
        server.start();
    }
}
JAVA
cat >"$tmp/ask.py" <<'PY'
import socket
import sys


def ask(half_closed):
    client = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 10)
    client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    if half_closed:
        client.shutdown(socket.SHUT_WR)
    got = client.recv(4096)
    return got.split(b" ")[1].decode() if got else "nothing"


print("open", ask(False), "half-closed", ask(True))
PY
# asks COMMAND...: what a server says to either client; its port is $own.
asks() {
	start "$own" env -C "$tmp" "$@"
	run python3 ask.py "$own"
	own=$(free_port)
}

own=$(free_port)
answers="open 200 half-closed 200"
silent="open 200 half-closed nothing"
for name in http express fastify hapi; do
	asks node app.cjs $name "$own" >"$tmp/said"
	expect "Node's $name" "$silent" "$(cat "$tmp/said")"
done
asks node app.cjs now "$own" >"$tmp/said"
expect "Node's http, answering at once" "$answers" "$(cat "$tmp/said")"
for name in aiohttp tornado twisted; do
	asks "$python" app.py $name "$own" >"$tmp/said"
	expect "$name" "$silent" "$(cat "$tmp/said")"
done
for name in cherrypy werkzeug; do
	asks "$python" app.py $name "$own" >"$tmp/said"
	expect "$name" "$answers" "$(cat "$tmp/said")"
done
asks "$tmp/venv/bin/daphne" -p "$own" app:asgi >"$tmp/said"
expect "daphne" "$silent" "$(cat "$tmp/said")"
asks "$tmp/venv/bin/uvicorn" --port "$own" app:asgi >"$tmp/said"
expect "uvicorn" "$silent" "$(cat "$tmp/said")"
asks "$tmp/venv/bin/hypercorn" -b "127.0.0.1:$own" app:asgi >"$tmp/said"
expect "hypercorn" "$answers" "$(cat "$tmp/said")"
asks "$tmp/venv/bin/gunicorn" -b "127.0.0.1:$own" app:wsgi >"$tmp/said"
expect "gunicorn" "$answers" "$(cat "$tmp/said")"
asks "$tmp/venv/bin/waitress-serve" --listen "127.0.0.1:$own" app:wsgi >"$tmp/said"
expect "waitress" "$answers" "$(cat "$tmp/said")"
asks java App.java "$own" >"$tmp/said"
expect "the JDK's" "$answers" "$(cat "$tmp/said")"
find_end
