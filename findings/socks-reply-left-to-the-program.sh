#!/bin/sh
# SPDX-License-Identifier: MIT
# torsocks 2.4.0, tsocks 1.8beta5 (both preloaded) and nc 1.219 of Debian 12, and a SOCKS5 proxy
# whose reply names the address it bound as IPv6 or as a name.
# Guess: all take the three forms of RFC 1928 6, as curl, ncat, proxychains4, PySocks and Java do.
# Instead: torsocks and tsocks read the ten bytes of the IPv4 form whatever the form; the rest is
#   what the program reads first, as if the server had sent it. nc takes IPv6 but no name.
# Matters: behind an ssh -D or a Tor that replies with IPv4 all is well; behind another proxy each
#   HTTP answer starts with stray bytes, and the client says the server speaks no HTTP.
# Seen 2026-11-28, before the server's "hello": IPv6 12 stray bytes, "localhost" 6, both tools;
#   nc "unsupported address type" for the name.
. "$(dirname "$0")/support/find.sh"

get_deb torsocks=2.4.0-1 tsocks=1.8beta5+ds1-1+b3 netcat-openbsd=1.219-1
# In a network of its own, where the test address leads nowhere if a preload should not work.
need unshare -rn true
cat >"$tmp/find.py" <<'PY'
import os
import socket
import subprocess
import sys
import threading

FORMS = {"IPv4": b"\1" + bytes(4), "IPv6": b"\4" + bytes(16), "name": b"\3\x09localhost"}
tool, form, deb = sys.argv[1:]
subprocess.check_call(["ip", "link", "set", "lo", "up"])
listener = socket.create_server(("127.0.0.1", 0))
port = listener.getsockname()[1]


def proxy():
    conn = listener.accept()[0]
    conn.recv(99)
    conn.sendall(b"\5\0")
    conn.recv(99)
    conn.sendall(b"\5\0\0" + FORMS[form] + b"\0\x50")
    conn.recv(99)
    conn.sendall(b"hello")
    conn.close()


threading.Thread(target=proxy, daemon=True).start()
env = dict(os.environ, TORSOCKS_CONF_FILE="tor.conf", TSOCKS_CONF_FILE="ts.conf")
with open("tor.conf", "w") as conf:
    conf.write(f"TorAddress 127.0.0.1\nTorPort {port}\n")
with open("ts.conf", "w") as conf:
    conf.write(f"server = 127.0.0.1\nserver_port = {port}\nserver_type = 5\n")
command = [deb + "/bin/nc.openbsd", "-n", "192.0.2.1", "80"]
if tool == "nc":
    command[1:2] = ["-X", "5", "-x", f"127.0.0.1:{port}"]
else:
    libs = deb + "/usr/lib/" + os.listdir(deb + "/usr/lib")[0]
    env["LD_PRELOAD"] = libs + ("/torsocks" if tool == "torsocks" else "") + f"/lib{tool}.so"
got = subprocess.run(command, env=env, input=b"hi", capture_output=True, timeout=10)
print("stray", len(got.stdout) - 5 if got.stdout.endswith(b"hello") else got.stderr.decode())
PY
for tool in torsocks tsocks; do
	expect "$tool, IPv4" "stray 0" "$(run unshare -rn python3 find.py $tool IPv4 deb)"
	expect "$tool, IPv6" "stray 12" "$(run unshare -rn python3 find.py $tool IPv6 deb)"
	expect "$tool, name" "stray 6" "$(run unshare -rn python3 find.py $tool name deb)"
done
expect "nc, IPv6" "stray 0" "$(run unshare -rn python3 find.py nc IPv6 deb)"
expect "nc, name" "stray nc.openbsd: connection failed, unsupported address type" \
	"$(run unshare -rn python3 find.py nc name deb | head -1)"
find_end
