#!/bin/sh
# SPDX-License-Identifier: MIT
# A download that was whole when it broke off: asked for the rest, `Range: bytes=10240-` of a file of
# 10,240 bytes, and for `bytes=-0`. webfs 1.21 and busybox 1.35.0 of Debian 12, serve-handler 6.1.8,
# http-server 14.1.1, koa-range 0.3.0 with koa-static 5.0.0, CherryPy 18.10.0, bottle 0.13.4.
# Guess: 416 with `Content-Range: bytes */10240` and no byte of the file (RFC 9110, section 15.5.17).
# Instead: webfs and koa-range answer 206 with `bytes 10240-10239/10240`, a range that ends before it
#   begins and that the grammar calls invalid; CherryPy does for -0. busybox answers 200 and the
#   whole file again. serve-handler says 416 and sends the whole file as its body. http-server and
#   bottle say 416 without the length.
# Matters: a client that has all bytes and does not know it can be told so by 416 only if the length
#   is there; an empty 206 is an answer too, and a 416 may be 10,240 bytes long.
# Seen 2026-11-28, status, length of the body, Content-Range: see the expectations.
. "$(dirname "$0")/support/find.sh"

get_deb webfs=1.21+ds1-12+b1 busybox=1:1.35.0-4+deb12u1+b1
get_pip cherrypy==18.10.0 bottle==0.13.4
get_npm serve-handler@6.1.8 http-server@14.1.1 koa@3.3.0 koa-range@0.3.0 koa-static@5.0.0

mkdir "$tmp/www"
chmod 755 "$tmp" "$tmp/www"
head -c 10240 /dev/zero >"$tmp/www/file.bin"

cat >"$tmp/server.py" <<'PY'
import sys

which, port, root = sys.argv[1], int(sys.argv[2]), sys.argv[3]
host = "127.0.0.1"
if which == "bottle":
    import bottle
    bottle.route("/<name>")(lambda name: bottle.static_file(name, root=root))
    bottle.run(host=host, port=port, quiet=True)
else:
    import cherrypy
    cherrypy.config.update({"server.socket_host": host, "server.socket_port": port,
                            "log.screen": False})
    cherrypy.quickstart(None, "/", {"/": {"tools.staticdir.on": True,
                                          "tools.staticdir.dir": root}})
PY
cat >"$tmp/server.js" <<'JS'
const http = require('http');
const [which, port, root] = process.argv.slice(2);
if (which === 'serve-handler') {
  http.createServer((request, response) =>
    require('serve-handler')(request, response, { public: root })).listen(port, '127.0.0.1');
} else if (which === 'http-server') {
  require('http-server').createServer({ root }).listen(port, '127.0.0.1');
} else {
  const koa = require('koa');
  const app = new (koa.default || koa)();
  app.use(require('koa-range')).use(require('koa-static')(root)).listen(port, '127.0.0.1');
}
JS
cat >"$tmp/ask.py" <<'PY'
import http.client
import sys

said = []
for span in ("10240-", "-0"):
    conn = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=10)
    conn.request("GET", "/file.bin", headers={"Range": "bytes=" + span})
    response = conn.getresponse()
    body = response.read()
    whole = "whole" if body == bytes(10240) else "text" if body else "empty"
    said.append(f"{response.status} {whole} {response.getheader('Content-Range') or '-'}")
    conn.close()
print(", ".join(said))
PY

says() {
	name=$1
	want=$2
	shift 2
	start "$port" env "$@"
	expect "$name" "$want" "$(run python3 ask.py "$port")"
}

port=$(free_port)
says webfs "206 empty bytes 10240-10239/10240, 206 empty bytes 10240-10239/10240" \
	"$tmp/deb/usr/bin/webfsd" -F -i 127.0.0.1 -p "$port" -r "$tmp/www"
port=$(free_port)
says busybox "200 whole -, 200 whole -" \
	"$tmp/deb/bin/busybox" httpd -f -p "127.0.0.1:$port" -h "$tmp/www"
port=$(free_port)
says CherryPy "416 text bytes */10240, 206 empty bytes 10240-10239/10240" \
	"$python" "$tmp/server.py" cherrypy "$port" "$tmp/www"
port=$(free_port)
says bottle "416 text -, 416 text -" "$python" "$tmp/server.py" bottle "$port" "$tmp/www"
port=$(free_port)
says serve-handler "416 whole bytes */10240, 416 whole bytes */10240" \
	node "$tmp/server.js" serve-handler "$port" "$tmp/www"
port=$(free_port)
says http-server "416 empty -, 416 empty -" node "$tmp/server.js" http-server "$port" "$tmp/www"
port=$(free_port)
says koa-range "206 empty bytes 10240-10239/10240, 416 text -" \
	node "$tmp/server.js" koa-range "$port" "$tmp/www"
find_end
