#!/bin/sh
# SPDX-License-Identifier: MIT
# socket_wrapper 1.3.5 (Debian 12), which makes Unix sockets of a test's TCP sockets, alone and with
# libkeepalive 0.3 beside it.
# Guess: what it emulates it keeps up: TCP_INFO says CLOSE_WAIT once the peer has closed, and a
#   reset (SO_LINGER 0) is ECONNRESET; both ends say IPPROTO_TCP; TCP_KEEPIDLE is 33 once it was set
#   to 33. Which of two preloads comes first is all the same.
# Instead: the state stays ESTABLISHED, even after a reset, which comes as a plain end; the accepted
#   end says protocol 0; TCP_KEEPIDLE is ENOPROTOOPT. Named first it hides libkeepalive, which then
#   sets nothing; named second, only SO_KEEPALIVE gets through.
# Matters: the test of a client that looks at a kept-alive connection before it uses it goes wrong
#   with nothing wrong in the client; and the usual loss, sent well and then ended, does not occur.
# Seen 2026-11-29: see the expectations; without it 8, 104, 6, 33 and `sent, then the end`.
. "$(dirname "$0")/support/find.sh"

get_deb libsocket-wrapper=1.3.5-1 libkeepalive0=0.3-2+b1
cat >"$tmp/find.py" <<'PY'
import errno
import os
import socket
import struct
import time

STATES = {1: "ESTABLISHED", 7: "CLOSE", 8: "CLOSE_WAIT"}


def tried(call, *args):
    try:
        return call(*args)
    except OSError as why:
        return errno.errorcode[why.errno]


def state(sock):
    return STATES[sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)[0]]


def left(how):
    """What a client has of its connection, used once and idle, after the server is gone."""
    client = socket.create_connection(listener.getsockname())
    server = listener.accept()[0]
    if how == "reset":
        server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    server.close()
    time.sleep(0.2)
    now = state(client)
    wait = tried(client.recv, 1)
    print(how, now, {b"": "the end"}.get(wait, wait))
    client.close()


# The emulated network gives no port of its own choice.
listener = socket.create_server(("127.0.0.1", 8077 if "SOCKET_WRAPPER_DIR" in os.environ else 0))
left("closed")
left("reset")
client = socket.create_connection(listener.getsockname())
server = listener.accept()[0]
print("protocol", *(s.getsockopt(socket.SOL_SOCKET, socket.SO_PROTOCOL) for s in (client, server)))
print("kept alive", client.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE))
tried(client.setsockopt, socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 33)
print("idle", tried(client.getsockopt, socket.IPPROTO_TCP, socket.TCP_KEEPIDLE))
server.close()
time.sleep(0.2)
print("sent", tried(client.send, b"x"))
PY
wrapper=$libs/libsocket_wrapper.so
keepalive=$tmp/deb/usr/lib/libkeepalive.so.0
# with NAME PRELOADS: what find.py says, in $tmp/NAME.
with() {
	mkdir -p "$tmp/sockets"
	run env "LD_PRELOAD=$2" "SOCKET_WRAPPER_DIR=$tmp/sockets" python3 find.py >"$tmp/$1"
}
said() { grep "^$2" "$tmp/$1"; }

run python3 find.py >"$tmp/bare"
expect "bare" "closed CLOSE_WAIT the end
reset CLOSE ECONNRESET
protocol 6 6
kept alive 0
idle 33
sent 1" "$(cat "$tmp/bare")"
with alone "$wrapper"
expect "socket_wrapper" "closed ESTABLISHED the end
reset ESTABLISHED the end
protocol 6 0
kept alive 0
idle ENOPROTOOPT
sent EPIPE" "$(cat "$tmp/alone")"
run env "LD_PRELOAD=$keepalive" python3 find.py >"$tmp/keepalive"
expect "libkeepalive alone" "kept alive 1" "$(said keepalive kept)"
with first "$wrapper:$keepalive"
expect "socket_wrapper first, libkeepalive second" "kept alive 0" "$(said first kept)"
with second "$keepalive:$wrapper"
expect "libkeepalive first, socket_wrapper second" "kept alive 1" "$(said second kept)"
find_end
