#!/bin/sh
# SPDX-License-Identifier: MIT
# Other preloads, sanitizers and tools beside redial: with each a program works as it does without
# redial, what fails is saved, and one that is to go by a SOCKS proxy never goes past it. What a
# machine lacks is told.
cd "$(dirname "$0")/.." || exit 1
. tests/support/check.sh

# The proxies lead to an address that nothing else has, where a direct dial would be noticed.
if [ -z "${COMPANIONS_ALONE-}" ]; then
	for alone in -n -Urn; do
		unshare $alone true 2>/dev/null && COMPANIONS_ALONE=$alone && break
	done
	export COMPANIONS_ALONE="${COMPANIONS_ALONE:-no}"
	# shellcheck disable=SC2086 # one option
	[ "$COMPANIONS_ALONE" = no ] || exec unshare $COMPANIONS_ALONE sh tests/check_companions.sh
fi

redial=$PWD/build/libredial.so
clients=$PWD/build/tests/clients
dir=$(mktemp -d) || exit 1
pids=
# shellcheck disable=SC2317,SC2329 # called by the trap
clean() {
	# shellcheck disable=SC2086 # a list
	[ -z "$pids" ] || kill $pids 2>/dev/null
	rm -rf "$dir"
}
trap clean EXIT
trap 'exit 2' INT TERM
export LC_ALL=C

lacking() { echo "     $1 is not installed: it was not looked at"; }

# start PROGRAM...: sets $started to the port on which it says that it listens.
start() {
	rm -f "$dir/said"
	mkfifo "$dir/said"
	"$@" >"$dir/said" 2>"$dir/errors" &
	pids="$pids $!"
	read -r _ _ started <"$dir/said"
}

# go COMMAND...: $gets GETs by it of $url, under $PRELOAD; sets $out, $ok and $recovered.
gets=4
go() {
	: >"$dir/log"
	: >"$dir/socks"
	chmod 666 "$dir/log"
	out=$(env LD_PRELOAD="$PRELOAD" REDIAL_LOG="file:$dir/log" timeout 30 "$@" \
		"$url" "$gets" GET 2>&1)
	ok=$(printf '%s\n' "$out" | grep -c '^ok ')
	recovered=$(grep -c result=recovered "$dir/log")
}

# saved WHERE PRELOAD COMMAND...: with that preload it has four answers, three of them by redial.
saved() {
	where=$1 PRELOAD=$2
	shift 2
	go "$@"
	if [ "$ok" -eq 4 ] && [ "$recovered" -eq 3 ]; then
		pass "$where: 4 answered of 4, 3 of them recovered"
	else
		fail "$where: $ok answered of 4, $recovered recovered" "$out"
	fi
}

# bare WHERE PRELOAD COMMAND...: with that, which is not redial, two of four.
bare() {
	where=$1 PRELOAD=$2
	shift 2
	go "$@"
	equal "$where, bare: requests answered of 4" 2 "$ok"
}

library() { find /usr/lib /lib -name "$1" 2>/dev/null | head -n 1; }

# Allocators, clocks and the like: in front, behind, and twice.
preloads() {
	for companion in libfaketime.so.1:libfaketime libjemalloc.so.2:libjemalloc2 \
		libtcmalloc_minimal.so.4:libtcmalloc-minimal4 libeatmydata.so:libeatmydata1; do
		path=$(library "${companion%:*}")
		[ -n "$path" ] || { lacking "${companion#*:}"; continue; }
		for client in blocking poll epollet; do
			bare "${companion#*:}, $client" "$path" "$clients/${client}_client"
			saved "${companion#*:} in front, $client" "$path $redial" \
				"$clients/${client}_client"
			saved "${companion#*:} behind, $client" "$redial $path" \
				"$clients/${client}_client"
		done
	done
	mkdir "$dir/other"
	cp "$redial" "$dir/other/libredial.so"
	for client in blocking poll epollet stdio threads; do
		saved "two copies of redial, $client" "$redial $dir/other/libredial.so" \
			"$clients/${client}_client"
	done
}

wrappers() {
	if command -v fakeroot >/dev/null; then
		saved "fakeroot" "" fakeroot env LD_PRELOAD="$redial" "$clients/poll_client"
		saved "redial in fakeroot" "" fakeroot scripts/redial "$clients/poll_client"
		saved "fakeroot under redial" "" scripts/redial fakeroot "$clients/poll_client"
	else
		lacking fakeroot
	fi
	if command -v valgrind >/dev/null; then
		for client in blocking poll stdio_pair; do
			saved "valgrind, $client" "" valgrind -q --error-exitcode=99 \
				--trace-children=yes env LD_PRELOAD="$redial" \
				"$clients/${client}_client"
			none "valgrind, $client: it finds nothing" \
				"$(printf '%s\n' "$out" | grep '^==')"
		done
	else
		lacking valgrind
	fi
}

# sanitized NAME COMPILER OPTION...: three clients built so, under the launcher.
sanitized() {
	what=$1 cc=$2
	shift 2
	command -v "$cc" >/dev/null || { lacking "$cc"; return; }
	for client in blocking stdio_pair threads; do
		if ! "$cc" -w -D_GNU_SOURCE -g "$@" "tests/clients/c/${client}_client.c" \
			-o "$dir/sanitized" -lpthread 2>"$dir/errors"; then
			echo "     $what cannot be built here: it was not looked at"
			return
		fi
		saved "$what, $client" "" scripts/redial "$dir/sanitized"
	done
	if build/redial-doctor "$dir/sanitized" >"$dir/doctor" &&
		! grep -q 'calls .*its own' "$dir/doctor" &&
		{ [ "$what" = "${what#*Undefined}" ] || return 0; } &&
		grep -q 'sanitize [A-Za-z]*Sanitizer' "$dir/doctor"; then
		pass "$what: doctor says so"
	else
		fail "$what: doctor says something else" "$(cat "$dir/doctor")"
	fi
}

sanitizers() {
	sanitized "AddressSanitizer, shared" gcc -fsanitize=address
	sanitized "AddressSanitizer, static" gcc -fsanitize=address -static-libasan
	sanitized "ThreadSanitizer, shared" gcc -fsanitize=thread
	sanitized "UndefinedBehaviorSanitizer" gcc -fsanitize=undefined
	sanitized "AddressSanitizer of clang, static" clang-14 -fsanitize=address
	runtimes=$(clang-14 -print-runtime-dir 2>/dev/null)
	export LD_LIBRARY_PATH="${runtimes%/*}/linux"
	sanitized "AddressSanitizer of clang, shared" clang-14 -fsanitize=address -shared-libasan
	unset LD_LIBRARY_PATH
	sanitized "ThreadSanitizer of clang" clang-14 -fsanitize=thread
	sanitized "MemorySanitizer of clang" clang-14 -fsanitize=memory
}

# by_proxy WHERE PRELOAD CLIENT: saved, each of its connections by the proxy and none past it.
by_proxy() {
	saved "$@"
	equal "$1: connections by the proxy" 4 "$(grep -c socks "$dir/socks")"
	equal "$1: connections past it" 0 "$(grep -c direct "$dir/socks")"
}

# not_past WHERE PRELOAD CLIENT: what redial cannot do there it leaves alone, as bare.
not_past() {
	where=$1 PRELOAD=$2
	shift 2
	go "$@"
	set -- "$where"
	equal "$1: as bare, answered of 4" 2 "$ok"
	equal "$1: connections past the proxy" 0 "$(grep -c direct "$dir/socks")"
}

# no_proxy_left: one that leads nowhere when redial comes again. The program has its reset, in time.
no_proxy_left() {
	proxy=$(library libproxychains.so.4)
	[ -n "$proxy" ] || return 0
	for later in refuse close hang; do
		export LATER=$later
		for client in blocking poll epollet; do
			start python3 -B tests/support/socks.py "$port" "$dir/socks"
			printf 'strict_chain\nquiet_mode\n[ProxyList]\nsocks5 127.0.0.1 %s\n' "$started" \
				>"$dir/proxychains.conf"
			export PROXYCHAINS_CONF_FILE="$dir/proxychains.conf"
			PRELOAD="$redial $proxy" gets=2
			began=$(date +%s%3N)
			go "$clients/${client}_client"
			gets=4
			equal "the proxy would $later, $client: what the program is told" \
				"error 2 Connection reset by peer" \
				"$(printf '%s\n' "$out" | grep '^error')"
			equal "the proxy would $later, $client: it says why there was no rescue" 1 \
				"$(grep -c 'result=exhausted' "$dir/log")"
			at_most "the proxy would $later, $client: ms" 4000 $(($(date +%s%3N) - began))
			equal "the proxy would $later, $client: connections past it" 0 \
				"$(grep -c direct "$dir/socks")"
		done
	done
	unset LATER
}

proxies() {
	if [ "$COMPANIONS_ALONE" = no ] || ! ip address add 192.0.2.1/32 dev lo 2>"$dir/errors"; then
		echo "     no address of its own is to be had here: proxies were not looked at"
		return
	fi
	start python3 -B tests/support/socks.py "$port" "$dir/socks" "192.0.2.1:$port"
	url=http://192.0.2.1:$port/r
	printf 'TorAddress 127.0.0.1\nTorPort %s\n' "$started" >"$dir/torsocks.conf"
	printf 'strict_chain\nquiet_mode\n[ProxyList]\nsocks5 127.0.0.1 %s\n' "$started" \
		>"$dir/proxychains5.conf"
	printf 'strict_chain\nquiet_mode\n[ProxyList]\nsocks4 127.0.0.1 %s\n' "$started" \
		>"$dir/proxychains4.conf"
	printf 'strict_chain\nquiet_mode\n[ProxyList]\nsocks5 127.0.0.1 %s user secret\n' \
		"$started" >"$dir/proxychainsp.conf"
	printf 'server = 127.0.0.1\nserver_port = %s\nserver_type = 5\n' "$started" \
		>"$dir/tsocks.conf"
	export TORSOCKS_CONF_FILE="$dir/torsocks.conf" TSOCKS_CONF_FILE="$dir/tsocks.conf"
	export PROXYCHAINS_CONF_FILE="$dir/proxychains5.conf"
	proxy=$(library libtorsocks.so)
	if [ -n "$proxy" ]; then
		for client in blocking poll epollet; do
			by_proxy "torsocks behind, $client" "$redial $proxy" "$clients/${client}_client"
			# It takes socket and connect from libc itself: redial sees no connection.
			not_past "torsocks in front, $client" "$proxy $redial" \
				"$clients/${client}_client"
		done
	else
		lacking torsocks
	fi
	proxy=$(library libproxychains.so.4)
	if [ -n "$proxy" ]; then
		for kind in 5 4 p; do
			export PROXYCHAINS_CONF_FILE="$dir/proxychains$kind.conf"
			for client in blocking poll epollet; do
				by_proxy "proxychains ($kind) behind, $client" "$redial $proxy" \
					"$clients/${client}_client"
				by_proxy "proxychains ($kind) in front, $client" "$proxy $redial" \
					"$clients/${client}_client"
			done
		done
	else
		lacking proxychains4
	fi
	proxy=$(library libtsocks.so)
	if [ -n "$proxy" ]; then
		by_proxy "tsocks behind, blocking" "$redial $proxy" "$clients/blocking_client"
		by_proxy "tsocks in front, blocking" "$proxy $redial" "$clients/blocking_client"
	else
		lacking tsocks
	fi
	no_proxy_left
}

# called WHAT WANTED COMMAND...: so the log calls the program.
called() {
	where=$1 wanted=$2
	shift 2
	PRELOAD=$redial
	go "$@"
	equal "$where: its name in the log" "program=$wanted" \
		"$(grep -o 'program=[^ ]*' "$dir/log" | sort -u)"
}

names() {
	client=$clients/blocking_client
	loader=$(readelf -l "$client" | sed -n 's/.*interpreter: \(.*\)\]/\1/p')
	called "a program" blocking_client "$client"
	called "one started by the loader" blocking_client "$loader" "$client"
	called "one started by the loader with options" blocking_client \
		"$loader" --library-path "$dir" --inhibit-cache "$client"
	cat >"$dir/anew.c" <<'END_OF_SOURCE'
#include <stdlib.h>
#include <unistd.h>
int client_main(int argc, char **argv);
int main(int argc, char **argv)
{
	if (getenv("ANEW"))
		return client_main(argc, argv);
	setenv("ANEW", "1", 1);
	return execv("/proc/self/exe", argv);
}
END_OF_SOURCE
	gcc -w -D_GNU_SOURCE -Dmain=client_main -c tests/clients/c/blocking_client.c \
		-o "$dir/client.o" && gcc -w "$dir/anew.c" "$dir/client.o" -o "$dir/starter" &&
		called "one that starts itself anew" starter "$dir/starter"
	cat >"$dir/by.py" <<'END_OF_SOURCE'
import os
import sys
how, file, *args = sys.argv[1:]
if how == "number":
    os.execve(os.open(file, os.O_RDONLY), ["other"] + args, os.environ)
memory = os.memfd_create("in-memory")
with open(file, "rb") as program:
    os.write(memory, program.read())
os.execve(memory, ["other"] + args, os.environ)
END_OF_SOURCE
	called "one started by a descriptor" blocking_client python3 "$dir/by.py" number "$client"
	called "one that no file holds" in-memory python3 "$dir/by.py" memory "$client"
}

[ "$COMPANIONS_ALONE" = no ] || ip link set lo up
start build/faultd --fault reset@2
port=$started
url=http://127.0.0.1:$port/r
names
preloads
wrappers
sanitizers
proxies
check_end
