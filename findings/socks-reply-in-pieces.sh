#!/bin/sh
# SPDX-License-Identifier: MIT
# Four SOCKS clients: httpx 0.28.1 (socksio 1.0.0), PySocks 1.7.1, siosocks 0.3.0 and, on Node
# 20.20.2, socks5-client 1.2.8. TCP brings the proxy's reply whole, its first byte alone, or with
# the first words of a server that speaks first.
# Guess: a reply is read until it is whole and no further: as curl, nc, Java, python-socks and the
#   npm socks do, all three are the same to the program.
# Instead: a reply in two pieces fails httpx ("Malformed reply") and socks5-client; siosocks loses
#   what the server said with the reply. PySocks does as guessed.
# Matters: it works on loopback and in tests, and fails now and then on a real road; for siosocks
#   where the server greets, as SMTP and SSH do.
# Seen 2026-11-28: in two pieces httpx and socks5-client an error, the others "hello"; greeted
#   siosocks reads nothing, PySocks "hello".
. "$(dirname "$0")/support/find.sh"

get_pip 'httpx[socks]==0.28.1' socksio==1.0.0 PySocks==1.7.1 siosocks==0.3.0
get_npm socks5-client@1.2.8
serve <<'PY'
WAITALL = 256


def handle(conn):
    reply = b"\5\0\0\1" + bytes(6)
    conn.sock.recv(3, WAITALL)
    conn.sock.sendall(b"\5\0")
    asked = conn.sock.recv(5, WAITALL)
    form = conn.sock.recv(asked[4] + 2, WAITALL)[:-2]
    hello = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
    if form == b"two":
        conn.sock.setsockopt(6, 1, 1)
        conn.sock.sendall(reply[:1])
        time.sleep(0.2)
        conn.sock.sendall(reply[1:])
    elif form == b"one":
        conn.sock.sendall(reply)
    if form != b"greeted":
        conn.sock.recv(999)
        conn.sock.sendall(hello)
    else:
        conn.sock.sendall(reply + hello)
        time.sleep(0.2)
    conn.sock.shutdown(1)
    time.sleep(0.2)
PY
cat >"$tmp/find.py" <<'PY'
import asyncio
import os
import sys

import httpx
import siosocks.io.asyncio
import socks

ASK = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
name, form = sys.argv[1:]
port = int(os.environ["port"])


async def by_siosocks():
    reader, writer = await siosocks.io.asyncio.open_connection(
        form, 80, socks_host="127.0.0.1", socks_port=port, socks_version=5)
    if form != "greeted":
        writer.write(ASK)
    return (await asyncio.wait_for(reader.read(99), 3)).decode()


def by_pysocks():
    sock = socks.socksocket()
    sock.set_proxy(socks.SOCKS5, "127.0.0.1", port)
    sock.connect((form, 80))
    if form != "greeted":
        sock.sendall(ASK)
    return sock.recv(99).decode()


try:
    if name == "httpx":
        print(httpx.Client(proxy=f"socks5://127.0.0.1:{port}").get(f"http://{form}/").text)
    else:
        got = asyncio.run(by_siosocks()) if name == "siosocks" else by_pysocks()
        print(got[-5:] or "nothing")
except Exception as error:
    print("error:", error)
PY
cat >"$tmp/find.js" <<'JS'
const socket = require('socks5-client').createConnection(
  { socksHost: '127.0.0.1', socksPort: process.env.port, host: process.argv[2], port: 80 });
socket.on('connect', () => socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'));
socket.on('data', (data) => { console.log(String(data).slice(-5)); process.exit(); });
socket.on('error', (error) => { console.log('error:', error.message); process.exit(); });
JS
for name in httpx PySocks siosocks; do
	expect "$name, one piece" hello "$(run "$python" find.py $name one)"
done
expect "socks5-client, one piece" hello "$(run node find.js one)"
expect "httpx, two pieces" "error: Malformed reply" "$(run "$python" find.py httpx two)"
expect "socks5-client, two pieces" error: "$(run node find.js two | cut -d' ' -f1)"
expect "PySocks, two pieces" hello "$(run "$python" find.py PySocks two)"
expect "siosocks, two pieces" hello "$(run "$python" find.py siosocks two)"
expect "PySocks, greeted" hello "$(run "$python" find.py PySocks greeted)"
expect "siosocks, greeted" nothing "$(run "$python" find.py siosocks greeted)"
find_end
