# SPDX-License-Identifier: MIT
"""socks.py TARGET_PORT LOG [TRAP_ADDRESS:PORT]: a SOCKS 4, 4a and 5 server on a free port of 127.0.0.1,
which it prints. Whatever address it is asked for, it leads to 127.0.0.1:TARGET_PORT. Each connection it
makes is a line `socks` of LOG; each that comes to TRAP_ADDRESS, where nobody is to go by himself, a line
`direct`. With LATER=refuse, close or hang in the environment it leads nowhere from the second time on.
"""
import os
import select
import socket
import sys
import threading


def exactly(client, count):
    got = b""
    while len(got) < count:
        piece = client.recv(count - len(got))
        if not piece:
            raise EOFError
        got += piece
    return got


def until_zero(client):
    got = b""
    while not got.endswith(b"\0"):
        got += exactly(client, 1)
    return got[:-1]


def greet_5(client):
    """RFC 1928; RFC 1929 for those who offer a name and a password alone."""
    offered = exactly(client, exactly(client, 1)[0])
    method = b"\0" if b"\0" in offered else b"\2"
    client.sendall(b"\5" + method)
    if method == b"\2":
        exactly(client, 1)
        for _ in range(2):
            exactly(client, exactly(client, 1)[0])
        client.sendall(b"\1\0")
    kind = exactly(client, 4)[3]
    exactly(client, {1: 4, 4: 16}[kind] if kind != 3 else exactly(client, 1)[0])
    exactly(client, 2)
    return b"\5\0\0\1\0\0\0\0\0\0"


def greet_4(client):
    address = exactly(client, 7)[3:]
    until_zero(client)
    if address[:3] == b"\0\0\0" and address[3]:
        until_zero(client)
    return b"\0\x5a\0\0\0\0\0\0"


def pump(client, server):
    """Bytes both ways, and the end as it came: a reset is handed on as one."""
    other = {client: server, server: client}
    try:
        while True:
            for source in select.select(other, [], [])[0]:
                data = source.recv(65536)
                if not data:
                    return
                other[source].sendall(data)
    except OSError:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    finally:
        client.close()
        server.close()


def turn_away(client, version, later):
    if later == "refuse":
        client.sendall(b"\5\5\0\1\0\0\0\0\0\0" if version == b"\5" else b"\0\x5b\0\0\0\0\0\0")
    if later == "hang":
        client.recv(1)
    client.close()


def serve(client, target, tell, later):
    try:
        version = exactly(client, 1)
        answer = greet_5(client) if version == b"\5" else greet_4(client)
        if later:
            tell("away")
            turn_away(client, version, later)
            return
        server = socket.create_connection(("127.0.0.1", target))
    except (EOFError, OSError):
        client.close()
        return
    tell("socks")
    client.sendall(answer)
    pump(client, server)


def spring(trap, tell):
    while True:
        trap.accept()[0].close()
        tell("direct")


def listen(address, port):
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, port))
    listener.listen(64)
    return listener


def main():
    target, log = int(sys.argv[1]), sys.argv[2]

    def tell(what):
        with open(log, "a", encoding="ascii") as file:
            file.write(what + "\n")

    if len(sys.argv) > 3:
        address, port = sys.argv[3].split(":")
        threading.Thread(target=spring, args=(listen(address, int(port)), tell), daemon=True).start()
    listener = listen("127.0.0.1", 0)
    print("listening 127.0.0.1", listener.getsockname()[1], flush=True)
    later = None
    while True:
        client = listener.accept()[0]
        threading.Thread(target=serve, args=(client, target, tell, later), daemon=True).start()
        later = os.environ.get("LATER")


main()
