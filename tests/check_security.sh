#!/bin/sh
# SPDX-License-Identifier: MIT
# What preload/README.md says of security and no other test holds: programs with rights that their
# user has not, servers that want memory, time and requests, and who may read and write what is made.
cd "$(dirname "$0")/.." || exit 1
. tests/support/check.sh
. tests/support/server.sh
export LC_ALL=C
unset LD_PRELOAD REDIAL_POLICY REDIAL_DISABLE REDIAL_LIBDIR REDIAL_SHARED REDIAL_STATE REDIAL_LOG
PATH=$PATH:/usr/sbin:/sbin

dir=$(mktemp -d) || exit 1
chmod 755 "$dir"
trap 'stop_server; rm -rf "$dir"' EXIT
trap 'exit 2' INT TERM

# elevated STATEMENT MODE WANT VARIABLE...: by a user of no rights, in a root folder whose loader
# preloads redial into every program: answered of 4, which takes redial, and what is in /open then.
elevated() {
	statement=$1 mode=$2 want=$3
	shift 3
	find "$root/open" -mindepth 1 -delete
	chmod "$mode" "$root/client"
	[ "$mode" != 755 ] || [ -z "${caps-}" ] || setcap "$caps" "$root/client"
	ok=$(env "$@" chroot --userspec=54321:54321 "$root" /client "http://127.0.0.1:$port/r" 4 | grep -c '^ok')
	equal "$statement: answered; what it has made" "$want" \
		"$ok; $(find "$root/open" -mindepth 1 -printf '%f of %U ' | sed 's/ $//')"
	setcap -r "$root/client" 2>/dev/null
}

check_elevated() {
	if [ "$(id -u)" -ne 0 ]; then
		echo "     not root: no program with other rights was looked at"
		return
	fi
	sh scripts/containers/bundle.sh --copy build/tests/clients/blocking_client:/client \
		--file build/libredial.so:/redial.so "$dir/bundle" -- /client
	root=$dir/bundle/rootfs
	chmod 755 "$dir/bundle" "$root"
	mkdir -m 1777 "$root/open"
	mkdir -p "$root/etc/redial"
	echo /redial.so >"$root/etc/ld.so.preload"
	start_server --fault reset@2
	echo 'retry = { on = []; };' >"$dir/none.cfg"
	build/redial-policy compile "$dir/none.cfg" -o "$root/none"
	elevated "a plain program's variables: the log" 755 "4; log of 54321" REDIAL_LOG=file:/open/log
	elevated "a plain program's variables: the policy" 755 "2; " REDIAL_LOG=none REDIAL_POLICY=/none
	elevated "set-user-ID: no log is written for its user" 4755 "4; " REDIAL_LOG=file:/open/log
	elevated "set-user-ID: no policy of its user's" 4755 "4; " REDIAL_POLICY=/none
	elevated "set-group-ID: no log is written for its user" 2755 "4; " REDIAL_LOG=file:/open/log
	elevated "set-user-ID: switched off it may be" 4755 "2; " REDIAL_DISABLE=1
	if command -v setcap >/dev/null && setcap cap_net_bind_service+ep "$root/client" 2>/dev/null; then
		caps=cap_net_bind_service+ep
		elevated "capabilities of its file: no log is written" 755 "4; " REDIAL_LOG=file:/open/log
		caps=
	else
		echo "     no capabilities of files here: a program with such was not looked at"
	fi
	# What the administrator says holds, and shows that the program had root's rights.
	echo 'log = { sink = "file:/open/log"; };' >"$dir/log.cfg"
	build/redial-policy compile "$dir/log.cfg" -o "$root/etc/redial/redial.cfg"
	elevated "set-user-ID: the policy of /etc is obeyed" 4755 "4; log of 0"
}

# hostile [COMMAND...]: the client's story in $dir/told, and what the server saw, in $dir/seen.
hostile() {
	mkfifo "$dir/go" "$dir/said"
	python3 -B tests/security/hostile.py server <"$dir/go" >"$dir/said" &
	exec 5>"$dir/go" 6<"$dir/said"
	rm "$dir/go" "$dir/said"
	read -r at <&6
	"$@" python3 -B tests/security/hostile.py client "$at" >"$dir/told" 2>"$dir/grown" 5>&- 6<&-
	exec 5>&-
	cat <&6 >"$dir/seen"
	exec 6<&-
}

grown() { sed -n 's/^grown by \(.*\) KiB$/\1/p' "$dir/grown"; }
seen() { sed -n "s|^/$1 ||p" "$dir/seen"; }

check_hostile() {
	echo 'retry = { statuses = [503]; }; breaker = { enabled = false; };' >"$dir/busy.cfg"
	hostile env
	cp "$dir/told" "$dir/bare"
	bare=$(grown)
	hostile scripts/redial --policy "$dir/busy.cfg" --log "file:$dir/log" --
	none "hostile servers: the program gets what it gets bare, in time" "$(diff "$dir/bare" "$dir/told")"
	at_most "hostile servers: KiB that it takes beyond bare, of 8 MiB answers" 1024 $(($(grown) - bare))
	for path in head-without-end line-without-end a-century more-than-a-number a-flood-of-100; do
		equal "hostile servers, $path: asked so often" 1 "$(seen $path)"
	done
	for path in large-body chunks-without-end always-busy two-lengths; do
		equal "hostile servers, $path: asked as often as max_attempts says" 3 "$(seen $path)"
	done
}

# All requests fail: what is sent in all is bounded, however many there are.
check_budget() {
	start_server --log "$dir/requests" --fault reset@1+
	echo 'retry = { on = ["reset", "first-use"]; backoff = { base_ms = 1; max_ms = 1; }; };
		budget = { ratio = 0.2; min_per_second = 1; }; breaker = { enabled = false; };' >"$dir/all.cfg"
	scripts/redial --policy "$dir/all.cfg" --log none build/tests/clients/blocking_client \
		"http://127.0.0.1:$port/r" 300 >"$dir/told"
	at_most "a server that resets all: requests that it sees of 300" 380 "$(grep -c '^request' "$dir/requests")"
}

# Modes of what is made, whatever the umask lets be.
check_modes() {
	mkdir -m 700 "$dir/run"
	echo 'retry = { max_attempts = 2; };' >"$dir/own.cfg"
	start_server
	made=$(umask 0; XDG_RUNTIME_DIR=$dir/run REDIAL_STATE=$dir/run scripts/redial --policy "$dir/own.cfg" \
		--log "file:$dir/run/log" python3 -c "
import os, socket, subprocess, sys
sock = socket.create_connection(('127.0.0.1', $port))
os.open('$dir/run/log', os.O_RDONLY) if os.path.exists('$dir/run/log') else None
for at, folders, names in os.walk('$dir/run'):
    for name in folders + names:
        path = os.path.join(at, name)
        print('%o' % (os.stat(path).st_mode & 0o777), 'folder' if os.path.isdir(path) else 'file')
for line in open('/proc/sysvipc/shm').readlines()[1:]:
    words = line.split()
    if str(os.getpid()) in (words[4], words[5]) and words[7] == str(os.geteuid()):
        print(words[2], 'memory')
" | sort -u | paste -sd' ')
	none "what a launch makes may be written by nobody else" "$(echo "$made" | tr ' ' '\n' |
		grep -E '^[0-7]+$' | grep -E '[2367][0-7]$|[2367]$')"
	at_least "kinds of things that were looked at" 3 "$(echo "$made" | wc -w)"
}

check_elevated
check_hostile
check_budget
check_modes
check_end
