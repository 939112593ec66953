#!/bin/sh
# SPDX-License-Identifier: MIT
# A server is told to stop, gracefully, while a request runs on one kept-alive connection and another
# connection is idle. What the running one gets, what the next request on its connection gets 0.3 s
# later, and what a request gets on the idle one. Stopped by the signal that its page names, libraries
# by the call for that.
# Guess: the running request is answered in full with `Connection: close`, as no more will be read
#   (RFC 9112, 9.6: a server should send it in its last response); idle ones are closed at once.
# Instead: uvicorn with h11, hypercorn, aiohttp, fastify, terminus, stoppable, fasthttp and Fiber say
#   nothing, or keep-alive, in the last answer, and close behind it or at the next request; fastify
#   says `timeout=72`, and waits those 72 s for it. Node's http and restify go on answering with
#   keep-alive, so that one busy client keeps the server from ever stopping. gunicorn with threads and
#   h2o answer once more, now with close. The other nine do as guessed.
# Matters: at each deployment the connection that has just answered is the one that a pool takes for
#   the next request, and it is dead, or about to be.
# Versions: uvicorn 0.54.0 (h11 0.16.0, httptools 0.9.0), hypercorn 0.18.0, granian 2.8.9, aiohttp
#   3.14.5, gunicorn 27.0.1 on Python 3.11.7; fastify 5.12.8, @hapi/hapi 21.4.10, restify 11.1.0,
#   @godaddy/terminus 4.12.1, stoppable 1.1.0, http-graceful-shutdown 4.0.0 on Node 20.20.2; Go
#   1.26.8, fasthttp 1.70.0, Fiber 2.52.15; Apache 2.4.71, nginx 1.22.1, HAProxy
#   2.6.12, lighttpd 1.4.69, h2o 2.2.5 of Debian 12.
# Seen 2026-11-29: see the expectations.
. "$(dirname "$0")/support/find.sh"

get_pip uvicorn==0.54.0 h11==0.16.0 httptools==0.9.0 hypercorn==0.18.0 granian==2.8.9 \
	aiohttp==3.14.5 gunicorn==27.0.1
get_npm fastify@5.12.8 @hapi/hapi@21.4.10 restify@11.1.0 @godaddy/terminus@4.12.1 stoppable@1.1.0 \
	http-graceful-shutdown@4.0.0
get_deb apache2-bin=2.4.71-1~deb12u1 nginx=1.22.1-9+deb12u11 haproxy=2.6.12-1+deb12u4 \
	lighttpd=1.4.69-1 h2o=2.2.5+dfsg2-7 libh2o0.13=2.2.5+dfsg2-7 libwslay1=1.1.1-3+b1
get_go github.com/valyala/fasthttp@v1.70.0 github.com/gofiber/fiber/v2@v2.52.15 <<'GO'
package main

import (
	"context"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

func answer(path string) string {
	if path == "/slow" {
		time.Sleep(1500 * time.Millisecond)
	}
	return "ok"
}

func main() {
	at := "127.0.0.1:" + os.Args[2]
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	switch os.Args[1] {
	case "http":
		handler := func(reply http.ResponseWriter, request *http.Request) {
			reply.Write([]byte(answer(request.URL.Path)))
		}
		server := &http.Server{Addr: at, Handler: http.HandlerFunc(handler)}
		go server.ListenAndServe()
		<-stop
		server.Shutdown(context.Background())
	case "fasthttp":
		server := &fasthttp.Server{Handler: func(ctx *fasthttp.RequestCtx) {
			ctx.WriteString(answer(string(ctx.Path())))
		}}
		go server.ListenAndServe(at)
		<-stop
		server.Shutdown()
	case "fiber":
		app := fiber.New()
		app.Get("/*", func(c *fiber.Ctx) error { return c.SendString(answer(c.Path())) })
		go app.Listen(at)
		<-stop
		app.Shutdown()
	}
}
GO
cat >"$tmp/app.py" <<'PY'
import asyncio
import sys
import time


async def asgi(scope, receive, send):
    while scope["type"] != "http":
        await send({"type": (await receive())["type"] + ".complete"})
    if scope["path"] == "/slow":
        await asyncio.sleep(1.5)
    await send({"type": "http.response.start", "status": 200,
                "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


def wsgi(environ, start_response):
    if environ["PATH_INFO"] == "/slow":
        time.sleep(1.5)
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]


def aiohttp(port):
    from aiohttp import web

    async def answer(request):
        if request.path == "/slow":
            await asyncio.sleep(1.5)
        return web.Response(text="ok")
    app = web.Application()
    app.router.add_get("/{path}", answer)
    web.run_app(app, host="127.0.0.1", port=port)


if __name__ == "__main__":
    aiohttp(int(sys.argv[1]))
PY
cat >"$tmp/app.cjs" <<'JS'
const [, , name, port] = process.argv;
const answered = async (path) => {
  if (path === '/slow') await new Promise((done) => setTimeout(done, 1500));
  return 'ok';
};
const plain = () => require('http').createServer(async (request, reply) =>
  reply.end(await answered(request.url)));
const stop = (how) => process.on('SIGTERM', how);
({
  http: () => {
    const server = plain().listen(port);
    stop(() => server.close());
  },
  terminus: () => {
    const server = plain();
    require('@godaddy/terminus').createTerminus(server, { signal: 'SIGTERM', timeout: 5000 });
    server.listen(port);
  },
  stoppable: () => {
    const server = require('stoppable')(plain(), 5000).listen(port);
    stop(() => server.stop());
  },
  'http-graceful-shutdown': () => {
    const server = plain().listen(port);
    require('http-graceful-shutdown')(server, { signals: 'SIGTERM' });
  },
  fastify: () => {
    const app = require('fastify')();
    app.get('/*', (request) => answered(request.url)).listen({ port });
    stop(() => app.close());
  },
  hapi: async () => {
    const server = require('@hapi/hapi').server({ port, host: '127.0.0.1' });
    const handler = (request) => answered(request.path);
    server.route({ method: 'GET', path: '/{path}', handler });
    await server.start();
    stop(() => server.stop());
  },
  restify: () => {
    const server = require('restify').createServer();
    server.get('/*', async (request, reply) => reply.send(await answered(request.url)));
    server.listen(port);
    stop(() => server.close());
  },
})[name]();
JS
cat >"$tmp/ask.py" <<'PY'
import os
import re
import signal
import socket
import sys
import time


class Client:
    def __init__(self):
        self.sock = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 10)

    def send(self, path):
        self.sock.sendall(b"GET %s HTTP/1.1\r\nHost: a\r\n\r\n" % path)

    def read(self):
        got = b""
        while not re.search(rb"\r\n\r\n(2\r\n)?.?ok|\r\n\r\n.*\"ok\"", got):
            more = self.sock.recv(4096)
            if not more:
                return "closed"
            got += more
        said = "close" if b"connection: close" in got.lower() else "keep"
        return got.split(b" ")[1].decode() + " " + said

    def ask(self, path):
        try:
            self.send(path)
            return self.read()
        except OSError:
            return "closed"


running, idle = Client(), Client()
if {running.ask(b"/a"), idle.ask(b"/a")} != {"200 keep"}:
    sys.exit("not kept alive before the stop")
running.send(b"/slow")
time.sleep(0.4)
os.kill(int(sys.argv[2]), getattr(signal, sys.argv[3]))
time.sleep(0.4)
on_idle = idle.ask(b"/a")
last = running.read()
time.sleep(0.3)
print(f"{last}, next {running.ask(b'/a')}, idle {on_idle}")
PY
# stops NAME SIGNAL WANT COMMAND...: the server on $own.
stops() {
	name=$1
	signal=$2
	want=$3
	shift 3
	start "$own" env -C "$tmp" "$@"
	expect "$name" "$want" "$(run python3 ask.py "$own" "${started##* }" "$signal")"
	own=$(free_port)
}

own=$(free_port)
well="200 close, next closed, idle closed"
kept="200 keep, next closed, idle closed"
on="200 keep, next 200 keep, idle closed"
once="200 keep, next 200 close, idle 200 close"
bin=$tmp/venv/bin
stops "uvicorn with httptools" SIGTERM "$well" \
	"$bin/uvicorn" --http httptools --port "$own" app:asgi
stops "uvicorn with h11" SIGTERM "$kept" "$bin/uvicorn" --http h11 --port "$own" app:asgi
stops granian SIGTERM "$well" "$bin/granian" --port "$own" --interface asgi app:asgi
stops hypercorn SIGTERM "$kept" "$bin/hypercorn" -b "127.0.0.1:$own" app:asgi
stops gunicorn SIGTERM "$once" \
	"$bin/gunicorn" -b "127.0.0.1:$own" --threads 4 app:wsgi
stops aiohttp SIGTERM "$kept" "$python" app.py "$own"
for name in hapi http-graceful-shutdown; do
	stops $name SIGTERM "$well" node app.cjs $name "$own"
done
for name in fastify terminus stoppable; do
	stops $name SIGTERM "$kept" node app.cjs $name "$own"
done
for name in http restify; do
	stops "Node's $name" SIGTERM "$on" node app.cjs $name "$own"
done
stops "Go's http" SIGTERM "$well" go/find http "$own"
for name in fasthttp fiber; do
	stops $name SIGTERM "$kept" go/find $name "$own"
done

cd "$tmp" || exit 1
chmod 755 .
serve <<'PY'
def handle(conn):
    while conn.request():
        time.sleep(1.5 if conn.path == "/slow" else 0)
        conn.ok()
PY
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
stops Apache SIGWINCH "$well" \
	"LD_LIBRARY_PATH=$libs" deb/usr/sbin/apache2 -f "$tmp/apache.conf" -D FOREGROUND
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
	server {
		listen 127.0.0.1:$own;
		location / { proxy_pass http://127.0.0.1:$port; }
	}
}
CONF
stops nginx SIGQUIT "$well" deb/usr/sbin/nginx -p "$tmp" -e stderr -c "$tmp/nginx.conf"
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
stops HAProxy SIGUSR1 "$well" deb/usr/sbin/haproxy -db -f haproxy.cfg
cat >lighttpd.conf <<CONF
server.document-root = "$tmp"
server.bind = "127.0.0.1"
server.port = $own
server.modules = ("mod_proxy")
proxy.server = ("" => (("host" => "127.0.0.1", "port" => $port)))
CONF
stops lighttpd SIGINT "$well" deb/usr/sbin/lighttpd -D -f lighttpd.conf -m deb/usr/lib/lighttpd
cat >h2o.conf <<CONF
listen: {host: 127.0.0.1, port: $own}
hosts:
  default:
    paths:
      /:
        proxy.reverse.url: "http://127.0.0.1:$port/"
CONF
stops h2o SIGTERM "$once" \
	"LD_LIBRARY_PATH=$libs" deb/usr/bin/h2o -c h2o.conf
find_end
