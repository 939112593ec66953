# SPDX-License-Identifier: MIT
"""A proxy that misbehaves on purpose: tests/check_https_proxies.sh leads programs through it.

proxy.py PORT: whatever it is asked for, by CONNECT, SOCKS 5, 4 or 4a, it leads to 127.0.0.1:PORT, and
hands on an end as it came. It prints its own port, and answers each line that it reads: "seen", or an
order "LATER [ASKS]". The first connection after an order is led on, those behind it as LATER says:
  same      as the first
  longer    with an answer that is longer
  pieces    with an answer that comes byte by byte
  STATUS    that is the answer, and a close
  keeps     a 503, and the connection is kept
  interim   a 1xx before the answer
  trailing  a byte follows the answer at once
  garbage   something else is the answer
  refuse    as SOCKS refuses
  close, reset, hang     there is none
ASKS is a scheme of Proxy-Authorization: without one of that the answer to CONNECT is 407.
"seen" is answered by how many connections there were since the order, how many different things they
were asked, and how many bytes came behind that on those that were not led on.
"""
import os
import select
import socket
import struct
import sys
import threading
import time

RESPONSES = {"407": "Proxy Authentication Required", "403": "Forbidden", "502": "Bad Gateway"}
OPENED = b"HTTP/1.1 200 Connection established\r\n\r\n"
ASKING = b"HTTP/1.1 407 Who\r\nProxy-Authenticate: %s\r\nContent-Length: 3\r\n\r\nwho"
GRANTED = {5: b"\5\0\0\1\0\0\0\0\0\0", 4: b"\0\x5a\0\0\0\0\0\0"}
GRANTED_LONGER = {5: b"\5\0\0\4" + bytes(18), 4: GRANTED[4]}
REFUSED = {5: b"\5\5\0\1\0\0\0\0\0\0", 4: b"\0\x5b\0\0\0\0\0\0"}


class Client:
    """One connection, and what was said on it until it is led on."""

    def __init__(self, conn):
        self.conn, self.said = conn, b""

    def exactly(self, count):
        got = b""
        while len(got) < count:
            piece = self.conn.recv(count - len(got))
            if not piece:
                raise EOFError
            got += piece
        self.said += got
        return got

    def until(self, end):
        got = b""
        while not got.endswith(end):
            got += self.exactly(1)
        return got


class Proxy:
    def __init__(self, target):
        self.target = target
        self.lock = threading.Lock()
        self.order("same")
        self.listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self.accept, daemon=True).start()

    def order(self, later, asks=""):
        with self.lock:
            self.later, self.asks = later, asks
            self.connections, self.said, self.behind = 0, set(), 0

    def accept(self):
        while True:
            conn, _ = self.listener.accept()
            conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.lock:
                self.connections += 1
                how = "same" if self.connections == 1 else self.later
                job = (Client(conn), how, self.asks.encode())
            threading.Thread(target=self.serve, args=job, daemon=True).start()

    def serve(self, client, how, asks):
        try:
            first = client.exactly(1)[0]
            version = first if first in (4, 5) else 0
            ask = {5: self.ask_5, 4: self.ask_4}.get(version, self.ask_tunnel)
            ask(client, asks)
            with self.lock:
                self.said.add(client.said)
            self.lead(client, version, how)
        except (EOFError, OSError):
            pass
        finally:
            client.conn.close()

    @staticmethod
    def ask_5(client, _):
        offered = client.exactly(client.exactly(1)[0])
        method = b"\0" if b"\0" in offered else b"\2"
        client.conn.sendall(b"\5" + method)
        if method == b"\2":
            client.exactly(1)
            for _ in range(2):
                client.exactly(client.exactly(1)[0])
            client.conn.sendall(b"\1\0")
        kind = client.exactly(4)[3]
        client.exactly({1: 4, 4: 16}[kind] if kind != 3 else client.exactly(1)[0])
        client.exactly(2)

    @staticmethod
    def ask_4(client, _):
        address = client.exactly(7)[3:]
        client.until(b"\0")
        if address[:3] == b"\0\0\0" and address[3]:
            client.until(b"\0")

    @staticmethod
    def ask_tunnel(client, asks):
        while True:
            client.until(b"\r\n\r\n")
            wanted = b"proxy-authorization: " + asks.lower()
            if not asks or wanted in client.said.lower():
                return
            client.conn.sendall(ASKING % asks)
            client.said = b""
            client.exactly(1)

    def lead(self, client, version, how):
        answer = GRANTED[version] if version else OPENED
        if how == "longer":
            longer = OPENED[:-2] + b"Via: 1.1 another, with more to say\r\n\r\n"
            answer = GRANTED_LONGER[version] if version else longer
        elif how not in ("same", "pieces"):
            self.turn_away(client, version, how, answer)
            return
        server = socket.create_connection(("127.0.0.1", self.target))
        if how == "pieces":
            for byte in answer:
                client.conn.sendall(bytes([byte]))
                time.sleep(0.001)
        else:
            client.conn.sendall(answer)
        self.pump(client.conn, server)

    def turn_away(self, client, version, how, answer):
        if how in RESPONSES:
            head = f"HTTP/1.1 {how} {RESPONSES[how]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
            client.conn.sendall(head.encode())
        elif how == "keeps":
            client.conn.sendall(b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n")
        elif how == "interim":
            client.conn.sendall(b"HTTP/1.1 103 Soon\r\n\r\n" + answer)
        elif how == "trailing":
            client.conn.sendall(answer + b"\x15")
        elif how == "garbage":
            client.conn.sendall(b"\x15\x03\x01\0\2\2\x28")
        elif how == "refuse":
            client.conn.sendall(REFUSED[version or 5])
        elif how == "reset":
            client.conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if how not in ("close", "reset"):
            behind = len(client.conn.recv(65536))
            with self.lock:
                self.behind += behind

    @staticmethod
    def pump(client, server):
        """Bytes both ways, and the end as it came: a reset is handed on as one."""
        other = {client: server, server: client}
        try:
            while True:
                for source in select.select(other, [], [])[0]:
                    data = source.recv(65536)
                    if not data:
                        return
                    other[source].sendall(data)
        except OSError:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        finally:
            client.close()
            server.close()

    def seen(self):
        with self.lock:
            return f"{self.connections} {len(self.said)} {self.behind}"


def main():
    proxy = Proxy(int(sys.argv[1]))
    print(proxy.listener.getsockname()[1], flush=True)
    for line in sys.stdin:
        if line.strip() == "seen":
            print(proxy.seen(), flush=True)
        else:
            proxy.order(*line.split())
            print("ok", flush=True)
    os._exit(0)


main()
