# SPDX-License-Identifier: MIT
"""scrape.py PORT: asks `redial stat --listen` as one should and as one should not; tells what came."""
import socket
import sys
import time

PORT = int(sys.argv[1])


def dial():
    return socket.create_connection(("127.0.0.1", PORT), timeout=20)


def rest_of(sock):
    got = b""
    while True:
        try:
            more = sock.recv(65536)
        except ConnectionResetError:
            return got + b"RESET"
        if not more:
            return got
        got += more


def status(request):
    with dial() as sock:
        sock.sendall(request)
        answer = rest_of(sock)
    head, _, body = answer.partition(b"\r\n\r\n")
    length = [line.split()[1] for line in head.split(b"\r\n") if line.startswith(b"Content-Length:")]
    whole = not body or len(body) == int(length[0])
    return f"{head[9:12].decode()}{'' if whole else ' cut'}{' +' if body else ''}"


def tell(what, request):
    print(f"{what}: {status(request)}")


tell("GET", b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
tell("HTTP/1.0", b"GET /metrics HTTP/1.0\r\n\r\n")
tell("lines that end with LF", b"GET /metrics HTTP/1.1\nHost: a\n\n")
tell("a query", b"GET /metrics?name=a HTTP/1.1\r\nHost: a\r\n\r\n")
tell("HEAD", b"HEAD /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
tell("POST", b"POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
tell("GETS", b"GETS /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
tell("another path", b"GET /metric HTTP/1.1\r\nHost: a\r\n\r\n")
tell("a longer path", b"GET /metrics/../etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n")
tell("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
tell("no version", b"GET /metrics\r\n\r\n")
tell("rubbish", b"\x16\x03\x01\x02\x00\x01\n\n")
tell("a NUL", b"GET /metrics HTTP/1.1\r\nA: \0\r\n\r\n")
tell("a head without end", b"GET /metrics HTTP/1.1\r\n" + b"A: b\r\n" * 5000)

# As many as there is room for say nothing; one more has to wait for no longer than they have.
began = time.monotonic()
idle = [dial() for _ in range(32)]
tell("beside 32 that say nothing", b"GET /metrics HTTP/1.1\r\n\r\n")
print("within 10 s:", "yes" if time.monotonic() - began < 10 else "no")
print("each of them is closed:", "yes" if all(rest_of(sock) in (b"", b"RESET") for sock in idle) else "no")

# One letter at a time does not keep it from others.
slow = dial()
slow.sendall(b"G")
tell("beside a slow one", b"GET /metrics HTTP/1.1\r\n\r\n")
slow.sendall(b"ET /metrics HTTP/1.1\r\n\r\n")
print("the slow one:", rest_of(slow)[9:12].decode())
