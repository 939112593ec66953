#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Downloads over a socket, or over TLS with the authority in FOLDER, and says what came: bytes of the body, whether they are the right
ones, and how it ended.

usage: ask.py PORT[:FOLDER] HOW[:N[:CALL]] WAY...    HOW: block, poll, epoll, edge or select
N: no more bytes at a time; CALL: recv, read, readv, recvmsg, peek (and then recv) or all (MSG_WAITALL)
"""
import os
import select
import socket
import ssl
import sys

from server import BODY, SIZE

QUIET_S = 12


def waiter(how, sock):
    """A function that waits until there is something to read, and tells whether there is."""
    if how == "block":
        sock.settimeout(None)
        return lambda: True
    sock.setblocking(False)
    if how == "select":
        return lambda: select.select([sock], [], [], QUIET_S)[0]
    one = select.poll() if how == "poll" else select.epoll()
    one.register(sock, select.POLLIN | (select.EPOLLET if how == "edge" else 0))
    return lambda: one.poll(QUIET_S * (1000 if how == "poll" else 1))


def connect(port, folder):
    sock = socket.create_connection(("127.0.0.1", int(port)))
    if not folder:
        return sock
    context = ssl.create_default_context(cafile=folder + "/trusted.pem")
    return context.wrap_socket(sock, server_hostname="localhost", suppress_ragged_eofs=False)


def reader(call, sock, most):
    """A function that reads up to so many bytes."""

    def vector(fill):
        pieces = [bytearray(most - most // 2), bytearray(most // 2)]
        filled = fill(pieces)
        return b"".join(pieces)[:filled]

    def peek():
        seen = sock.recv(most, socket.MSG_PEEK)
        got = sock.recv(len(seen)) if seen else seen
        if got != seen:
            raise ValueError("it was another when it was looked at")
        return got

    return {
        "recv": lambda: sock.recv(most),
        "read": lambda: os.read(sock.fileno(), most),
        "readv": lambda: vector(lambda pieces: os.readv(sock.fileno(), pieces)),
        "recvmsg": lambda: vector(lambda pieces: sock.recvmsg_into(pieces)[0]),
        "peek": peek,
        "all": lambda: sock.recv(most, socket.MSG_WAITALL),
    }[call]


def unchunk(data):
    """The data of chunks, and whether all of it is there; a frame that is none is an error."""
    body = b""
    while b"\r\n" in data:
        line, data = data.split(b"\r\n", 1)
        size = int(line.split(b";")[0], 16)
        if not size:
            return body, data == b"\r\n"
        body += data[:size]
        if len(data) < size + 2:
            break
        if data[size : size + 2] != b"\r\n":
            raise ValueError("no chunk")
        data = data[size + 2 :]
    return body, False


def ask(place, how, way):
    port, _, folder = place.partition(":")
    how, most, call = (how + "::").split(":")[:3]
    most = int(most or 65536)
    sock = connect(port, folder)
    own = "Range: bytes=1000-\r\n" if way.startswith("own") else ""
    sock.sendall(("GET /%s HTTP/1.1\r\nHost: h\r\n%s\r\n" % (way, own)).encode())
    wait, read = waiter(how, sock), reader(call or "recv", sock, most)
    data, end, head = bytearray(), "whole", -1
    want, drained = None, True
    while want is None or len(data) < want:
        # Who waits for edges reads on until there is less than there is room for (epoll(7)).
        # By TLS there may be something that the socket does not tell of.
        if (how != "edge" or drained) and not wait() and not folder:
            end = "quiet"
            break
        try:
            drained = True
            piece = read()
            drained = len(piece) < most
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
            in_chunks = b"Transfer-Encoding: chunked" in data[:head]
            if b"Content-Length: " in data:
                want = head + int(data.split(b"Content-Length: ")[1].split(b"\r\n")[0])
        if head >= 0 and in_chunks and data[-5:] == b"0\r\n\r\n" and unchunk(bytes(data[head:]))[1]:
            want = len(data)
    body = bytes(data[head:])
    first = SIZE - (want - head) if want else 0
    if head >= 0 and in_chunks:
        first, body = 0, unchunk(body)[0]
    right = body == BODY[first : first + len(body)]
    print(way, len(body), "right" if right else "WRONG", end, flush=True)


for asked in sys.argv[3:]:
    ask(sys.argv[1], sys.argv[2], asked)
