#!/bin/sh
# SPDX-License-Identifier: MIT
# GnuTLS 3.7.9 (wget 1.21.3) and OpenSSL (curl) as TLS 1.3 clients on loopback. Both send a
# change_cipher_spec for middleboxes, then Finished, then the request.
# Guess: a client's second flight goes out at once; a handshake on loopback takes some milliseconds
#   whatever the library.
# Instead: GnuTLS writes the change_cipher_spec by itself, six bytes, and with Nagle's algorithm on,
#   as it is by default, Finished waits for their acknowledgement, which the server's kernel delays
#   by 40 ms. OpenSSL writes both at once.
# Matters: each new TLS 1.3 connection of a program with GnuTLS that does not set TCP_NODELAY takes
#   40 ms longer, however near the server. The priority %DISABLE_TLS13_COMPAT_MODE ends it.
# Seen 2026-11-28: Finished 41 to 48 ms behind the change_cipher_spec; in one piece with it from curl.
. "$(dirname "$0")/support/find.sh"

get_deb wget=1.21.3-1+deb12u1 libgnutls30=3.7.9-2+deb12u7
need openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
	-addext subjectAltName=DNS:localhost -keyout "$tmp/key.pem" -out "$tmp/cert.pem"
cat >"$tmp/server.py" <<'PY'
"""Answers by TLS over memory, and says how long behind the change_cipher_spec Finished came."""
import socket
import ssl
import sys
import time

CCS = b"\x14\x03\x03\0\1\1"
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[2] + "/cert.pem", sys.argv[2] + "/key.pem")
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    conn, _ = listener.accept()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_side=True)
    alone, told, request = None, None, b""
    while b"\r\n\r\n" not in request:
        try:
            if tls.version() is None:
                tls.do_handshake()
            request += tls.read(65536)
        except ssl.SSLWantReadError:
            pass
        conn.sendall(outgoing.read())
        if b"\r\n\r\n" in request:
            break
        got = conn.recv(65536)
        if not got:
            break
        if alone and told is None:
            told = "waits" if time.monotonic() - alone > 0.025 else "follows"
        if got.endswith(CCS):
            alone = time.monotonic()
        elif CCS in got:
            told = "together"
        incoming.write(got)
    if request:
        text = (told or "none").encode()
        tls.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(text), text))
        conn.sendall(outgoing.read())
    conn.close()
PY
port=$(free_port)
start "$port" python3 "$tmp/server.py" "$port" "$tmp"
url=https://localhost:$port/
by_wget() { run env LD_LIBRARY_PATH="$libs" "$tmp/deb/usr/bin/wget" -4 -q -O - --ca-certificate=cert.pem "$@" "$url"; }
expect "Finished behind GnuTLS's change_cipher_spec" waits "$(by_wget)"
expect "once more" waits "$(by_wget)"
expect "without the mode for middleboxes" none "$(by_wget --ciphers='NORMAL:%DISABLE_TLS13_COMPAT_MODE')"
curl -V | head -n 1
expect "OpenSSL's" together "$(run curl -4 -sS --cacert cert.pem "$url")"
find_end
