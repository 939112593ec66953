#!/bin/sh
# SPDX-License-Identifier: MIT
# One file for every Linux: the same libredial.so rescues under this machine's glibc, under musl and
# under an older glibc, and what is built of the same sources for the other architecture does so
# under an emulator. Blocking and edge-triggered callers. A program whose functions are named as
# those of the parser of policies is not run into them. What a machine lacks is told.
cd "$(dirname "$0")/.." || exit 1
. tests/support/check.sh
# shellcheck source=tests/support/older.sh
. tests/support/older.sh
. tests/support/server.sh
export LC_ALL=C

dir=$(mktemp -d) || exit 1
trap 'stop_server; rm -rf "$dir"' EXIT
trap 'exit 2' INT TERM

cat >"$dir/text.cfg" <<'END'
retry = { statuses = [503]; };
END
build/redial-policy compile "$dir/text.cfg" -o "$dir/compiled"
cat >"$dir/watched.cfg" <<'END'
retry = { on = ["stale", "reset", "eof", "response-timeout"]; response_timeout_ms = 2000; };
END
build/redial-policy compile "$dir/watched.cfg" -o "$dir/watched"

# Each libc sets `place`, `library` and `libraries`, what its clients are linked with, and gives
# run(), which starts one with what is in `preload` and `policy`.
libraries=

# go CLIENT: four GETs; $ok, $recovered and $out tell of them. The server's log is begun anew.
go() {
	: >"$dir/log"
	: >"$dir/seen"
	out=$(run "$1" "http://127.0.0.1:$port/r" 4 GET 2>&1)
	ok=$(printf '%s\n' "$out" | grep -c '^ok ')
	recovered=$(grep -c result=recovered "$dir/log")
	asked=$(grep -c '^request ' "$dir/seen")
}

# told STATEMENT ANSWERED RECOVERED ASKED
told() {
	came="$ok of 4 answered, $recovered recovered, $asked requests at the server"
	if [ "$ok $recovered $asked" = "$2 $3 $4" ]; then
		pass "$place, $1: $came"
	else
		fail "$place, $1: $came; wanted $2, $3 and $4" "$out"
	fi
}

# Each connection's second request is reset: of four, bare, every other one fails.
rescues() {
	for client in blocking epollet; do
		start_server --log "$dir/seen" --fault reset@2
		preload='' policy=''
		go $client
		told "$client, bare" 2 0 4
		preload=$library
		go $client
		told "$client, reset" 4 3 7
		start_server --log "$dir/seen" --fault status=503@once:2
		preload=$library policy=''
		go $client
		told "$client, a 503 and no policy" 3 0 4
		start_server --log "$dir/seen" --fault status=503@once:2
		policy=$dir/compiled
		go $client
		told "$client, a 503 and a compiled policy for it" 4 1 5
	done
}

# Ten kinds of calls while a placeholder of redial's lies at a descriptor.
children() {
	start_server --log "$dir/seen" --fault delay=100@2
	for preload in '' $library; do
		policy=$dir/watched
		out=$(run children "http://127.0.0.1:$port/r" 2>&1)
		ok=$(printf '%s\n' "$out" | grep -c '^ok ')
		placed=$(printf '%s\n' "$out" | grep -c '^placed')
		came="$ok of 10 right, $placed placeholders"
		if [ "$ok $placed" = "10 ${preload:+1}0" ]; then
			pass "$place, what calls and children find${preload:+ under redial}: $came"
		else
			fail "$place, what calls and children find${preload:+ under redial}: $came" "$out"
		fi
	done
}

# build_clients COMPILER...: into $dir/clients.
build_clients() {
	rm -rf "$dir/clients"
	mkdir "$dir/clients"
	for client in blocking epollet children; do
		# shellcheck disable=SC2086 # a list of words
		"$@" -D_GNU_SOURCE -O1 -o "$dir/clients/$client" "tests/clients/c/${client}_client.c" \
			$libraries 2>"$dir/said" || {
			fail "$place: its client can be built" "$(head -n 5 "$dir/said")"
			return 1
		}
	done
}

run_here() {
	client=$1
	shift
	LD_PRELOAD=$preload REDIAL_POLICY=$policy REDIAL_LOG=file:$dir/log \
		timeout 30 "$dir/clients/$client" "$@"
}

this_libc() {
	place=$(getconf GNU_LIBC_VERSION 2>/dev/null) library=$PWD/build/libredial.so
	run() { run_here "$@"; }
	build_clients cc && rescues && children && names
}

# A program that has functions of libconfig's names, which its exports stand in for.
names() {
	own=tests/clients/names/libconfig.c
	libraries="-rdynamic $own"
	build_clients cc || return
	start_server --log "$dir/seen" --fault status=503@once:2
	policy=$dir/text.cfg
	go blocking
	told "a text policy, libconfig's names being the program's" 4 1 5
	libraries="-rdynamic -fno-builtin -DOWN_MALLOC $own"
	build_clients cc || return
	start_server --log "$dir/seen" --fault reset@2
	go blocking
	told "and its malloc as well: as bare" 2 0 4
	equal "the log tells what to do about these names" 1 \
		"$(grep -c "result=invalid .*named as libconfig's; name a compiled one: redial-policy compile" "$dir/log")"
	libraries=
}

musl() {
	place=musl library=$PWD/build/libredial.so
	if ! command -v musl-gcc >/dev/null; then
		echo "     musl-gcc is not installed: musl was not looked at"
		return
	fi
	build_clients musl-gcc || return
	equal "musl: its clients are for musl's loader" 3 \
		"$(readelf -lW "$dir"/clients/* | grep -c 'interpreter: .*/ld-musl-')"
	rescues
	children
	start_server --log "$dir/seen" --fault reset@2
	policy=$dir/text.cfg
	go blocking
	told "a text policy, which glibc's parser is for" 2 0 4
	equal "musl: the log tells what to do about it" 1 \
		"$(grep -c 'result=invalid file=.*/text.cfg .*; name a compiled one: redial-policy compile FILE -o OUT"' "$dir/log")"
	go_launched
}

# The launcher never hands on a text.
go_launched() {
	start_server --log "$dir/seen" --fault status=503@once:2
	run() {
		client=$1
		shift
		scripts/redial --policy "$dir/text.cfg" --log "file:$dir/log" -- \
			timeout 30 "$dir/clients/$client" "$@"
	}
	go blocking
	told "the launcher and a text policy" 4 1 5
}

older=build/tests/older-glibc
older_glibc() {
	if ! fetch_older "$older" libc6 libc6-dev linux-libc-dev >"$dir/said" 2>&1; then
		echo "     no older glibc could be fetched: only this machine's was looked at"
		sed 's/^/     /' "$dir/said" | head -n 3
		return
	fi
	root=$PWD/$older/root library=$PWD/build/libredial.so
	loader=$(echo "$root"/lib/*-linux-gnu/ld-linux-*.so.*)
	place=glibc\ $(strings "$root"/lib/*-linux-gnu/libc.so.6 |
		sed -n 's/^GNU C Library .* version \([0-9.]*[0-9]\)\.$/\1/p')
	run() {
		client=$1
		shift
		env LD_PRELOAD="$preload" REDIAL_POLICY="$policy" REDIAL_LOG="file:$dir/log" \
			timeout 30 "$dir/clients/$client" "$@"
	}
	# Not by libc.so, a script that names the loader where it would be installed.
	old=$(echo "$root"/usr/lib/*-linux-gnu)
	libraries="-nodefaultlibs $root/lib/${old##*/}/libc.so.6 $old/libc_nonshared.a $loader -lgcc"
	set -- gcc "--sysroot=$root" -B "$old" "-Wl,--dynamic-linker=$loader,-rpath,${loader%/*}"
	build_clients "$@" -Wl,--disable-new-dtags && rescues && children
	# A RUNPATH serves the program alone: the loader finds another glibc's libdl.so.2, or none.
	place="$place, libdl out of reach"
	build_clients "$@" -Wl,--enable-new-dtags && rescues && children
	libraries=
}

other_architecture() {
	case $(uname -m) in
	x86_64) other=aarch64 ;;
	aarch64) other=x86_64 ;;
	esac
	place="$other under qemu"
	for program in "$other-linux-gnu-gcc" "qemu-$other"; do
		command -v "$program" >/dev/null && continue
		echo "     $program is not installed: $other was not looked at"
		return
	done
	# Where check_elf.sh has built it, most often.
	built=build/by/$other-linux-gnu-gcc library=$PWD/$built/libredial.so
	if ! env -u MAKEFLAGS -u MAKELEVEL make -s -j"$(nproc)" "CC=$other-linux-gnu-gcc" "B=$built" \
		"$built/libredial.so" >"$dir/said" 2>&1; then
		fail "$place: libredial.so can be built" "$(tail -n 5 "$dir/said")"
		return
	fi
	run() {
		client=$1
		shift
		timeout 60 "qemu-$other" -L "/usr/$other-linux-gnu" -E "LD_PRELOAD=$preload" \
			-E "REDIAL_POLICY=$policy" -E "REDIAL_LOG=file:$dir/log" \
			"$dir/clients/$client" "$@"
	}
	build_clients "$other-linux-gnu-gcc" && rescues && children
}

this_libc
musl
older_glibc
other_architecture
check_end
