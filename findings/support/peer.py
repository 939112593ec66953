# SPDX-License-Identifier: MIT
"""A server on loopback that answers as a finding wants it.

peer.py HANDLER PORTFILE LOG: HANDLER is a Python file with `handle(conn)`, run once a connection.
PORTFILE gets the port once it listens; LOG gets a line a request: `CONN N METHOD PATH`, where N is
the request's number on its connection. It ends by itself after 120 seconds.
"""
import os
import socket
import sys
import threading
import time

LIFE_S = 120


class Conn:
    def __init__(self, sock, number, log):
        self.sock, self.number, self.log = sock, number, log
        self.requests, self.buffered = 0, b""
        self.method = self.path = self.fields = self.body = None

    def _more(self):
        data = self.sock.recv(65536)
        self.buffered += data
        return data

    def _until(self, end):
        while end not in self.buffered:
            if not self._more():
                return None
        taken, self.buffered = self.buffered.split(end, 1)
        return taken

    def request(self):
        """Reads one whole request; its method, or None once the client is gone. In body: its bytes,
        chunks as they came."""
        try:
            return self._request()
        except OSError:
            return None

    def _request(self):
        head = self._until(b"\r\n\r\n")
        if head is None:
            return None
        lines = head.decode("latin-1").split("\r\n")
        self.method, self.path, _ = lines[0].split(" ")
        self.fields = dict(line.lower().replace(": ", ":", 1).split(":", 1) for line in lines[1:])
        length = int(self.fields.get("content-length", 0))
        while len(self.buffered) < length:
            if not self._more():
                return None
        self.body, self.buffered = self.buffered[:length], self.buffered[length:]
        if "transfer-encoding" in self.fields:
            self.body = self._until(b"0\r\n\r\n")
            if self.body is None:
                return None
        self.requests += 1
        print(self.number, self.requests, self.method, self.path, file=self.log, flush=True)
        return self.method

    def send(self, *lines, body=""):
        """Sends a head of LINES and BODY as they are."""
        self.sock.sendall(("\r\n".join(lines) + "\r\n\r\n" + body).encode("latin-1"))

    def ok(self, *fields):
        self.send("HTTP/1.1 200 OK", *fields, "Content-Length: 2", body="ok")


def run(handle, conn):
    try:
        handle(conn)
    except OSError:
        pass
    conn.sock.close()


def main():
    scope = {"time": time}
    with open(sys.argv[1]) as handler:
        exec(handler.read(), scope)
    listener = socket.create_server(("127.0.0.1", 0))
    with open(sys.argv[2] + ".new", "w") as portfile:
        portfile.write(str(listener.getsockname()[1]))
    os.rename(sys.argv[2] + ".new", sys.argv[2])
    threading.Timer(LIFE_S, os._exit, [0]).start()
    with open(sys.argv[3], "w") as log:
        number = 0
        while True:
            number += 1
            conn = Conn(listener.accept()[0], number, log)
            threading.Thread(target=run, args=(scope["handle"], conn), daemon=True).start()


main()
