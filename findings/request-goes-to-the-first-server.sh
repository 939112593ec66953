#!/bin/sh
# SPDX-License-Identifier: MIT
# A client keeps one connection to its proxy and asks two servers over it, as curl and requests do with
# http:// addresses: each request names its server (RFC 9112, 3.2.2).
# Guess: each is answered by the server that it names, or the proxy closes behind the first answer.
# Instead: proxy.py and pproxy stay with the server of the first request: the second one goes there
#   too, and the client gets that server's answer for it, with status 200. To three requests sent at
#   once proxy.py gives no answer, and Privoxy one; mitmproxy and the four of npm are right throughout.
# Matters: a client that pools, as most do, reads another server's answer, with no error, and hands that
#   server what it meant for the second; whoever tries again on the same connection gets it again.
# Versions: proxy.py 2.4.10, pproxy 2.7.9, mitmproxy 11.0.2 and requests 2.34.2 on Python 3.11.7;
#   Privoxy 3.0.34 of Debian 12; proxy 4.1.0, proxy-chain 3.0.1, anyproxy 4.1.3, mockttp 4.6.5 on
#   Node 20.20.2.
# Seen 2026-11-29, the servers' own answers to "a b a" by requests, then by curl, then to three
# requests sent at once: see the expectations.
. "$(dirname "$0")/support/find.sh"

get_pip proxy.py==2.4.10 pproxy==2.7.9 mitmproxy==11.0.2 requests==2.34.2
get_npm proxy@4.1.0 proxy-chain@3.0.1 anyproxy@4.1.3 mockttp@4.6.5
get_deb privoxy=3.0.34-1
need curl --version
curl --version | head -1
cat >"$tmp/servers.py" <<'PY'
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def server(name, port):
    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", "1")
            self.end_headers()
            self.wfile.write(name)

        def log_message(self, *said):
            pass
    return ThreadingHTTPServer(("127.0.0.1", int(port)), Answer)


threading.Timer(180, os._exit, [0]).start()
threading.Thread(target=server(b"a", sys.argv[1]).serve_forever).start()
server(b"b", sys.argv[2]).serve_forever()
PY
cat >"$tmp/ask.py" <<'PY'
import socket
import subprocess
import sys

import requests

own, a, b = sys.argv[1:4]
addresses = [f"http://127.0.0.1:{port}/" for port in (a, b, a)]
with requests.Session() as session:
    session.proxies = {"http": f"http://127.0.0.1:{own}"}
    print(*[session.get(address, timeout=5).text for address in addresses], end="; ")
curl = subprocess.run(["curl", "-s", "-m", "5", "-w", " ", "-x", f"http://127.0.0.1:{own}", *addresses],
                      capture_output=True, text=True)
print(curl.stdout.strip(), end="; ")
sock = socket.create_connection(("127.0.0.1", int(own)))
sock.settimeout(2)
sock.sendall(b"".join(b"GET %s HTTP/1.1\r\nHost: %s\r\n\r\n" % (address.encode(), address[7:-1].encode())
                      for address in addresses))
got = b""
try:
    while more := sock.recv(65536):
        got += more
except OSError:
    pass
answers = got.split(b"HTTP/1.")[1:]
print(*["a" if b"\r\n\r\na" in answer or b"\r\n1\r\na" in answer else "b" for answer in answers])
PY
cat >"$tmp/proxy.mjs" <<'JS'
import http from 'http';

const [, , name, port] = process.argv;
({
  proxy: async () => (await import('proxy')).createProxy(http.createServer()).listen(port),
  'proxy-chain': async () => {
    const { Server } = await import('proxy-chain');
    new Server({ port: Number(port) }).listen();
  },
  anyproxy: async () => {
    const { ProxyServer } = (await import('anyproxy')).default;
    new ProxyServer({ port, silent: true }).start();
  },
  mockttp: async () => {
    const server = (await import('mockttp')).getLocal();
    await server.forAnyRequest().thenPassThrough();
    await server.start(Number(port));
  },
})[name]();
JS
# asks NAME WANT COMMAND...: the proxy on $own.
asks() {
	name=$1
	want=$2
	shift 2
	start "$own" env -C "$tmp" "HOME=$tmp" "$@"
	expect "$name" "$want" "$(run "$python" ask.py "$own" "$a" "$b")"
	own=$(free_port)
}

a=$(free_port)
b=$(free_port)
start "$b" python3 "$tmp/servers.py" "$a" "$b"
own=$(free_port)
right="a b a; a b a; a b a"
bin=$tmp/venv/bin
asks proxy.py "a a a; a a a; " "$bin/proxy" --hostname 127.0.0.1 --port "$own"
asks pproxy "a a a; a a a; a a a" "$bin/pproxy" -l "http://127.0.0.1:$own"
asks mitmproxy "$right" "$bin/mitmdump" --listen-host 127.0.0.1 -p "$own"
printf 'confdir %s\nlisten-address 127.0.0.1:%s\nkeep-alive-timeout 30\n' \
	"$tmp/deb/etc/privoxy" "$own" >"$tmp/privoxy"
asks Privoxy "a b a; a b a; a" deb/usr/sbin/privoxy --no-daemon privoxy
for name in proxy proxy-chain anyproxy mockttp; do
	asks $name "$right" node proxy.mjs $name "$own"
done
find_end
