# SPDX-License-Identifier: MIT
"""A TLS server that answers as it is told: tests/check_https_policy.sh talks to it.

answers.py FOLDER reads orders, a line each: how the requests that follow are answered, one word for
each of them, whichever connection it comes on; those behind them get 200. A word is WHAT or
WHAT:HOW. WHAT: a status; reset, close, before an answer; hang, no answer; 103, and then a reset;
mute, a 200 and nothing more is said on the connection. HOW, more than one of them set apart by
commas:
  after=N     Retry-After: N
  HEADER=TEXT any other header
  size=N      a body of so many bytes
  drip=N      in records of so many bytes
  late=MS     after so long
  split=MS    so long between head and body
  close       Connection: close, and that
  refuse      the connections that come next are reset in their handshake
  stop        there is nobody for them to connect to
An order is answered by a line; the first line of all tells the port. "seen" is answered by how many
connections there were since the order, and the requests that they brought, each with the number of
its connection, +N with X-Attempt, and a letter for each different X-Request-Id.
"""
import socket
import ssl
import sys
import threading
import time

from server import Over, Server, Tls

REASONS = {200: "OK", 401: "Unauthorized", 408: "Request Timeout"}


def body_of(size):
    """No piece of it is like another."""
    return "".join(f"{i:07x}\n" for i in range(size // 8 + 1))[:size].encode()


class Answers(Server):
    def __init__(self, folder):
        self.folder = folder
        self.lock = threading.Lock()
        self.listener, self.port = None, 0
        self.order("")

    def listen(self):
        self.listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, args=(self.listener,), daemon=True).start()

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)  # which wakes accept
        self.listener.close()
        self.listener = None

    def order(self, line):
        if not self.listener:
            self.listen()
        with self.lock:
            self.words = line.split()
            self.connections, self.requests, self.ids, self.refuses = 0, [], [], False
            self.known = self.context("same", "1.3", "http/1.1")

    def accept(self, listener):
        while True:
            try:
                conn, _ = listener.accept()
            except OSError:
                return
            conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            conn.settimeout(20)
            with self.lock:
                self.connections += 1
                job = (conn, self.connections)
            threading.Thread(target=self.talk, args=job, daemon=True).start()

    def talk(self, conn, number):
        try:
            if self.refuses:
                conn.recv(1)
                self.reset(conn)
                return
            tls = Tls(conn, self.known)
            tls.call(tls.tls.do_handshake)
            while self.answer(conn, tls, self.take(number, self.read(tls))):
                pass
        except (OSError, ssl.SSLError, Over):
            pass
        finally:
            conn.close()

    def read(self, tls):
        request = b""
        while b"\r\n\r\n" not in request:
            got = tls.call(tls.tls.read, 65536)
            if not got:
                raise Over
            request += got
        head, _, body = request.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        fields = {k.lower(): v for k, v in (x.split(": ", 1) for x in lines[1:])}
        left = int(fields.get("content-length", 0)) - len(body)
        while left > 0:
            left -= len(tls.call(tls.tls.read, left))
        return lines[0].split(" HTTP/")[0].replace(" ", ""), fields

    def take(self, number, request):
        """Notes the request; returns the word for it."""
        line, fields = request
        with self.lock:
            told = f"{number}:{line}"
            if "x-attempt" in fields:
                told += f"+{fields['x-attempt']}"
            name = fields.get("x-request-id")
            if name:
                if name not in self.ids:
                    self.ids.append(name)
                told += "abcdefgh"[self.ids.index(name)]
            self.requests.append(told)
            return self.words.pop(0) if self.words else "200"

    def answer(self, conn, tls, word):
        what, _, how = word.partition(":")
        how = dict(x.partition("=")[::2] for x in how.split(",") if x)
        if what == "hang":
            conn.recv(1)
            time.sleep(10)
            return False
        if what == "103":
            tls.write(b"HTTP/1.1 103 Early Hints\r\n\r\n")
            time.sleep(0.1)
        if what in ("103", "reset", "close"):
            time.sleep(int(how.get("late", 0)) / 1000)
        if what in ("103", "reset"):
            self.reset(conn)
        if what in ("103", "reset", "close"):
            return False
        if how.pop("stop", None) is not None:
            self.stop()
        self.refuses |= how.pop("refuse", None) is not None
        self.write(tls, int(what) if what.isdigit() else 200, how)
        if what == "mute":
            time.sleep(10)
        if "close" in how:
            try:
                tls.tls.unwrap()
            except ssl.SSLError:
                pass
            tls.flush()
        return "close" not in how and what != "mute"

    @staticmethod
    def write(tls, status, how):
        body = body_of(int(how.pop("size", 0))) or b"hello\n"
        piece, split = int(how.pop("drip", 0)), int(how.pop("split", 0))
        time.sleep(int(how.pop("late", 0)) / 1000)
        head = f"HTTP/1.1 {status} {REASONS.get(status, 'So')}\r\nContent-Length: {len(body)}\r\n"
        for name, value in how.items():
            if name == "close":
                head += "Connection: close\r\n"
            else:
                head += f"{'Retry-After' if name == 'after' else name}: {value}\r\n"
        text = head.encode() + b"\r\n"
        if split:
            tls.write(text)
            time.sleep(split / 1000)
            text = b""
        text += body
        for at in range(0, len(text), piece or len(text)):
            tls.write(text[at : at + (piece or len(text))])

    def seen(self):
        with self.lock:
            return f"{self.connections} {','.join(self.requests) or '-'} 0 0"


def main():
    server = Answers(sys.argv[1])
    print(server.port, flush=True)
    for line in sys.stdin:
        if line.strip() == "seen":
            print(server.seen(), flush=True)
        else:
            server.order(line)
            print("ok", flush=True)


main()
