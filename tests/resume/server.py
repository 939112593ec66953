#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A server whose downloads break off, and that answers a request for the rest in many ways.

usage: server.py PORT_FILE, or server.py FOLDER, which has certificates: by TLS.

GET /WAY[?END]: SIZE bytes, of which the first answer sends CUT, and then ends: END is reset, or by
TLS also notify, a close_notify, or part, the end amid a record. What comes for a Range depends on
WAY:

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
    tail      as good, but all but 100 bytes had been sent
    never     no answer at all            whole     nothing: the first answer is whole

The first answer is in chunks, and breaks off at a place of interest, if WAY begins so:

    c-data    amid the data of a chunk         c-last    amid the last chunk but the empty one
    c-end     behind the data of a chunk       c-cr      behind its CR
    c-next    between two chunks               c-head    behind the head
    c-twice   amid data, and so does the rest, twice
    c-size    in a line with a size            c-ext     in an extension of one
    c-trailer behind the empty chunk           c-less    the rest is less than the chunk was to be
    c-over    behind all data
    c-close, c-gzip, c-coding, c-weak, c-full, c-tag, c-place, c-chunked: amid data, and as above
    c-date    amid data, no ETag, an old date  c-star    206 that does not tell the total
    c-part    206 of less than all the rest

By TLS, swap-NAME is the word for one upon which connections have another certificate.

The port is then printed, and input is read until it ends: "certificate NAME" for the connections
that are to come; "seen" prints how many requests there were. Both are answered by a line.
"""
import os
import socket
import ssl
import struct
import sys
import threading
import time

SIZE, CUT = 300000, 100000
BODY = bytes(i * 7919 % 251 for i in range(SIZE))
OTHER = bytes(255 - byte for byte in BODY)
counts = {}
requests = []
contexts = {}


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


# Where the chunks begin, of which the last one breaks off in most ways.
CHUNKS = [0, 1, 30000, 90000, 250000, SIZE]


def chunked(upto, size=None):
    """The body in chunks, up to that byte; size: what the one that it is in is said to be."""
    out = b""
    for first, last in zip(CHUNKS, CHUNKS[1:]):
        if first < upto:
            said = size if size and last >= upto else last - first
            out += b"%x\r\n" % said + BODY[first : min(last, upto)]
            out += b"\r\n" if last < upto else b""
    return out


def first_chunks(way):
    places = {
        "c-last": chunked(260000),
        "c-end": chunked(90000),
        "c-cr": chunked(90000) + b"\r",
        "c-next": chunked(90000) + b"\r\n",
        "c-head": b"",
        "c-size": chunked(90000) + b"\r\n2",
        "c-ext": chunked(90000) + b"\r\n27100;a",
        "c-trailer": chunked(SIZE) + b"\r\n0\r\nA: b\r\n",
        "c-less": chunked(CUT, 400000),
        "c-over": chunked(SIZE) + b"\r\n",
    }
    return places.get(way, chunked(CUT))


def date(ago):
    return time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() - ago))


OLD = date(86400)


def validators(way, rest):
    if way == "date":
        return ["Last-Modified: " + OLD]
    if way == "young":  # however long this has been running; the rest has mostly the same
        return ["Last-Modified: " + date(time.time() % 30)]
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


def end(sock, how):
    if how == "notify":
        try:
            sock.settimeout(0.05)
            sock.unwrap().close()
        except OSError:
            pass
    if how == "part":
        os.write(sock.fileno(), b"\x17\x03\x03\x40\x00" + 5000 * b"?")
        time.sleep(0.05)
    if how == "reset":
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def give_rest(sock, way, first, last):
    way = way[2:] if way.startswith("c-") else way
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
        return end(sock, "")
    if way == "total":
        total += 1
    if way == "place":
        first -= 1
    if way in ("short", "part"):
        last -= 1
    if way in ("tag", "notag", "total", "place", "coding"):
        body = OTHER
    rest = body[first : last + 1]
    lines.append("Content-Range: bytes %d-%d/%s" % (first, last, "*" if way == "star" else total))
    if way == "chunked":
        lines.append("Transfer-Encoding: chunked")
        rest = b"%x\r\n%s\r\n0\r\n\r\n" % (len(rest), rest)
    else:
        lines.append("Content-Length: %d" % len(rest))
    if way == "hints":
        sock.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
    if way == "twice" and count < 3:
        say(sock, "206 Partial", lines, rest[: len(rest) // 3])
        time.sleep(0.05)
        return end(sock, "reset" if count == 1 else "")
    return say(sock, "206 Partial", lines, rest, way)


def give_chunks(sock, way, how):
    counts[way[2:]] = 0
    lines = fields(way[2:], False) + ["Transfer-Encoding: chunked"]
    say(sock, "200 OK", lines, first_chunks(way))
    time.sleep(0.05)
    end(sock, how)


def give_first(sock, way, how, first):
    if way.startswith("c-"):
        return give_chunks(sock, way, how)
    lines = fields(way, False)
    if way != "nolength":
        lines.append("Content-Length: %d" % (SIZE - first))
    status = "200 OK"
    if way == "own":
        status = "206 Partial"
        lines.append("Content-Range: bytes %d-%d/%d" % (first, SIZE - 1, SIZE))
    if way == "whole":
        say(sock, status, lines, BODY[first:], way)
        return
    if way.startswith("swap-"):
        use_certificate(way[len("swap-"):])
    cut = SIZE - 100 if way == "tail" else CUT
    say(sock, status, lines, BODY[first : first + cut], way)
    time.sleep(0.05)
    end(sock, how)


def serve(sock):
    try:
        if contexts:
            sock = contexts["now"].wrap_socket(sock, server_side=True)
        while True:
            head = read_head(sock)
            if head is None:
                break
            requests.append(head)
            way, _, how = head.split(" ")[1][1:].partition("?")
            asked = field(head, "range")
            if field(head, "if-range"):
                first, last = asked[len("bytes=") :].split("-")
                give_rest(sock, way, int(first), int(last or SIZE - 1))
            else:
                give_first(sock, way, how, 1000 if asked else 0)
                return
            if way in ("close", "http10", "c-close"):
                break
        sock.close()
    except OSError:
        pass


def use_certificate(name):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain("%s/%s.pem" % (sys.argv[1], name), "%s/%s.key" % (sys.argv[1], name))
    contexts["now"] = context


def obey():
    for line in sys.stdin:
        word, _, name = line.strip().partition(" ")
        if word == "certificate":
            use_certificate(name)
        print(len(requests), flush=True)
        requests.clear()
    os._exit(0)


def tell(port):
    if os.path.isdir(sys.argv[1]):
        use_certificate("same")
        threading.Thread(target=obey).start()
        print(port, flush=True)
        return
    with open(sys.argv[1] + ".part", "w", encoding="ascii") as file:
        file.write(str(port))
    os.rename(sys.argv[1] + ".part", sys.argv[1])


def main():
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    tell(listener.getsockname()[1])
    while True:
        sock, _ = listener.accept()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=serve, args=(sock,), daemon=True).start()


if __name__ == "__main__":
    main()
