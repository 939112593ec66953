#!/bin/sh
# SPDX-License-Identifier: MIT
# torsocks 2.4.0, proxychains4 4.16 and tsocks 1.8beta5 (Debian 12), preloaded; a SOCKS5 proxy takes
# half a second to reach a server; the program connects with a socket that must not block.
# Guess: connect() says EINPROGRESS at once, as the kernel would, and getpeername() then gives the
#   server's address, as the program knows of no proxy.
# Instead: with torsocks and proxychains4 connect() waits for the proxy and says 0; tsocks does it
#   as guessed. With proxychains4 and tsocks getpeername() gives the proxy's address.
# Matters: an event loop stands still for each new connection, and its time limit for connecting
#   never runs; what keeps notes by peer takes all servers for one.
# Seen 2026-11-28: connect() 0 after 0.5 s, twice, and EINPROGRESS after 0 s; peer 192.0.2.1 with
#   torsocks, 127.0.0.1 with the others.
. "$(dirname "$0")/support/find.sh"

get_deb torsocks=2.4.0-1 libproxychains4=4.16-2 tsocks=1.8beta5+ds1-1+b3
# In a network of its own, where the test address leads nowhere if a preload should not work.
need unshare -rn true
cat >"$tmp/server.py" <<'PY'
import socket
import subprocess
import sys
import threading
import time

subprocess.check_call(["ip", "link", "set", "lo", "up"])
listener = socket.create_server(("127.0.0.1", 0))
port = listener.getsockname()[1]


def proxy():
    conn = listener.accept()[0]
    conn.recv(99)
    conn.sendall(b"\5\0")
    conn.recv(99)
    time.sleep(0.5)
    conn.sendall(b"\5\0\0\1" + bytes(6))
    conn.recv(99)


threading.Thread(target=proxy, daemon=True).start()
for name, text in (
        ("tor.conf", f"TorAddress 127.0.0.1\nTorPort {port}\n"),
        ("ts.conf", f"server = 127.0.0.1\nserver_port = {port}\nserver_type = 5\n"),
        ("chains.conf", f"strict_chain\n[ProxyList]\nsocks5 127.0.0.1 {port}\n")):
    with open(name, "w") as conf:
        conf.write(text)
env = {"TORSOCKS_CONF_FILE": "tor.conf", "TSOCKS_CONF_FILE": "ts.conf",
       "PROXYCHAINS_CONF_FILE": "chains.conf", "PROXYCHAINS_QUIET_MODE": "1",
       "LD_PRELOAD": sys.argv[1]}
sys.exit(subprocess.run(["./find"], env=env, timeout=20).returncode)
PY
cat >"$tmp/find.c" <<'C'
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

int main(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(80) };
	socklen_t len = sizeof(to);
	struct timespec from, till;
	inet_pton(AF_INET, "192.0.2.1", &to.sin_addr);
	clock_gettime(CLOCK_MONOTONIC, &from);
	int rc = connect(fd, (struct sockaddr *)&to, len);
	int why = rc ? errno : 0;
	clock_gettime(CLOCK_MONOTONIC, &till);
	long ms = (till.tv_sec - from.tv_sec) * 1000 + (till.tv_nsec - from.tv_nsec) / 1000000;
	printf("%s, %s, ", why ? strerrorname_np(why) : "0", ms < 250 ? "at once" : "late");
	for (int i = 0; why == EINPROGRESS && i < 20; i++) {
		struct pollfd ready = { .fd = fd, .events = POLLOUT };
		poll(&ready, 1, 100);
		if (connect(fd, (struct sockaddr *)&to, len) == 0 || errno == EISCONN)
			break;
	}
	memset(&to, 0, sizeof(to));
	rc = getpeername(fd, (struct sockaddr *)&to, &len);
	puts(rc ? "no peer" : inet_ntoa(to.sin_addr));
	return 0;
}
C
need cc -o "$tmp/find" "$tmp/find.c"
through() {
	run unshare -rn python3 server.py "$libs/$1" | tail -1
}

expect "torsocks" "0, late, 192.0.2.1" "$(through torsocks/libtorsocks.so)"
expect "proxychains4" "0, late, 127.0.0.1" "$(through libproxychains.so.4)"
expect "tsocks" "EINPROGRESS, at once, 127.0.0.1" "$(through libtsocks.so)"
find_end
