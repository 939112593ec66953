#!/bin/sh
# SPDX-License-Identifier: MIT
# `Range: bytes=10-` with an `If-Range` that names another ETag, or another date, than the file has.
# Servers of static files: h2o 2.2.5 and busybox 1.35.0 of Debian 12, aiohttp 3.14.5, falcon 4.4.0,
# Tornado 6.6.1, WhiteNoise 6.12.0, CherryPy 18.10.0, serve-handler 6.1.8, http-server 14.1.1,
# sirv 3.0.2, send 1.2.1 (express), @hapi/inert 7.1.2.
# Guess: who knows Range and sends an ETag knows If-Range (RFC 9110, section 13.1.5): 206 if it is the
#   file's, 200 with the whole file if not; a weak ETag is never the file's.
# Instead: ten of the twelve answer 206 to an ETag that is another file's; aiohttp does compare an
#   older date, but no ETag. send answers 206 to its own weak ETag. inert answers 200 to the date
#   that it has just sent. Only what the 206 says of itself tells the file.
# Matters: whoever goes on with a broken download must compare the ETag of the 206; three of the ten
#   send none or a weak one, so that nobody can.
# Seen 2026-11-28, "same ETag, other ETag, same date, older date: ETag of the 206": see the
# expectations.
. "$(dirname "$0")/support/find.sh"

get_deb h2o=2.2.5+dfsg2-7 busybox=1:1.35.0-4+deb12u1+b1
get_pip aiohttp==3.14.5 falcon==4.4.0 tornado==6.6.1 whitenoise==6.12.0 cherrypy==18.10.0
get_npm serve-handler@6.1.8 http-server@14.1.1 sirv@3.0.2 send@1.2.1 @hapi/hapi@21.4.10 @hapi/inert@7.1.2

mkdir "$tmp/www"
chmod 755 "$tmp" "$tmp/www"
head -c 10240 /dev/zero >"$tmp/www/file.bin"
touch -d '2026-01-02 03:04:05 UTC' "$tmp/www/file.bin"

cat >"$tmp/server.py" <<'PY'
import asyncio
import sys
from wsgiref.simple_server import make_server

which, port, root = sys.argv[1], int(sys.argv[2]), sys.argv[3]
host = "127.0.0.1"
if which == "aiohttp":
    from aiohttp import web
    app = web.Application()
    app.router.add_static("/", root)
    web.run_app(app, host=host, port=port, print=None)
elif which == "falcon":
    import falcon
    app = falcon.App()
    app.add_static_route("/", root)
    make_server(host, port, app).serve_forever()
elif which == "whitenoise":
    from whitenoise import WhiteNoise
    make_server(host, port, WhiteNoise(None, root=root)).serve_forever()
elif which == "tornado":
    from tornado import web

    async def main():
        web.Application([("/(.*)", web.StaticFileHandler, {"path": root})]).listen(port, host)
        await asyncio.Event().wait()
    asyncio.run(main())
else:
    import cherrypy
    cherrypy.config.update({"server.socket_host": host, "server.socket_port": port,
                            "log.screen": False})
    cherrypy.quickstart(None, "/", {"/": {
        "tools.staticdir.on": True, "tools.staticdir.dir": root,
        "tools.etags.on": True, "tools.etags.autotags": True}})
PY
cat >"$tmp/server.js" <<'JS'
const http = require('http');
const [which, port, root] = process.argv.slice(2);
const serve = (handler) => http.createServer(handler).listen(Number(port), '127.0.0.1');
const kinds = {
  'serve-handler': () => serve((request, response) =>
    require('serve-handler')(request, response, { public: root, etag: true })),
  'http-server': () => require('http-server').createServer({ root }).listen(port, '127.0.0.1'),
  sirv: async () => serve((await import('sirv')).default(root, { etag: true })),
  send: () => serve((request, response) =>
    require('send')(request, request.url, { root }).pipe(response)),
  inert: async () => {
    const server = require('@hapi/hapi').server({ port, host: '127.0.0.1' });
    await server.register(require('@hapi/inert'));
    server.route({ method: 'GET', path: '/{p*}', handler: { directory: { path: root } } });
    await server.start();
  },
};
kinds[which]();
JS
cat >"$tmp/ask.py" <<'PY'
import http.client
import sys

port = int(sys.argv[1])


def ask(**fields):
    conn = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    conn.request("GET", "/file.bin", headers={k.replace("_", "-"): v for k, v in fields.items()})
    response = conn.getresponse()
    response.read()
    conn.close()
    return response


whole = ask()
tag, date = whole.getheader("ETag"), whole.getheader("Last-Modified")
said = []
for validator in (tag, '"another"', date, "Mon, 01 Jan 2001 00:00:00 GMT"):
    said.append(str(ask(Range="bytes=10-", If_Range=validator).status) if validator else "-")
part = ask(Range="bytes=10-").getheader("ETag")
print(*said, "weak" if part and part[0] == "W" else "same" if part == tag and tag else "none")
PY

# says NAME WANT COMMAND...: what the server on $port says.
says() {
	name=$1
	want=$2
	shift 2
	start "$port" env "$@"
	expect "$name" "$want" "$(run python3 ask.py "$port")"
}

port=$(free_port)
cat >"$tmp/h2o.conf" <<CONF
listen:
  host: 127.0.0.1
  port: $port
hosts:
  default:
    paths:
      /:
        file.dir: $tmp/www
CONF
says h2o "206 206 206 206 same" "$tmp/deb/usr/bin/h2o" -c "$tmp/h2o.conf"
port=$(free_port)
says busybox "206 206 206 206 same" "$tmp/deb/bin/busybox" httpd -f -p "127.0.0.1:$port" -h "$tmp/www"
while read -r name want; do
	port=$(free_port)
	says "$name" "$want" "$python" "$tmp/server.py" "$name" "$port" "$tmp/www"
done <<WANT
aiohttp 206 206 206 200 same
falcon 206 206 206 206 same
tornado 206 206 206 206 same
whitenoise 206 206 206 206 same
cherrypy 206 206 206 206 none
WANT
while read -r name want; do
	port=$(free_port)
	says "$name" "$want" node "$tmp/server.js" "$name" "$port" "$tmp/www"
done <<WANT
serve-handler 206 206 - 206 same
http-server 206 206 206 206 weak
sirv 206 206 206 206 weak
send 206 200 206 200 weak
inert 206 200 200 200 same
WANT
find_end
