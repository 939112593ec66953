#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A relay that cuts downloads off.

usage: cutter.py PORT_FILE HOST:PORT BYTES CUTS SEED

Listens on a free port of 127.0.0.1, which it writes to PORT_FILE, and relays to HOST:PORT. Of what the server sends, all connections taken together, it cuts the
connection at CUTS random places among the first BYTES, by reset and by end of stream in turns; one
cut is behind the last of these bytes. After the last cut everything passes.
"""
import os
import random
import socket
import struct
import sys
import threading

PIECE = 1 << 18


class Plan:
    """Where the next cut is, over all connections."""

    def __init__(self, cuts, total, seed):
        places = random.Random(seed)
        self.places = sorted(places.sample(range(1, total), cuts)) if cuts > 1 else [total]
        self.passed = 0
        self.made = 0
        self.lock = threading.Lock()

    def take(self, len_):
        """How many of the next bytes pass, and whether the connection is cut behind them."""
        with self.lock:
            if not self.places:
                self.passed += len_
                return len_, False
            left = self.places[0] - self.passed
            if len_ < left:
                self.passed += len_
                return len_, False
            self.passed = self.places.pop(0)
            self.made += 1
            return left, True


def upwards(client, server):
    try:
        while True:
            data = client.recv(65536)
            if not data:
                break
            server.sendall(data)
        server.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def cut(client, reader, by_reset):
    # A socket is not gone while another thread is in a call on it.
    client.shutdown(socket.SHUT_RD)
    reader.join()
    if by_reset:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def serve(client, upstream, plan):
    server = socket.create_connection(upstream)
    reader = threading.Thread(target=upwards, args=(client, server), daemon=True)
    reader.start()
    try:
        while True:
            data = server.recv(PIECE)
            if not data:
                break
            passes, ends = plan.take(len(data))
            client.sendall(data[:passes])
            if ends:
                cut(client, reader, plan.made % 2 == 1)
                break
    except OSError:
        pass
    try:
        server.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    server.close()
    client.close()


def main():
    host, port = sys.argv[2].split(":")
    upstream = (host, int(port))
    total, cuts = int(sys.argv[3]), int(sys.argv[4])
    plan = Plan(cuts, total, int(sys.argv[5]))
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    with open(sys.argv[1] + ".part", "w", encoding="ascii") as file:
        file.write(str(listener.getsockname()[1]))
    os.rename(sys.argv[1] + ".part", sys.argv[1])
    while True:
        client, _ = listener.accept()
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=serve, args=(client, upstream, plan), daemon=True).start()


main()
