#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A server whose downloads break off, and that answers a request for the rest in many ways.

usage: server.py PORT_FILE

GET /WAY[?reset]: SIZE bytes, of which the first answer sends CUT, and is then reset or ended. What
comes for a Range depends on WAY:

    good      the rest                     weak      as good, but ETag is a weak one throughout
    date      no ETag, an old date         young     no ETag, a date of just now
    close     Connection: close            http10    HTTP/1.0
    own       as good, for a program that asks for a range itself
    gzip      as good, Content-Encoding: gzip throughout; coding: only the first answer has it
    full      200 and the whole body       gone      416
    tag       206 with another ETag        notag     206 without
    total     206 with another total       place     206 of other bytes than were asked for
    short     206 of fewer bytes           chunked   206 in chunks
    busy      503 once, then the rest      dead      the connection ends without an answer
    none      Accept-Ranges: none          nolength  200 without a length
    slow      the rest, its head byte by byte      hints     103 before it
    never     no answer at all
"""
import os
import socket
import struct
import sys
import threading
import time

SIZE, CUT = 300000, 100000
BODY = bytes(i * 7919 % 251 for i in range(SIZE))
OTHER = bytes(255 - byte for byte in BODY)
counts = {}


def read_head(sock):
    head = b""
    while b"\r\n\r\n" not in head:
        piece = sock.recv(4096)
        if not piece:
            return None
        head += piece
    return head.decode()


def field(head, name):
    for line in head.split("\r\n")[1:]:
        if line.lower().startswith(name + ":"):
            return line.split(":", 1)[1].strip()
    return None


def date(ago):
    return time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() - ago))


STARTED = {86400: date(86400), 0: date(0)}


def validators(way, rest):
    if way in ("date", "young"):
        return ["Last-Modified: " + STARTED[86400 if way == "date" else 0]]
    if way == "notag" and rest:
        return []
    if way == "tag" and rest:
        return ['ETag: "2"']
    return ['ETag: W/"1"' if way == "weak" else 'ETag: "1"']


def fields(way, rest):
    lines = ["Date: " + date(0)] + validators(way, rest)
    if way == "gzip" or (way == "coding" and not rest):
        lines.append("Content-Encoding: gzip")
    if way == "close":
        lines.append("Connection: close")
    lines.append("Accept-Ranges: " + ("none" if way == "none" else "bytes"))
    return lines


def say(sock, status, lines, body, way=""):
    version = "HTTP/1.0" if way == "http10" else "HTTP/1.1"
    head = ("%s %s\r\n%s\r\n\r\n" % (version, status, "\r\n".join(lines))).encode()
    if way == "slow" and status.startswith("206"):
        for byte in head:
            sock.sendall(bytes([byte]))
            time.sleep(0.001)
        head = b""
    sock.sendall(head + body)


def end(sock, by_reset):
    if by_reset:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def give_rest(sock, way, first, last):
    body = BODY if way != "full" else OTHER
    total, lines = SIZE, fields(way, True)
    count = counts[way] = counts.get(way, 0) + 1
    if way == "full":
        return say(sock, "200 OK", lines + ["Content-Length: %d" % SIZE], body)
    if way == "gone":
        return say(sock, "416 No", ["Content-Range: bytes */%d" % SIZE, "Content-Length: 0"], b"")
    if way == "busy" and count == 1:
        return say(sock, "503 Busy", ["Content-Length: 4"], b"busy")
    if way == "never":
        return time.sleep(30)
    if way == "dead":
        return end(sock, False)
    if way == "total":
        total += 1
    if way == "place":
        first -= 1
    if way == "short":
        last -= 1
    if way in ("tag", "notag", "total", "place", "coding"):
        body = OTHER
    rest = body[first : last + 1]
    lines.append("Content-Range: bytes %d-%d/%d" % (first, last, total))
    if way == "chunked":
        lines.append("Transfer-Encoding: chunked")
        rest = b"%x\r\n%s\r\n0\r\n\r\n" % (len(rest), rest)
    else:
        lines.append("Content-Length: %d" % len(rest))
    if way == "hints":
        sock.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
    return say(sock, "206 Partial", lines, rest, way)


def give_first(sock, way, by_reset, first):
    lines = fields(way, False)
    if way != "nolength":
        lines.append("Content-Length: %d" % (SIZE - first))
    status = "200 OK"
    if way == "own":
        status = "206 Partial"
        lines.append("Content-Range: bytes %d-%d/%d" % (first, SIZE - 1, SIZE))
    say(sock, status, lines, BODY[first : first + CUT], way)
    time.sleep(0.05)
    end(sock, by_reset)


def serve(sock):
    try:
        while True:
            head = read_head(sock)
            if head is None:
                break
            target = head.split(" ")[1]
            way, by_reset = target[1:].split("?")[0], target.endswith("?reset")
            asked = field(head, "range")
            if field(head, "if-range"):
                first, last = asked[len("bytes=") :].split("-")
                give_rest(sock, way, int(first), int(last or SIZE - 1))
            else:
                give_first(sock, way, by_reset, 1000 if asked else 0)
                return
            if way in ("close", "http10"):
                break
        sock.close()
    except OSError:
        pass


def main():
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    with open(sys.argv[1] + ".part", "w", encoding="ascii") as file:
        file.write(str(listener.getsockname()[1]))
    os.rename(sys.argv[1] + ".part", sys.argv[1])
    while True:
        sock, _ = listener.accept()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=serve, args=(sock,), daemon=True).start()


if __name__ == "__main__":
    main()
