# SPDX-License-Identifier: MIT
"""A TLS server that hangs up on its first clients: tests/check_tls.sh talks to it.

server.py CERTIFICATE KEY reads orders, a line each: "FAULT COUNT VERSION" lets the next COUNT
connections end so, and the ones behind them shake hands up to that version of TLS, and answer one
request a connection. It answers an order with a line, which the first time tells the port. The end
of its orders is its own. A fault is reset, close, or alert: the latter says no instead. "seen"
answers with how many connections there were since the last order, and how many requests.
"""
import socket
import ssl
import struct
import sys
import threading

RECORD_HEADER = 5


def read_exactly(conn, count):
    data = b""
    while len(data) < count:
        more = conn.recv(count - len(data))
        if not more:
            return None
        data += more
    return data


class Server:
    def __init__(self, certificate, key):
        self.certificate, self.key = certificate, key
        self.lock = threading.Lock()
        self.order("reset 0 1.3")
        self.listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self.accept, daemon=True).start()

    def order(self, line):
        fault, count, version = line.split()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        context.maximum_version = {
            "1.2": ssl.TLSVersion.TLSv1_2,
            "1.3": ssl.TLSVersion.TLSv1_3,
        }[version]
        with self.lock:
            self.fault, self.left, self.context = fault, int(count), context
            self.connections = self.requests = 0

    def accept(self):
        while True:
            conn, _ = self.listener.accept()
            conn.settimeout(20)
            with self.lock:
                faulty = self.left > 0
                self.left -= faulty
                self.connections += 1
                fault, context = self.fault if faulty else None, self.context
            threading.Thread(target=self.serve, args=(conn, fault, context), daemon=True).start()

    def serve(self, conn, fault, context):
        try:
            if fault:
                self.hang_up(conn, fault)
            else:
                self.answer(conn, context)
        except (OSError, ssl.SSLError):
            pass
        finally:
            conn.close()

    def hang_up(self, conn, fault):
        header = read_exactly(conn, RECORD_HEADER)
        if not header or not read_exactly(conn, struct.unpack(">H", header[3:])[0]):
            return
        if fault == "alert":  # fatal, unrecognized_name
            conn.sendall(b"\x15\x03\x03\0\2\2\x70")
            conn.recv(1)
        if fault == "reset":
            conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def answer(self, conn, context):
        with context.wrap_socket(conn, server_side=True) as tls:
            request = b""
            while b"\r\n\r\n" not in request:
                more = tls.recv(4096)
                if not more:
                    return
                request += more
            with self.lock:
                self.requests += 1
            tls.sendall(
                b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nhello\n"
            )


def main():
    server = Server(*sys.argv[1:3])
    print(server.listener.getsockname()[1], flush=True)
    for line in sys.stdin:
        if line.strip() == "seen":
            with server.lock:
                print(server.connections, server.requests, flush=True)
        else:
            server.order(line)
            print("ok", flush=True)


main()
