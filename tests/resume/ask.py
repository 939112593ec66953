#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Downloads over a socket, or over TLS with the authority in FOLDER, and says what came: bytes of the body, whether they are the right
ones, and how it ended.

usage: ask.py PORT[:FOLDER] HOW WAY...    HOW: block, poll, epoll or select
"""
import select
import socket
import ssl
import sys

from server import BODY, SIZE

QUIET_S = 12


def waiter(how, sock):
    """A function that waits until there is something to read."""
    if how == "block":
        sock.settimeout(None)
        return lambda: None
    sock.setblocking(False)
    if how == "select":
        return lambda: select.select([sock], [], [], QUIET_S)
    one = select.poll() if how == "poll" else select.epoll()
    one.register(sock, select.POLLIN)
    return lambda: one.poll(QUIET_S * (1000 if how == "poll" else 1))


def connect(port, folder):
    sock = socket.create_connection(("127.0.0.1", int(port)))
    if not folder:
        return sock
    context = ssl.create_default_context(cafile=folder + "/trusted.pem")
    return context.wrap_socket(sock, server_hostname="localhost", suppress_ragged_eofs=False)


def ask(place, how, way):
    port, _, folder = place.partition(":")
    sock = connect(port, folder)
    own = "Range: bytes=1000-\r\n" if way.startswith("own") else ""
    sock.sendall(("GET /%s HTTP/1.1\r\nHost: h\r\n%s\r\n" % (way, own)).encode())
    wait = waiter(how, sock)
    data, end, head = b"", "whole", -1
    want = None
    while want is None or len(data) < want:
        wait()
        try:
            piece = sock.recv(65536)
        except (BlockingIOError, ssl.SSLWantReadError):
            continue
        except OSError as error:
            end = type(error).__name__
            break
        if not piece:
            end = "end"
            break
        data += piece
        if head < 0 and b"\r\n\r\n" in data:
            head = data.index(b"\r\n\r\n") + 4
            if b"Content-Length: " in data:
                want = head + int(data.split(b"Content-Length: ")[1].split(b"\r\n")[0])
    body = data[head:]
    first = SIZE - (want - head) if want else 0
    right = body == BODY[first : first + len(body)]
    print(way, len(body), "right" if right else "WRONG", end, flush=True)


for asked in sys.argv[3:]:
    ask(sys.argv[1], sys.argv[2], asked)
