#!/bin/sh
# SPDX-License-Identifier: MIT
# HTTPS servers end a kept-alive connection once it has been idle for its time, here about a second.
# Guess: the end is a close_notify and then a FIN, in TLS 1.2 and 1.3, as each party must say
#   (RFC 8446, 6.1; RFC 9112, 9.8): nothing is amiss, there is all the time to say it.
# Instead: Node's https, gunicorn with threads, tornado and cheroot send the bare FIN, in both versions.
#   uvicorn, hypercorn, aiohttp, Twisted, Go's http, Apache, nginx, HAProxy and lighttpd say goodbye.
# Matters: a client cannot tell the end of the idle time from a connection that was cut; with OpenSSL 3
#   it reads an error ("unexpected eof while reading") where the server was only tidying up, and its
#   retry code must know that one as well as an end and a reset.
# Versions: Node 20.20.2; gunicorn 27.0.1, tornado 6.6.1, cheroot 11.1.2, uvicorn 0.54.0, hypercorn
#   0.18.0, aiohttp 3.14.5, Twisted 26.10.0 (pyOpenSSL 26.4.0) on Python 3.11.7; Go 1.26.8; Apache
#   2.4.71, nginx 1.22.1, HAProxy 2.6.12, lighttpd 1.4.69 of Debian 12.
# Seen 2026-11-29, in TLS 1.2 and 1.3: see the expectations.
. "$(dirname "$0")/support/find.sh"

get_pip uvicorn==0.54.0 hypercorn==0.18.0 gunicorn==27.0.1 aiohttp==3.14.5 tornado==6.6.1 \
	cheroot==11.1.2 twisted==26.10.0 pyopenssl==26.4.0 service-identity==26.1.0
get_deb apache2-bin=2.4.71-1~deb12u1 nginx=1.22.1-9+deb12u11 haproxy=2.6.12-1+deb12u4 \
	lighttpd=1.4.69-1 lighttpd-mod-openssl=1.4.69-1
echo "Node $(node -v)"
get_go <<'GO'
package main

import (
	"net/http"
	"os"
	"time"
)

func main() {
	server := &http.Server{Addr: "127.0.0.1:" + os.Args[1], IdleTimeout: time.Second,
		Handler: http.HandlerFunc(func(reply http.ResponseWriter, _ *http.Request) {
			reply.Write([]byte("ok"))
		})}
	server.ListenAndServeTLS("cert.pem", "key.pem")
}
GO
cat >"$tmp/app.py" <<'PY'
import asyncio
import ssl
import sys

host = "127.0.0.1"


async def asgi(scope, receive, send):
    while scope["type"] != "http":
        await send({"type": (await receive())["type"] + ".complete"})
    await send({"type": "http.response.start", "status": 200,
                "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


def wsgi(environ, start_response):
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]


def context():
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain("cert.pem", "key.pem")
    return made


def aiohttp(port):
    from aiohttp import web

    async def answer(request):
        return web.Response(text="ok")
    app = web.Application()
    app.router.add_get("/", answer)
    web.run_app(app, host=host, port=port, ssl_context=context(), keepalive_timeout=1)


def tornado(port):
    from tornado import httpserver, web

    class Answer(web.RequestHandler):
        def get(self):
            self.write("ok")

    async def main():
        app = web.Application([("/", Answer)])
        httpserver.HTTPServer(app, ssl_options=context(), idle_connection_timeout=1).listen(port, host)
        await asyncio.Event().wait()
    asyncio.run(main())


def cheroot(port):
    from cheroot.ssl.builtin import BuiltinSSLAdapter
    from cheroot.wsgi import Server
    server = Server((host, port), wsgi, timeout=1)
    server.ssl_adapter = BuiltinSSLAdapter("cert.pem", "key.pem")
    server.start()


def twisted(port):
    from twisted.internet import reactor, ssl as tls
    from twisted.web import resource, server

    class Answer(resource.Resource):
        isLeaf = True

        def render_GET(self, request):
            return b"ok"
    pair = tls.DefaultOpenSSLContextFactory("key.pem", "cert.pem")
    reactor.listenSSL(port, server.Site(Answer(), timeout=1), pair, interface=host)
    reactor.run()


if __name__ == "__main__":
    globals()[sys.argv[1]](int(sys.argv[2]))
PY
cat >"$tmp/app.cjs" <<'JS'
const { readFileSync } = require('fs');
const options = { key: readFileSync('key.pem'), cert: readFileSync('cert.pem'), keepAliveTimeout: 500 };
require('https').createServer(options, (request, reply) => reply.end('ok')).listen(process.argv[2]);
JS
cat >"$tmp/ask.py" <<'PY'
import socket
import ssl
import sys

context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
said = []
for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
    context.minimum_version = context.maximum_version = version
    plain = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 20)
    sock = context.wrap_socket(plain, suppress_ragged_eofs=False)
    sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    got = b""
    try:
        while more := sock.recv(4096):
            got += more
        end = "notify"
    except ssl.SSLEOFError:
        end = "bare"
    said.append(end if b" 200 " in got and b"connection: close" not in got.lower() else "not kept")
print(*said)
PY
# asks NAME WANT COMMAND...: how the server on $own ends an idle connection.
asks() {
	name=$1
	want=$2
	shift 2
	start "$own" env -C "$tmp" "$@"
	expect "$name" "$want" "$(run python3 ask.py "$own")"
	own=$(free_port)
}

cd "$tmp" || exit 1
chmod 755 .
need openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem \
	-out cert.pem -days 2 -subj /CN=localhost
cat key.pem cert.pem >both.pem
echo ok >index.html
own=$(free_port)
bin=$tmp/venv/bin
asks "Node's https" "bare bare" node app.cjs "$own"
asks gunicorn "bare bare" "$bin/gunicorn" -b "127.0.0.1:$own" --threads 2 --keep-alive 1 \
	--certfile cert.pem --keyfile key.pem app:wsgi
asks tornado "bare bare" "$python" app.py tornado "$own"
asks cheroot "bare bare" "$python" app.py cheroot "$own"
asks uvicorn "notify notify" "$bin/uvicorn" --port "$own" --timeout-keep-alive 1 \
	--ssl-certfile cert.pem --ssl-keyfile key.pem app:asgi
asks hypercorn "notify notify" "$bin/hypercorn" -b "127.0.0.1:$own" --keep-alive 1 \
	--certfile cert.pem --keyfile key.pem app:asgi
for name in aiohttp twisted; do
	asks $name "notify notify" "$python" app.py $name "$own"
done
asks "Go's http" "notify notify" go/find "$own"
modules=$(echo "$tmp"/deb/usr/lib/apache2/modules)
cat >apache.conf <<CONF
ServerRoot $tmp
ServerName localhost
Listen 127.0.0.1:$own
PidFile $tmp/apache.pid
ErrorLog $tmp/apache.log
LoadModule mpm_event_module $modules/mod_mpm_event.so
LoadModule authz_core_module $modules/mod_authz_core.so
LoadModule dir_module $modules/mod_dir.so
LoadModule ssl_module $modules/mod_ssl.so
DocumentRoot $tmp
DirectoryIndex index.html
KeepAliveTimeout 1
SSLEngine on
SSLCertificateFile $tmp/cert.pem
SSLCertificateKeyFile $tmp/key.pem
CONF
asks Apache "notify notify" \
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
	keepalive_timeout 1;
	server {
		listen 127.0.0.1:$own ssl;
		ssl_protocols TLSv1.2 TLSv1.3;
		ssl_certificate $tmp/cert.pem;
		ssl_certificate_key $tmp/key.pem;
		root $tmp;
	}
}
CONF
asks nginx "notify notify" deb/usr/sbin/nginx -p "$tmp" -e stderr -c "$tmp/nginx.conf"
cat >haproxy.cfg <<CONF
defaults
	mode http
	timeout connect 5s
	timeout client 5s
	timeout server 5s
	timeout http-keep-alive 1s
frontend server
	bind 127.0.0.1:$own ssl crt $tmp/both.pem
	http-request return status 200 content-type text/plain string ok
CONF
asks HAProxy "notify notify" deb/usr/sbin/haproxy -db -f haproxy.cfg
cat >lighttpd.conf <<CONF
server.document-root = "$tmp"
server.bind = "127.0.0.1"
server.port = $own
server.modules = ("mod_openssl")
server.max-keep-alive-idle = 1
index-file.names = ("index.html")
ssl.engine = "enable"
ssl.pemfile = "$tmp/both.pem"
CONF
asks lighttpd "notify notify" deb/usr/sbin/lighttpd -D -f lighttpd.conf -m deb/usr/lib/lighttpd
find_end
