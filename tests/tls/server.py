# SPDX-License-Identifier: MIT
"""A TLS server that misbehaves on purpose: tests/check_tls.sh and check_https.sh talk to it.

server.py FOLDER reads orders, a line each: "FAULT COUNT VERSION LATER". The next COUNT connections
end by that fault, the ones behind them serve, as LATER says:
  same       as the others
  key        with another key, and a certificate for that by the same authority and for the same name
  name       with a certificate of another name
  authority  with a certificate of another authority
  lower      TLS 1.2 at most
  weaker     a cipher of 128 bits, where the others have one of 256 (of TLS 1.2)
  unlinked   the same certificate as the others, which come with the one between it and its authority
  alpn       another protocol, if the client offers one
  slow       they wait before they say hello
  mute       they reset the connection instead of one
  empty      they end by the same HOW, instead of the answer to their first request
  gone       there are none: nobody listens, until the next order
  odd        as the others, and so does each second one; the first, third and so on have the fault
A fault is WHEN:HOW. WHEN: hello, instead of the server's first byte; shake, after a half of its first
flight; flight, after all of it; idle, after the first response; rest, a moment later, when that has
been read; later, after the second response;
second, instead of the answer to the second request. HOW: reset, close; notify, a close_notify and a
close; alert, a fatal alert; half, half a record of a response, and a reset; flip, a record of which
a bit is wrong; part, the first bytes of a response, and a reset; data, two responses for one request.
An order is answered by a line; the first line of all tells the port. "seen" is answered by how many
connections there were since the order, the requests that they brought, each with the number of its
connection, how many records the first connection behind the faulty ones had sent behind its
ClientHello before it had the server's certificate accepted, and how many resumed a session.
FOLDER has NAME.pem and NAME.key for same, key, name and authority; and for linked and unlinked, if
they are asked for.
"""
import re
import socket
import ssl
import struct
import sys
import threading
import time

from unread import until_read

HEADER = 5
ALLOW_CLIENT_RENEGOTIATION = 1 << 8  # of OpenSSL 3
ALERT_BAD_NAME = b"\x15\x03\x03\0\2\2\x70"
RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n"
STRANGERS = ("key", "name", "authority")
VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


class Over(Exception):
    pass


class Tls:
    """TLS over memory, so that what goes over the socket can be counted and spoiled."""

    def __init__(self, conn, context):
        self.conn = conn
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_side=True)
        self.raw = self.rest = b""

    def flush(self, spoil=lambda out: out):
        out = self.outgoing.read()
        if out:
            self.conn.sendall(spoil(out))

    def call(self, function, *args):
        while True:
            try:
                result = function(*args)
                self.flush()
                return result
            except ssl.SSLWantReadError:
                self.flush()
                got = self.conn.recv(65536)
                if not got:
                    raise Over from None
                self.raw += got
                self.incoming.write(got)

    def answer_hello(self, hello):
        self.incoming.write(hello)
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            pass
        return self.outgoing.read()

    def records(self):
        at, count = 0, 0
        while at + HEADER <= len(self.raw):
            at += HEADER + struct.unpack(">H", self.raw[at + 3 : at + HEADER])[0]
            count += 1
        return count

    def more(self):
        got = self.call(self.tls.read, 65536)
        if not got:
            raise Over
        self.rest += got

    def read_body(self, head):
        length = re.search(rb"\r\ncontent-length: *(\d+)", head, re.I)
        end = int(length[1]) if length else 0
        if re.search(rb"\r\ntransfer-encoding: *chunked", head, re.I):
            while b"0\r\n\r\n" not in self.rest:
                self.more()
            end = self.rest.index(b"0\r\n\r\n") + 5
        while len(self.rest) < end:
            self.more()
        self.rest = self.rest[end:]

    def read_request(self):
        while b"\r\n\r\n" not in self.rest:
            self.more()
        head, _, self.rest = self.rest.partition(b"\r\n\r\n")
        self.read_body(head)
        self.last = b"Connection: close" in head
        return head.split(b" HTTP/")[0].decode().replace(" ", "")

    def write(self, data, spoil=lambda out: out):
        self.tls.write(data)
        self.flush(spoil)


class Server:
    def __init__(self, folder):
        self.folder = folder
        self.lock = threading.Lock()
        self.later, self.listens = "same", threading.Event()
        self.order("hello:reset 0 1.3 same")
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = self.listener.getsockname()
        threading.Thread(target=self.accept, daemon=True).start()

    def context(self, name, version, protocol):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{self.folder}/{name}.pem", f"{self.folder}/{name}.key")
        context.maximum_version = VERSIONS[version]
        context.options |= ALLOW_CLIENT_RENEGOTIATION
        context.set_alpn_protocols([protocol])
        return context

    def order(self, line):
        fault, count, version, later = line.split()
        name = later if later in (*STRANGERS, "unlinked") else "same"
        first = self.context("linked" if later == "unlinked" else "same", version, "http/1.1")
        other = self.context(
            name,
            "1.2" if later == "lower" else version,
            "http/1.0" if later == "alpn" else "http/1.1",
        )
        if later == "weaker":
            first.set_ciphers("ECDHE-ECDSA-AES256-GCM-SHA384")
            other.set_ciphers("ECDHE-ECDSA-AES128-GCM-SHA256")
        with self.lock:
            if self.later == "gone":
                self.listener = socket.create_server(self.address)
                self.listens.set()
            self.fault, self.left, self.later = fault, int(count), later
            self.count = self.left
            self.contexts = [first, other]
            self.connections, self.requests, self.extra, self.resumed = 0, [], 0, 0

    def accept(self):
        while True:
            try:
                conn, _ = self.listener.accept()
            except OSError:
                self.listens.wait()
                continue
            conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            conn.settimeout(20)
            with self.lock:
                self.connections += 1
                faulty = self.left > 0 if self.later != "odd" else self.connections % 2 == 1
                self.left -= faulty
                fault = self.fault if faulty else ":"
                job = (conn, self.connections, fault.split(":"), self.contexts[not faulty])
            threading.Thread(target=self.serve, args=job, daemon=True).start()

    def serve(self, conn, number, fault, context):
        try:
            if fault[0] in ("hello", "shake", "flight"):
                self.hang_up(conn, fault, context)
            else:
                if self.later == "slow" and not fault[0]:
                    time.sleep(0.3)
                if self.later == "mute" and not fault[0]:
                    return self.hang_up(conn, ("hello", "reset"), context)
                self.converse(conn, number, fault, context)
        except (OSError, ssl.SSLError, Over):
            pass
        finally:
            conn.close()

    @staticmethod
    def reset(conn):
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def hang_up(self, conn, fault, context):
        hello = b""
        while len(hello) < HEADER or len(hello) < HEADER + struct.unpack(">H", hello[3:5])[0]:
            got = conn.recv(65536)
            if not got:
                return
            hello += got
        if fault[0] != "hello":
            flight = Tls(conn, context).answer_hello(hello)
            conn.sendall(flight[: len(flight) // (1 + (fault[0] == "shake"))])
            time.sleep(0.1)  # it is to be read first
        if fault[1] == "alert":
            conn.sendall(ALERT_BAD_NAME)
            conn.recv(1)
        if fault[1] == "reset":
            self.reset(conn)

    def converse(self, conn, number, fault, context):
        tls = Tls(conn, context)
        try:
            tls.call(tls.tls.do_handshake)
        finally:
            if not fault[0] and self.later in STRANGERS:
                with self.lock:
                    if number == self.count + 1:
                        self.extra = tls.records() - 1
        with self.lock:
            self.resumed += tls.tls.session_reused
        count = 0
        while True:
            request = tls.read_request()
            count += 1
            with self.lock:
                self.requests.append(f"{number}:{request}")
            if self.later == "empty" and not fault[0]:
                return self.end(conn, tls, self.fault.split(":")[1])
            if fault[0] == "second" and count == 2:
                return self.end(conn, tls, fault[1])
            tls.write(RESPONSE[:-6] if request.startswith("HEAD") else RESPONSE)
            if fault[0] == "rest" and count == 1:
                until_read(conn)
                time.sleep(0.02)
            if (fault[0], count) in (("idle", 1), ("rest", 1), ("later", 2)):
                return self.end(conn, tls, fault[1])
            if tls.last:
                return None

    def end(self, conn, tls, how):
        if self.later == "gone":
            self.listens.clear()
            self.listener.shutdown(socket.SHUT_RDWR)  # which wakes who accepts
        if how == "notify":
            try:
                tls.tls.unwrap()
            except ssl.SSLError:
                pass
            tls.flush()
        if how == "half":
            tls.write(RESPONSE, lambda out: out[: len(out) // 2])
        if how == "flip":
            tls.write(RESPONSE, lambda out: out[:-1] + bytes([out[-1] ^ 1]))
            conn.recv(65536)
        if how == "part":
            tls.write(RESPONSE[:10])
        if how in ("half", "part"):  # what was sent is to be read first
            time.sleep(0.1)
        if how in ("reset", "half", "part"):
            self.reset(conn)

    def seen(self):
        with self.lock:
            requests = ",".join(self.requests) or "-"
            return f"{self.connections} {requests} {self.extra} {self.resumed}"


def main():
    server = Server(sys.argv[1])
    print(server.address[1], flush=True)
    for line in sys.stdin:
        if line.strip() == "seen":
            print(server.seen(), flush=True)
        else:
            server.order(line)
            print("ok", flush=True)


if __name__ == "__main__":
    main()
