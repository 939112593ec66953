# SPDX-License-Identifier: MIT
"""hostile.py server: prints its port, answers each path in its own hostile way, and says at the end of
standard input how often each was asked for. hostile.py client PORT: asks for them, one connection each,
and prints for each what came and how long that took, and at the end by how much its memory has grown."""
import collections
import resource
import socket
import sys
import threading
import time

MANY = 8 << 20
BUSY = b"HTTP/1.1 503 Busy\r\n"
ANSWERS = {
    "/head-without-end": BUSY + b"A: b\r\n" * (MANY // 6),
    "/line-without-end": BUSY + b"A: " + b"b" * MANY,
    "/large-body": BUSY + b"Content-Length: %d\r\n\r\n" % MANY + b"b" * MANY,
    "/chunks-without-end": BUSY + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\nb\r\n" * (MANY // 6),
    "/a-century": BUSY + b"Retry-After: 3155760000\r\nContent-Length: 0\r\n\r\n",
    "/more-than-a-number": BUSY + b"Retry-After: " + b"9" * 400 + b"\r\nContent-Length: 0\r\n\r\n",
    "/always-busy": BUSY + b"Content-Length: 0\r\n\r\n",
    "/a-flood-of-100": b"HTTP/1.1 100 Continue\r\n\r\n" * 100000,
    "/two-lengths": BUSY + b"Content-Length: 0\r\nContent-Length: 5\r\n\r\nhello",
}
ENDS = {"/head-without-end", "/line-without-end", "/chunks-without-end", "/a-flood-of-100", "/two-lengths"}


def server():
    seen = collections.Counter()
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    print(listener.getsockname()[1], flush=True)

    def serve(sock):
        with sock:
            try:
                while request := sock.recv(65536):
                    path = request.split()[1].decode()
                    seen[path] += 1
                    if path == "/first":
                        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                        continue
                    sock.sendall(ANSWERS[path])
                    if path in ENDS:
                        return
            except OSError:
                pass

    def accept():
        while True:
            threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    sys.stdin.read()
    for path in ANSWERS:
        print(path, seen[path])


def read_all(sock, path):
    got = 0
    whole = len(ANSWERS[path])
    try:
        while got < whole:
            part = len(sock.recv(65536))
            if not part:
                break
            got += part
    except OSError:
        pass
    return got


def client(port):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for path in ANSWERS:
        began = time.monotonic()
        with socket.create_connection(("127.0.0.1", port)) as sock:
            for at in ("/first", path):
                sock.sendall(f"GET {at} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
                if at == "/first":
                    sock.recv(65536)
            got = read_all(sock, path)
        print(path, got, "in time" if time.monotonic() - began < 4 else "late", flush=True)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(f"grown by {grown} KiB", file=sys.stderr)


if sys.argv[1] == "server":
    server()
else:
    client(int(sys.argv[2]))
