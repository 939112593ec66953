# SPDX-License-Identifier: MIT
"""Has a program of this host read what it was sent? Its socket is asked for by sock_diag(7)."""
import socket
import struct
import time

SOCK_DIAG, SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST = 4, 20, 1
REQUEST = "=IHHIIBBBBI2s2s16s16sIII"  # nlmsghdr, inet_diag_req_v2
RQUEUE_AT = 16 + 4 + 48 + 4  # of inet_diag_msg behind its nlmsghdr


def unread(conn):
    """How many bytes wait in the peer's socket; 0 if that cannot be known."""
    if conn.family != socket.AF_INET:
        return 0
    ends = [(socket.inet_aton(address).ljust(16, b"\0"), struct.pack("!H", port))
            for address, port in (conn.getpeername(), conn.getsockname())]
    asked = struct.pack(REQUEST, struct.calcsize(REQUEST), SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST,
                        0, 0, socket.AF_INET, socket.IPPROTO_TCP, 0, 0, 0xffffffff,
                        ends[0][1], ends[1][1], ends[0][0], ends[1][0], 0, 0xffffffff, 0xffffffff)
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, SOCK_DIAG) as kernel:
            kernel.send(asked)
            told = kernel.recv(4096)
    except OSError:
        return 0
    if struct.unpack_from("=H", told, 4)[0] != SOCK_DIAG_BY_FAMILY:
        return 0
    return struct.unpack_from("=I", told, RQUEUE_AT)[0]


def until_read(conn, limit_s=5):
    """Returns when the peer has read all, or the time is over."""
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        try:
            if not unread(conn):
                return
        except OSError:  # the peer has gone
            return
        time.sleep(0.001)
