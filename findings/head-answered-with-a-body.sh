#!/bin/sh
# SPDX-License-Identifier: MIT
# A WSGI, ASGI, PSGI or Rack application that answers HEAD as it answers GET, body and all, which none
# of these interfaces forbids. A client asks HEAD and then GET on one connection.
# Guess: the server knows the method and leaves the body out, as it must (RFC 9110, 9.3.2).
# Instead: cheroot, waitress, gevent, eventlet, bjoern and Starman send it, on a connection that stays
#   open: to the client it is the start of the next answer. The servers of ASGI, gunicorn, Twisted and
#   Puma leave it out.
# Matters: health checks and caches ask HEAD; the next request on that connection fails, or its answer
#   is taken for HTTP/0.9, and with the server beside it the same application is well.
# Versions: cheroot 11.1.2, waitress 3.0.2, gevent 26.9.0, eventlet 0.41.3, bjoern 3.2.2, gunicorn
#   27.0.1, Twisted 26.10.0, uvicorn 0.54.0, hypercorn 0.18.0, granian 2.8.9, daphne 4.2.3 on Python
#   3.11.7; Starman 0.4016 on Perl 5.36 and Puma 5.6.5 on Ruby 3.1 of Debian 12.
# Seen 2026-11-29, "status of HEAD, start of what follows its head": see the expectations.
. "$(dirname "$0")/support/find.sh"

get_pip cheroot==11.1.2 waitress==3.0.2 gevent==26.9.0 eventlet==0.41.3 bjoern==3.2.2 \
	gunicorn==27.0.1 twisted==26.10.0 uvicorn==0.54.0 hypercorn==0.18.0 granian==2.8.9 daphne==4.2.3
get_deb starman=0.4016-1 libplack-perl=1.0050-1 libnet-server-perl=2.013-2 libdata-dump-perl=1.25-1 \
	libhttp-parser-xs-perl=0.17-2+b2 libhash-multivalue-perl=0.16-3 libtry-tiny-perl=0.31-2 \
	libdevel-stacktrace-perl=2.0400-2 libdevel-stacktrace-ashtml-perl=0.15-2 \
	libapache-logformat-compiler-perl=0.36-3 libposix-strftime-compiler-perl=0.44-3 \
	libstream-buffered-perl=0.03-3 puma=5.6.5-3+deb12u2 ruby-nio4r=2.5.8-3 \
	ruby-rack=2.2.22-0+deb12u2
cat >"$tmp/app.py" <<'PY'
import sys

host = "127.0.0.1"


async def asgi(scope, receive, send):
    while scope["type"] != "http":
        await send({"type": (await receive())["type"] + ".complete"})
    await send({"type": "http.response.start", "status": 200,
                "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})


def wsgi(environ, start_response):
    start_response("200 OK", [("Content-Length", "5")])
    return [b"hello"]


def cheroot(port):
    from cheroot.wsgi import Server
    Server((host, port), wsgi).start()


def waitress(port):
    from waitress import serve
    serve(wsgi, host=host, port=port)


def gevent(port):
    from gevent.pywsgi import WSGIServer
    WSGIServer((host, port), wsgi).serve_forever()


def eventlet(port):
    import eventlet
    from eventlet import wsgi as server
    server.server(eventlet.listen((host, port)), wsgi)


def bjoern(port):
    import bjoern as server
    server.run(wsgi, host, port)


def twisted(port):
    from twisted.internet import reactor
    from twisted.web.server import Site
    from twisted.web.wsgi import WSGIResource
    resource = WSGIResource(reactor, reactor.getThreadPool(), wsgi)
    reactor.listenTCP(port, Site(resource), interface=host)
    reactor.run()


if __name__ == "__main__":
    globals()[sys.argv[1]](int(sys.argv[2]))
PY
cat >"$tmp/app.psgi" <<'PERL'
sub { [200, ["Content-Length" => 5], ["hello"]] }
PERL
cat >"$tmp/config.ru" <<'RUBY'
run lambda { |env| [200, { 'Content-Length' => '5' }, ['hello']] }
RUBY
cat >"$tmp/ask.py" <<'PY'
import socket
import sys
import time

sock = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 10)


def read_on(got=b""):
    while b"\r\n\r\n" not in got:
        more = sock.recv(4096)
        if not more:
            sys.exit("closed")
        got += more
    return got.split(b"\r\n\r\n", 1)


sock.sendall(b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
head, rest = read_on()
time.sleep(0.3)  # for what may still come with it
sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
print(head.split(b" ")[1].decode(), read_on(rest)[0][:13].decode())
PY
# asks NAME WANT COMMAND...: the server on $own.
asks() {
	name=$1
	want=$2
	shift 2
	start "$own" env -C "$tmp" "$@"
	expect "$name" "$want" "$(run python3 ask.py "$own")"
	own=$(free_port)
}

own=$(free_port)
left_out="200 HTTP/1.1 200 "
sent="200 helloHTTP/1.1"
bin=$tmp/venv/bin
for name in cheroot waitress gevent eventlet bjoern; do
	asks $name "$sent" "$python" app.py $name "$own"
done
asks twisted "$left_out" "$python" app.py twisted "$own"
asks gunicorn "$left_out" "$bin/gunicorn" -b "127.0.0.1:$own" --threads 4 app:wsgi
asks uvicorn "$left_out" "$bin/uvicorn" --port "$own" app:asgi
asks hypercorn "$left_out" "$bin/hypercorn" -b "127.0.0.1:$own" app:asgi
asks granian "$left_out" "$bin/granian" --port "$own" --interface wsgi app:wsgi
asks daphne "$left_out" "$bin/daphne" -p "$own" app:asgi
deb=$tmp/deb/usr
asks Starman "$sent" "PERL5LIB=$deb/share/perl5:$libs/perl5/5.36" \
	perl "$deb/bin/starman" --listen "127.0.0.1:$own" --workers 1 app.psgi
rack=$deb/share/rubygems-integration/all/gems/rack-2.2.22/lib
asks Puma "$left_out" "RUBYLIB=$rack:$deb/lib/ruby/vendor_ruby:$libs/ruby/vendor_ruby/3.1.0" \
	ruby "$deb/bin/puma" -b "tcp://127.0.0.1:$own" config.ru
find_end
