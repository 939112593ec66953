#!/bin/sh
# SPDX-License-Identifier: MIT
# Hard places: other preloads beside redial, limits that are reached, calls that are not allowed,
# descriptors that are closed or overwritten wholesale. In each, what worked bare works, and a GET
# is saved wherever there is room to.
cd "$(dirname "$0")/.." || exit 1
. tests/support/check.sh

redial=$PWD/build/libredial.so
clients=$PWD/build/tests/clients
dir=$(mktemp -d) || exit 1
server=
# shellcheck disable=SC2317,SC2329 # called by the trap
clean() {
	[ -z "$server" ] || kill "$server" 2>/dev/null
	rm -rf "$dir"
}
trap clean EXIT
trap 'exit 2' INT TERM

start_server() {
	[ -z "$server" ] || { kill "$server"; wait "$server" 2>/dev/null; }
	mkfifo "$dir/said"
	build/faultd "$@" >"$dir/said" &
	server=$!
	read -r _ _ port <"$dir/said"
	rm "$dir/said"
}

# go COMMAND...: four GETs by it; $ok, $out and $recovered tell of them. PRELOAD, NAME=VALUE words
# and limits are the caller's: `env` and `prlimit` are not preloaded with it.
PRELOAD=
go() {
	: >"$dir/log"
	chmod 666 "$dir/log"
	out=$(env LD_PRELOAD="$PRELOAD" REDIAL_LOG="file:$dir/log" timeout 30 "$@" \
		"http://127.0.0.1:$port/r" 4 GET 2>&1)
	ok=$(printf '%s\n' "$out" | grep -c '^ok ')
	recovered=$(grep -c result=recovered "$dir/log")
}

# saved WHERE PRELOAD COMMAND...: bare it fails, and with that preload it does not.
saved() {
	where=$1 PRELOAD=$2
	shift 2
	with=$PRELOAD
	PRELOAD=$(printf '%s' "$with" | sed "s|$redial||")
	go "$@"
	equal "$where, bare: requests answered of 4" 2 "$ok"
	PRELOAD=$with
	go "$@"
	if [ "$ok" -eq 4 ] && [ "$recovered" -eq 3 ]; then
		pass "$where: 4 answered of 4, 3 of them recovered"
	else
		fail "$where: $ok answered of 4, $recovered recovered" "$out"
	fi
}

# unharmed WHERE COMMAND...: the same lines as bare, descriptors aside.
unharmed() {
	where=$1
	shift
	PRELOAD=
	go "$@"
	bare=$(printf '%s\n' "$out" | grep -v ^fds)
	PRELOAD=$redial
	go "$@"
	if [ "$(printf '%s\n' "$out" | grep -v ^fds)" = "$bare" ]; then
		pass "$where: as bare ($(printf '%s\n' "$bare" | grep -c '^ok ') of 4)"
	else
		fail "$where: not as bare" "$bare
--
$out"
	fi
}

other_preloads() {
	faketime=$(find /usr/lib -name libfaketime.so.1 2>/dev/null | head -n 1)
	jemalloc=$(find /usr/lib -name libjemalloc.so.2 2>/dev/null | head -n 1)
	export FAKETIME=-400d
	for client in blocking poll epollet stdio threads; do
		program=$clients/${client}_client
		saved "libfaketime in front, $client" "$faketime $redial" "$program"
		saved "libfaketime behind, $client" "$redial $faketime" "$program"
		saved "jemalloc in front, $client" "$jemalloc $redial" "$program"
		saved "jemalloc behind, $client" "$redial $jemalloc" "$program"
	done
	unset FAKETIME
}

asan() {
	ours=$(gcc -print-file-name=libasan.so)
	for client in blocking stdio_pair threads; do
		gcc -D_GNU_SOURCE -g -fsanitize=address \
			"tests/clients/c/${client}_client.c" -o "$dir/asan" || return
		saved "AddressSanitizer in front, $client" "$ours $redial" "$dir/asan"
		export ASAN_OPTIONS=verify_asan_link_order=0
		saved "AddressSanitizer behind, $client" "$redial $ours" "$dir/asan"
		unset ASAN_OPTIONS
	done
}

own_calls() {
	for own in 'read write' read write; do
		start_server
		unharmed "its own calls ($own), no fault" env OWN="$own" "$clients/own_calls_client"
		start_server --fault reset@2
		unharmed "its own calls ($own), reset" env OWN="$own" "$clients/own_calls_client"
	done
}

descriptors() {
	# shellcheck disable=SC2016 # expanded by the inner shell
	saved "standard input closed" "$redial" sh -c 'exec "$0" "$@" <&-' "$clients/blocking_client"
	# shellcheck disable=SC2016
	saved "standard input closed, poll" "$redial" sh -c 'exec "$0" "$@" <&-' "$clients/poll_client"
	for mode in close close_range daemon inetd; do
		saved "descriptors, $mode" "$redial" env MODE=$mode "$clients/descriptors_client"
	done
}

# 0, 1, 2 and the socket: the last number is taken. A socket that was reset serves again; with a few
# more a rescue has its room in any case.
no_descriptor_left() {
	for client in blocking poll; do
		PRELOAD=$redial
		go prlimit --nofile=4 "$clients/${client}_client"
		equal "4 descriptors and no more, none for a log, $client: answered of 4" 4 "$ok"
		for n in 5 6 7 8 9; do
			PRELOAD=$redial
			go prlimit --nofile=$n "$clients/${client}_client"
			none "$n descriptors, $client: no error but the reset" "$(printf '%s\n' "$out" |
				grep -vE '^(ok|fds) |^error [0-9] Connection reset by peer$')"
		done
		saved "16 descriptors, $client" "$redial" prlimit --nofile=16 "$clients/${client}_client"
	done
}

# works_in KIB: does the program get all of its answers in that much address space?
works_in() {
	go prlimit --as=$(($1 * 1024)) "$clients/blocking_client"
	[ "$ok" -eq "$want" ]
}

# The least address space, in steps of 128 KiB, in which the client gets $want answers.
least_space() {
	low=512 high=65536
	while [ $((high - low)) -gt 128 ]; do
		middle=$(((low + high) / 2))
		if works_in $middle; then high=$middle; else low=$middle; fi
	done
	echo $high
}

little_memory() {
	PRELOAD='' want=2
	bare=$(least_space)
	PRELOAD=$redial want=4
	at_most "KiB of address space that redial adds to the least in which 4 of 4 are answered" \
		512 $(($(least_space) - bare))
	# The file itself takes some 200 KiB; where the loader has no room for it, nothing starts.
	for more in 512 1024 16384; do
		go prlimit --as=$(((bare + more) * 1024)) "$clients/blocking_client"
		equal "answers of 4 in $more KiB more than bare" 4 "$ok"
	done
}

no_proc() {
	if [ "$(id -u)" -ne 0 ]; then
		echo "     not root: chroot was not looked at"
		return
	fi
	mkdir "$dir/root" "$dir/root/tmp"
	cp "$redial" "$clients/blocking_client" "$clients/epollet_client" "$dir/root/"
	ldd "$clients/blocking_client" | grep -o '/[^ ]*' | while read -r library; do
		mkdir -p "$dir/root${library%/*}"
		cp "$library" "$dir/root$library"
	done
	for client in blocking epollet; do
		: >"$dir/root/log"
		out=$(LD_PRELOAD=/libredial.so REDIAL_LOG=file:/log timeout 30 chroot "$dir/root" \
			"/${client}_client" "http://127.0.0.1:$port/r" 4 GET 2>"$dir/errors")
		equal "chroot without /proc, $client: answered of 4" 4 \
			"$(printf '%s\n' "$out" | grep -c '^ok ')"
		equal "chroot without /proc, $client: recovered in the log" 3 \
			"$(grep -c result=recovered "$dir/root/log")"
		out=$(timeout 30 chroot "$dir/root" "/${client}_client" \
			"http://127.0.0.1:$port/r" 4 GET)
		equal "chroot without /proc, $client, bare: answered of 4" 2 \
			"$(printf '%s\n' "$out" | grep -c '^ok ')"
	done
}

filtered() {
	start_server
	PRELOAD=
	go "$clients/seccomp_client"
	equal "only the calls that it needs, bare, no fault: answered of 4" 4 "$ok"
	unharmed "only those and the calls of a connection, no fault" env SECCOMP=connect \
		"$clients/seccomp_client"
	start_server --fault reset@2
	PRELOAD=$redial
	go env SECCOMP=connect "$clients/seccomp_client"
	at_least "a rescue where its calls are not allowed: lines on that" 1 \
		"$(printf '%s\n' "$out" | grep -c 'system call .* is not allowed')"
	saved "only those and the calls of a rescue" "$redial" env SECCOMP=rescue \
		"$clients/seccomp_client"
	# The second try fails as well: the third waits for its time.
	start_server --fault reset@1.2 --fault reset@2.1
	PRELOAD=$redial
	go env SECCOMP=rescue "$clients/seccomp_client"
	none "the same for a rescue that has to wait" "$(printf '%s\n' "$out" | grep -v '^ok \|^fds ')"
}

start_server --fault reset@2
other_preloads
asan
descriptors
no_descriptor_left
little_memory
no_proc
own_calls
filtered
check_end
