#!/bin/sh
# SPDX-License-Identifier: MIT
# Real containers, by runc: a keep-alive client inside, faultd outside, each way to get redial into
# an image that knows nothing of it. Every root file system is made here, of programs that are here.
cd "$(dirname "$0")/.." || exit 1
. tests/support/check.sh
. tests/support/server.sh
. scripts/man/pages.sh
export LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin

here=$PWD
clients=$here/build/tests/clients
dir=$(mktemp -d) || exit 1
trap 'stop_server; rm -rf "$dir"' EXIT
trap 'exit 2' INT TERM
chmod 755 "$dir"
root=
[ "$(id -u)" -ne 0 ] || root=yes

# runc writes below its state folder only. A container's name is never used twice.
number=0
runc_run() {
	number=$((number + 1))
	timeout 60 runc --root "$dir/state" run --bundle "$1" "redial-$$-$number"
}

bundle() { sh scripts/containers/bundle.sh "$@"; }

# What keeps containers from being run here; empty: nothing.
hindrance() {
	command -v runc >/dev/null || { echo "runc is not installed" && return; }
	bundle --copy "$dir/tell:/tell" "$dir/probe" -- /tell >"$dir/said" 2>&1 &&
		runc_run "$dir/probe" >"$dir/said" 2>&1 && return
	sed -n 's/.*msg="\(.*\)"$/\1/p' "$dir/said" | tail -n 1
	[ -s "$dir/said" ] || echo "runc fails"
}

# go FAULT [BUNDLE-OPTIONS...] -- COMMAND...: runs that in a container made for it; the words
# URL and COUNT are put in. Sets ok, asked, recovered and out.
go() {
	start_server --log "$dir/seen" --fault "$1"
	shift
	: >"$dir/seen"
	rm -rf "$dir/log" && mkdir -m 1777 "$dir/log"
	bundle --mount "$dir/log:/log:rw" --env REDIAL_LOG=file:/log/redial "$@" \
		"http://127.0.0.1:$port/r" 4 "${METHOD:-GET}" || return
	out=$(runc_run "$bundle" 2>&1)
	ok=$(printf '%s\n' "$out" | grep -c '^ok ')
	asked=$(grep -c '^request ' "$dir/seen")
	recovered=$(grep -hc result=recovered "$dir/log/redial" 2>/dev/null || :)
	recovered=${recovered:-0}
}

# told STATEMENT ANSWERED RECOVERED ASKED
told() {
	came="$ok of 4 answered, $recovered recovered, $asked requests at the server"
	if [ "$ok $recovered $asked" = "$2 $3 $4" ]; then
		pass "$1: $came"
	else
		fail "$1: $came; wanted $2, $3 and $4" "$out"
	fi
}

bundle=$dir/bundle
redial="--mount $dir/redial:/redial"
preload="--env LD_PRELOAD=/redial/libredial.so"
entrypoint="/redial/redial-entrypoint --"
# shellcheck disable=SC2086 # lists of words
every_way() {
	client="--copy $clients/blocking_client:/client"
	go reset@2 $client "$bundle" -- /client
	told "bare" 2 0 4
	go reset@2 $client $redial $preload "$bundle" -- /client
	told "by the environment" 4 3 7
	go reset@2 $client $redial "$bundle" -- $entrypoint /client
	told "by the entrypoint" 4 3 7
	METHOD=POST go reset@2 $client $redial "$bundle" -- $entrypoint /client
	told "by the entrypoint, POST, which is not sent twice" 2 0 4
	go reset@2 --copy "$clients/epollet_client:/client" $redial "$bundle" -- $entrypoint /client
	told "by the entrypoint, edge-triggered" 4 3 7
	go status=503@once:2 $client $redial "$bundle" -- $entrypoint /client
	told "a 503, no policy" 3 0 4
	go status=503@once:2 $client --mount "$dir/redial-503:/redial" "$bundle" -- $entrypoint /client
	told "a 503, a compiled policy beside the entrypoint" 4 1 5
	go status=503@once:2 $client $redial --file "$dir/503.policy:/etc/p" "$bundle" -- \
		/redial/redial-entrypoint --policy /etc/p -- /client
	told "a 503, --policy" 4 1 5
	[ -n "$root" ] || { echo "     not root: another user was not looked at" && return; }
	go reset@2 $client --user 12345 --read-only "$bundle" -- /client
	told "no root user, read-only, bare" 2 0 4
	go reset@2 $client $redial --user 12345 --read-only "$bundle" -- $entrypoint /client
	told "no root user, read-only, by the entrypoint" 4 3 7
	go reset@2 $client $redial $preload --user 12345 --read-only "$bundle" -- /client
	told "no root user, read-only, by the environment" 4 3 7
	go reset@2 $client $redial --user 12345 --read-only --env REDIAL_LOG=file:/proc/1/fd/2 \
		"$bundle" -- /redial/redial-entrypoint --log file:/proc/1/fd/2 -- /client
	equal "no root user: the log in the container's own output, lines on rescues" 3 \
		"$(printf '%s\n' "$out" | grep -c 'redial\[1\]: event=outcome result=recovered')"
}

# shellcheck disable=SC2086
musl() {
	if ! command -v musl-gcc >/dev/null; then
		echo "     musl-gcc is not installed: an image of musl was not looked at"
		return
	fi
	musl-gcc -D_GNU_SOURCE tests/clients/c/blocking_client.c -o "$dir/musl-client"
	client="--copy $dir/musl-client:/client"
	go reset@2 $client "$bundle" -- /client
	told "musl, bare" 2 0 4
	equal "musl: the image has no other libc" 0 "$(find "$bundle/rootfs" -name 'libc.so.6' | wc -l)"
	go reset@2 $client $redial $preload "$bundle" -- /client
	told "musl, by the environment" 4 3 7
	go status=503@once:2 $client --mount "$dir/redial-503:/redial" "$bundle" -- $entrypoint /client
	told "musl, by the entrypoint, with a compiled policy" 4 1 5
}

# shellcheck disable=SC2086
static_first() {
	if ! cc -static tests/containers/init.c -o "$dir/init" 2>"$dir/said"; then
		echo "     no static libc is installed: a static first process was not looked at"
		return
	fi
	client="--copy $clients/blocking_client:/client --copy $dir/init:/init"
	go reset@2 $client "$bundle" -- /init /client
	told "a static first process, bare" 2 0 4
	go reset@2 $client $redial $preload "$bundle" -- /init /client
	told "a static first process, by the environment" 4 3 7
	go reset@2 $client $redial "$bundle" -- $entrypoint /init /client
	told "a static first process, by the entrypoint" 4 3 7
}

# shellcheck disable=SC2086
ld_so_preload() {
	echo /redial/libredial.so >"$dir/ld.so.preload"
	client="--copy $clients/blocking_client:/client --copy $(command -v env):/env"
	file="--file $dir/ld.so.preload:/etc/ld.so.preload"
	without="/env -i REDIAL_LOG=file:/log/redial /client"
	go reset@2 $client $redial $preload "$bundle" -- $without
	told "env -i loses LD_PRELOAD" 2 0 4
	go reset@2 $client $redial $file "$bundle" -- $without
	told "/etc/ld.so.preload reaches the children of env -i" 4 3 7
}

# What Dockerfile copies into its image, and starts: the lines that it has are few and known.
# shellcheck disable=SC2086
init_container() {
	image=$dir/image
	mkdir -p "$image/build" "$dir/shared" "$dir/further"
	chmod 1777 "$dir/shared"
	cp build/libredial.so build/redial-entrypoint "$image/build/"
	cp "$dir/503.policy" "$image/build/redial.policy"
	files=$(sed -n 's/^COPY \(.*\) \/$/\1/p' scripts/containers/Dockerfile)
	# The files are globs from the folder that is sent.
	files=$(cd "$image" && echo $files)
	command=$(sed -n 's/^ENTRYPOINT \["\(.*\)"\]$/\1/p' scripts/containers/Dockerfile)
	equal "Dockerfile: what is in the image" \
		"build/libredial.so build/redial-entrypoint build/redial.policy" "$files"
	set --
	for file in $files; do
		set -- "$@" --file "$image/$file:/${file##*/}"
	done
	[ -z "$root" ] || set -- "$@" --user 12345 --read-only
	bundle "$@" --mount "$dir/shared:/shared:rw" "$dir/init-bundle" -- "$command" --install /shared
	equal "init container: files in its image" 3 "$(find "$dir/init-bundle/rootfs" -type f | wc -l)"
	out=$(runc_run "$dir/init-bundle" 2>&1)
	equal "init container: its exit status" 0 $?
	none "init container: it is quiet" "$out"
	equal "init container: what it left" \
		"libredial.so 644, redial-entrypoint 755, redial.policy 644" "$(
		find "$dir/shared" -type f -printf '%P %m\n' | sort | paste -sd, | sed 's/,/, /g')"
	client="--copy $clients/blocking_client:/client --mount $dir/shared:/redial"
	go status=503@once:2 $client $preload --env REDIAL_POLICY=/redial/redial.policy "$bundle" -- \
		/client
	told "from an init container, by the environment" 4 1 5
	go status=503@once:2 $client "$bundle" -- $entrypoint /client
	told "from an init container, by the entrypoint" 4 1 5
}

# tells NAME COMMAND...: what tell prints in a container, as its first process; sets status.
tells() {
	name=$1
	shift
	bundle --copy "$dir/tell:/tell" --mount "$dir/redial:/redial" --env TELL_PID=1 \
		${TELL_MORE:+--env "$TELL_MORE"} "$bundle" -- "$@"
	runc_run "$bundle" >"$dir/$name" 2>&1 </dev/null
	status=$?
}

# Pipes' and sockets' numbers differ from start to start.
plain() {
	sed 's/\(pipe\|socket\):\[[0-9]*\]/\1/; s|/tmp/[^ ]*||; /^fd [12] /s/ [^ ]*$//' "$1"
}

sameness() {
	for TELL_MORE in TELL_STATUS=0 TELL_STATUS=7 TELL_STATUS=255; do
		tells bare /tell a 'b c' '"' '\\x'
		bare=$status
		tells ours /redial/redial-entrypoint -- /tell a 'b c' '"' '\\x'
		plain "$dir/bare" >"$dir/bare.plain"
		plain "$dir/ours" | grep -vxF -e 'environment <LD_PRELOAD=/redial/libredial.so>' \
			-e 'environment <ASAN_OPTIONS=verify_asan_link_order=0>' >"$dir/ours.plain"
		equal "first process, $TELL_MORE: it is told so" 1 "$(grep -c '^pid as it was' "$dir/ours")"
		none "first process, $TELL_MORE: it is told the same as bare" \
			"$(diff "$dir/bare.plain" "$dir/ours.plain")"
		equal "first process, $TELL_MORE: exit status" "$bare" "$status"
	done
	tells ours /redial/redial-entrypoint -- /nosuch
	equal "first process, a command that is not there: exit status" 127 "$status"
	TELL_MORE=
}

# A signal for the container reaches the command, for it is the first process itself.
signals() {
	name=redial-$$-signal
	bundle --copy "$dir/tell:/tell" --mount "$dir/redial:/redial" --env TELL_WAIT=1 \
		"$bundle" -- /redial/redial-entrypoint -- /tell
	mkfifo "$dir/fifo"
	timeout 60 runc --root "$dir/state" run --bundle "$bundle" "$name" >"$dir/fifo" 2>&1 &
	waited=$!
	while read -r line && [ "$line" != ready ]; do :; done <"$dir/fifo" # not for its end
	runc --root "$dir/state" kill "$name" TERM
	wait $waited
	equal "SIGTERM to the container ends the command in its own way" 42 $?
}

# The commands of the scripts' page, in a copy of the sources with nothing built.
page() {
	mkdir "$dir/clone"
	cp -r Makefile README.md LICENSE preload policy scripts tests "$dir/clone/"
	section scripts/README.md "Try it" | fenced sh >"$dir/try.sh"
	at_least "the page: lines to try" 8 "$(wc -l <"$dir/try.sh")"
	start_server
	stop_server # its port is free
	sed -i "s|8088|$port|g; s|/tmp/|$dir/try-|g; s|sudo runc|runc --root $dir/state|" "$dir/try.sh"
	# Not to a pipe, which what is left in the background would keep open.
	(cd "$dir/clone" && timeout 300 env -u MAKEFLAGS -u MAKELEVEL bash "$dir/try.sh") \
		>"$dir/tried" 2>&1 </dev/null
	equal "the page: errors, bare" "2 4 " "$(awk '/^error / { printf "%s ", $2 }' "$dir/tried")"
	equal "the page: answers, bare and then by redial" "1 3 1 2 3 4 " \
		"$(awk '/^ok / { printf "%s ", $2 }' "$dir/tried")"
	equal "the page: rescues in the log" 3 "$(grep -c result=recovered "$dir/tried")"
}

# As near as one comes without runc: another root, where there is not even /proc.
without_runc() {
	as_root=
	if [ -z "$root" ]; then
		as_root="unshare --map-root-user"
		if ! $as_root true 2>"$dir/said"; then
			echo "     neither root nor user namespaces: chroot was not looked at"
			return
		fi
	fi
	start_server --log "$dir/seen" --fault reset@2
	for entrypoint in "" "/redial/redial-entrypoint --"; do
		: >"$dir/seen"
		bundle --copy "$clients/blocking_client:/client" \
			--file "$dir/redial/libredial.so:/redial/libredial.so" \
			--file "$dir/redial/redial-entrypoint:/redial/redial-entrypoint" "$bundle" -- /client
		# shellcheck disable=SC2086 # lists of words
		out=$(env -i REDIAL_LOG=file:/log $as_root "$(command -v chroot)" "$bundle/rootfs" \
			$entrypoint /client "http://127.0.0.1:$port/r" 4 2>&1)
		ok=$(printf '%s\n' "$out" | grep -c '^ok ')
		asked=$(grep -c '^request ' "$dir/seen")
		recovered=$(grep -hc result=recovered "$bundle/rootfs/log" 2>/dev/null || :)
		recovered=${recovered:-0}
		case $entrypoint in
		'') told "chroot, bare" 2 0 4 ;;
		*) told "chroot without /proc, by the entrypoint" 4 3 7 ;;
		esac
	done
}

cc -O1 tests/containers/tell.c -o "$dir/tell" || exit 1
echo 'retry = { statuses = [503]; };' >"$dir/503.cfg"
build/redial-policy compile "$dir/503.cfg" -o "$dir/503.policy"
build/redial-entrypoint --install "$dir/redial"
build/redial-entrypoint --policy "$dir/503.policy" --install "$dir/redial-503"

why=$(hindrance)
if [ -n "$why" ]; then
	echo "     no container can be run here: $why"
else
	every_way
	musl
	static_first
	ld_so_preload
	init_container
	sameness
	signals
	page
fi
without_runc
check_end
