#!/bin/sh
# SPDX-License-Identifier: MIT
# Two servers that end a connection after so many requests, each told 3: Apache 2.4.71
# (MaxKeepAliveRequests, Debian's apache2-bin) and Node 20's http (maxRequestsPerSocket). They say so
# in `Keep-Alive: max=`.
# Guess: both take three requests, count down in max, and close behind the third response.
# Instead: Apache takes four: it says 3, 2, 1, then close; and it says it only to a request that
#   carries `Connection: keep-alive`: an HTTP/1.1 client that sends none gets no Keep-Alive at all,
#   not even the timeout, until the close. Node says max=3 each time, close in the third response,
#   and leaves the connection open: what comes on it then is answered 503, with no handler run.
# Matters: nobody can tell by max alone how many requests are left; a 503 behind a response that said
#   close is this, and no overload.
# Seen 2026-11-28, max of six requests one after the other: see the expectations.
. "$(dirname "$0")/support/find.sh"

get_deb apache2-bin=2.4.71-1~deb12u1
cat >"$tmp/ask.py" <<'PY'
import socket
import sys

sock = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
sock.settimeout(5)
fields = b"".join(field.encode() + b"\r\n" for field in sys.argv[2:])
told = []
for _ in range(6):
    sock.sendall(b"GET /a HTTP/1.1\r\nHost: x\r\n" + fields + b"\r\n")
    head = b""
    while b"\r\n\r\n" not in head:
        got = sock.recv(65536)
        if not got:
            break
        head += got
    if not head:
        told.append("closed")
        break
    lines = head.split(b"\r\n\r\n")[0].decode().lower().split("\r\n")
    said = [line.split("max=")[1] for line in lines if "max=" in line]
    said += ["close" for line in lines if line == "connection: close"]
    told.append(lines[0].split()[1] + ":" + ",".join(said or ["-"]))
print(*told)
PY
modules=$(echo "$tmp"/deb/usr/lib/apache2/modules)
port=$(free_port)
mkdir -p "$tmp/www"
echo hello >"$tmp/www/a"
cat >"$tmp/apache.conf" <<CONF
ServerRoot $tmp
ServerName localhost
Listen 127.0.0.1:$port
PidFile $tmp/apache.pid
ErrorLog $tmp/apache.log
LoadModule mpm_event_module $modules/mod_mpm_event.so
LoadModule authz_core_module $modules/mod_authz_core.so
DocumentRoot $tmp/www
KeepAliveTimeout 30
MaxKeepAliveRequests 3
CONF
start "$port" env LD_LIBRARY_PATH="$libs" "$tmp/deb/usr/sbin/apache2" -f "$tmp/apache.conf" -D FOREGROUND
expect "Apache, asked for keep-alive" "200:3 200:2 200:1 200:close closed" \
	"$(python3 "$tmp/ask.py" "$port" "Connection: keep-alive")"
expect "Apache, asked as HTTP/1.1 does" "200:- 200:- 200:- 200:close closed" \
	"$(python3 "$tmp/ask.py" "$port")"
cat >"$tmp/server.js" <<'JS'
const server = require('http').createServer((request, response) => response.end());
server.maxRequestsPerSocket = 3;
server.listen(Number(process.argv[2]), '127.0.0.1');
JS
echo "Node $(node -v)"
port=$(free_port)
start "$port" node "$tmp/server.js" "$port"
expect "Node" "200:3 200:3 200:close 503:close 503:close 503:close" \
	"$(python3 "$tmp/ask.py" "$port")"
find_end
