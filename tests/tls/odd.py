# SPDX-License-Identifier: MIT
"""TLS as others than plain https use it, for tests/check_https_alone.sh.

odd.py serve FOLDER: the first line tells the port. Each line that it reads is a WAY, and is answered
by a line; "seen" by how many connections there were since, and what they brought: NUMBER:WHAT, a
request, and behind a = whom the client's certificate names (-: there is none yet). The first connection is closed
instead of the answer to the second request, the ones behind it serve.
odd.py WAY FOLDER PORT: three requests on one connection, and what becomes of each.
  smtp, postgres  TLS begins where the two have agreed on that in the clear
  greeted         the server speaks first, within TLS
  binary, h2      what is asked is no HTTP/1
  inside          TLS within TLS, with nothing said before
  certificate     the server asks for the client's certificate
  later           it does so behind the handshake, before it answers
"""
import socket
import ssl
import sys
import threading
import time

HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n"
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"


class Inner:
    """A session whose bytes another one carries."""

    def __init__(self, outer, context, **names):
        self.outer, self.incoming, self.outgoing = outer, ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, **names)
        self.call(self.tls.do_handshake)

    def call(self, function, *args):
        while True:
            try:
                result = function(*args)
                self.outer.sendall(self.outgoing.read())
                return result
            except ssl.SSLWantReadError:
                self.outer.sendall(self.outgoing.read())
                got = self.outer.recv(65536)
                if not got:
                    raise ConnectionError from None
                self.incoming.write(got)

    def recv(self, size):
        return self.call(self.tls.read, size)

    def sendall(self, data):
        self.call(self.tls.write, data)


def subject(tls):
    names = (tls.getpeercert() or {}).get("subject", ())
    return dict(pair for name in names for pair in name).get("commonName", "-")


class Server:
    def __init__(self, folder):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(f"{folder}/same.pem", f"{folder}/same.key")
        self.context.load_verify_locations(f"{folder}/trusted.pem")
        self.order("")
        self.listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self.accept, daemon=True).start()

    def order(self, way):
        self.way, self.connections, self.brought = way, 0, []
        self.context.verify_mode = ssl.CERT_REQUIRED if way == "certificate" else ssl.CERT_NONE
        self.context.post_handshake_auth = way == "later"
        if way == "later":
            self.context.verify_mode = ssl.CERT_OPTIONAL
        self.context.set_alpn_protocols(["h2"] if way == "h2" else ["http/1.1"])

    def accept(self):
        while True:
            conn, _ = self.listener.accept()
            self.connections += 1
            threading.Thread(target=self.serve, args=(conn, self.connections), daemon=True).start()

    def serve(self, conn, number):
        conn.settimeout(20)
        try:
            if self.way == "smtp":
                conn.sendall(b"220 odd\r\n")
                conn.recv(100)
                conn.sendall(b"250 STARTTLS\r\n")
                conn.recv(100)
                conn.sendall(b"220 go\r\n")
            elif self.way == "postgres":
                conn.recv(8)
                conn.sendall(b"S")
            tls = self.context.wrap_socket(conn, server_side=True)
            inside = self.way == "inside"
            carrier = Inner(tls, self.context, server_side=True) if inside else tls
            self.converse(tls, carrier, number)
            # Without a word: the program is to find out.
            socket.socket(fileno=tls.detach()).close()
        except (OSError, ssl.SSLError):
            conn.close()

    def converse(self, tls, carrier, number):
        if self.way == "greeted":
            carrier.sendall(b"welcome\n")
        for count in range(1, 4):
            asked = carrier.recv(65536)
            if not asked:
                return
            who = f"={subject(tls)}" if self.way in ("certificate", "later") else ""
            self.brought.append(f"{number}:{asked[4:6].decode('latin1')}{who}")
            if number == 1 and count == 2:
                return
            if self.way == "later":
                tls.verify_client_post_handshake()
            carrier.sendall(HELLO)


def begin(sock, way):
    if way == "smtp":
        for word in (b"EHLO odd\r\n", b"STARTTLS\r\n"):
            sock.recv(100)
            sock.sendall(word)
        sock.recv(100)
    elif way == "postgres":
        sock.sendall(b"\0\0\0\x08\x04\xd2\x16\x2f")
        sock.recv(1)


def client(way, folder, port):
    context = ssl.create_default_context(cafile=f"{folder}/trusted.pem")
    context.set_alpn_protocols(["h2", "http/1.1"] if way == "h2" else ["http/1.1"])
    if way in ("certificate", "later"):
        context.load_cert_chain(f"{folder}/client.pem", f"{folder}/client.key")
        context.post_handshake_auth = True
    sock = socket.create_connection(("127.0.0.1", port))
    begin(sock, way)
    carrier = context.wrap_socket(sock, server_hostname="localhost")
    if way == "inside":
        carrier = Inner(carrier, context, server_hostname="localhost")
    if way == "greeted":
        carrier.recv(100)
    for number in (1, 2, 3):
        time.sleep(0.025)
        asked = b"GET /%d HTTP/1.1\r\nHost: localhost\r\n\r\n" % number
        asked = {"binary": b"\x10\x0e\0\4/%dTT" % number, "h2": PREFACE}.get(way, asked)
        got = b""
        try:
            carrier.sendall(asked)
            while not got.endswith(b"hello\n"):
                more = carrier.recv(65536)
                if not more:
                    raise ConnectionError
                got += more
            print("hello", flush=True)
        except OSError as error:
            print(type(error).__name__, flush=True)
            return


if sys.argv[1] == "serve":
    server = Server(sys.argv[2])
    print(server.listener.getsockname()[1], flush=True)
    for line in sys.stdin:
        if line.strip() == "seen":
            print(server.connections, ",".join(server.brought) or "-", flush=True)
        else:
            server.order(line.strip())
            print("ok", flush=True)
else:
    client(sys.argv[1], sys.argv[2], int(sys.argv[3]))
