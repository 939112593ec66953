#!/bin/sh
# SPDX-License-Identifier: MIT
# What redial takes of a program's memory, bare against preloaded, as /proc/self/status counts it:
# with ten connections, locked or not; with as many as may be; and where there is none to be had.
cd "$(dirname "$0")/.." || exit 1
. tests/support/check.sh

unset LD_PRELOAD REDIAL_POLICY REDIAL_DISABLE REDIAL_SHARED
export REDIAL_LOG=none
lib=$PWD/build/libredial.so
held=$PWD/build/tests/bench/held
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

# bare ARGUMENT..., redial ARGUMENT...: what held prints, in the file of that name. VIA goes before.
VIA=
bare() { $VIA timeout 120 "$held" "$@" >"$tmp/bare" 2>&1; }
redial() { $VIA env LD_PRELOAD="$lib" timeout 120 "$held" "$@" >"$tmp/redial" 2>&1; }

value() { awk -v key="$2" '$1 == key { print $2 }' "$tmp/$1"; }
more() { echo $(($(value redial "$1") - $(value bare "$1"))); }

ten_connections() {
	for lock in current future both none; do
		what="ten connections, mlockall $lock"
		# shellcheck disable=SC2046 # no argument for none
		set -- 10 $(echo $lock | grep -v none)
		if ! bare "$@"; then
			echo "     $what: $(cat "$tmp/bare")"
			continue
		fi
		redial "$@"
		equal "$what: answered" 10 "$(value redial answered)"
		equal "$what: saved of 5 after a reset" 5 "$(value redial again)"
		at_most "$what: KiB more locked" 424 "$(more VmLck)"
		at_most "$what: KiB more resident, files aside" 72 \
			$(($(more RssAnon) + $(more RssShmem)))
		# Without that, which pages of the libraries are there is chance.
		[ $lock != both ] || at_most "$what: KiB more resident" 424 "$(more VmRSS)"
		at_most "$what: KiB more that may be written to" 64 "$(more VmData)"
		at_most "$what: KiB more of address space" 1024 "$(more VmSize)"
	done
}

# A program is to be served that ran out of memory for us: and not to pay for it each time.
no_memory() {
	what="300 connections in $1 KiB more of address space"
	redial 300 "$1"
	equal "$what: answered" 300 "$(value redial answered)"
	strace -e trace=mmap -o "$tmp/calls" -E LD_PRELOAD="$lib" "$held" 300 "$1" >"$tmp/redial"
	equal "$what: answered" 300 "$(value redial answered)"
	at_most "$what: mappings asked for in vain" 20 "$(grep -c ENOMEM "$tmp/calls")"
}

# RLIMIT_MEMLOCK binds those without CAP_IPC_LOCK only.
little_to_lock() {
	if [ "$(id -u)" -ne 0 ]; then
		echo "     not root: limits of locked memory were not looked at"
		return
	fi
	chmod 755 "$tmp"
	cp "$lib" "$held" "$tmp/"
	VIA="setpriv --reuid 65534 --regid 65534 --clear-groups prlimit --memlock=$1"
	what="300 connections of a user who may lock $1 bytes"
	lib=$tmp/libredial.so held=$tmp/held redial 300 future
	VIA=
	equal "$what: answered" 300 "$(value redial answered)"
	at_most "$what: KiB locked" $(($1 / 1024)) "$(value redial VmLck)"
}

many_connections() {
	most_connections
	bare 10
	redial 10
	few=$(more RssAnon)
	# Each costs what the others cost, however many there are.
	for connections in 1000 10000 "$most"; do
		what="$connections connections"
		redial "$connections"
		equal "$what: answered" "$connections" "$(value redial answered)"
		equal "$what: saved of 5 after a reset" 5 "$(value redial again)"
		at_most "$what: bytes resident for each beyond the first ten" 240 \
			$((($(more RssAnon) - few) * 1024 / (connections - 10)))
	done
	at_most "$what: bytes mapped for each" 320 $(($(more VmSize) * 1024 / most))
}

ten_connections
for room in 0 16 48 100 200; do no_memory $room; done
for bytes in 4096 40000 70000 150000; do little_to_lock $bytes; done
many_connections
check_end
