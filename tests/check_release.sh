#!/bin/sh
# SPDX-License-Identifier: MIT
# make release: built twice, in other places and surroundings, it gives the same files, bit by bit; lintian
# has nothing to say of the packages; what is told to be in them is; and those for the other architecture
# run under an emulator. What a machine lacks is told.
cd "$(dirname "$0")/.." || exit 1
. tests/support/check.sh
. tests/support/server.sh
export LC_ALL=C

tmp=$(mktemp -d) || exit 1
trap 'stop_server; rm -rf "$tmp"' EXIT
trap 'exit 2' INT TERM
version=$(sed -n 's/^VERSION := //p' Makefile)
native=$(dpkg --print-architecture 2>/dev/null)
other=arm64 machine=aarch64
[ "$native" != arm64 ] || other=amd64 machine=x86_64
archs="$native $other"

# The other one takes a compiler, and libconfig from Debian's servers, which the second build is given.
prepare() {
	command -v dpkg-deb >/dev/null && command -v readelf >/dev/null || {
		echo "     dpkg-dev is not installed: no package was looked at"
		return 1
	}
	if ! command -v $machine-linux-gnu-gcc >/dev/null; then
		echo "     $machine-linux-gnu-gcc is not installed: no package for $other was looked at"
		archs=$native
	elif ! sh scripts/deb/cross.sh $other "$PWD/build/libraries/$other" 2>"$tmp/said"; then
		sed 's/^/     /' "$tmp/said"
		echo "     so no package for $other was looked at"
		archs=$native
	fi
}

# release FOLDER COMMAND...: copies the sources there and makes one of them, by that command.
release() {
	folder=$1
	shift
	mkdir -p "$folder/tests" "$folder/build"
	cp -r Makefile README.md LICENSE policy preload scripts "$folder/"
	cp tests/tests.mk "$folder/tests/"
	[ ! -d build/libraries ] || cp -r build/libraries "$folder/build/"
	env -u MAKEFLAGS -u MAKELEVEL "$@" -s -C "$folder" release RELEASE_ARCHS="$archs" >"$tmp/said" 2>&1 ||
		{ fail "make release works" "$(tail -n 5 "$tmp/said")" && return 1; }
	pass "make release works"
}

check_twice() {
	release "$tmp/one" make -j2 || return
	made=$tmp/one/build/release
	(umask 077 && release "$tmp/elsewhere/two" TZ=Asia/Tokyo LANG=C.UTF-8 HOME=/nowhere make -j3)
	none "built elsewhere it is the same, bit by bit" \
		"$(diff "$made/SHA256SUMS" "$tmp/elsewhere/two/build/release/SHA256SUMS" 2>&1)"
	equal "what is handed out" "$(for arch in $archs; do
		echo "redial_${version}_$arch.deb redial_${version}_$arch.spdx.json"
	done | tr ' ' '\n' | sort | paste -sd' ') SHA256SUMS" "$(find "$made" -type f -printf '%f\n' | sort | paste -sd' ' |
		sed 's/SHA256SUMS \(.*\)/\1 SHA256SUMS/')"
}

check_packages() {
	for arch in $archs; do
		deb=$made/redial_${version}_$arch.deb
		dpkg-deb -x "$deb" "$tmp/$arch"
		equal "$arch: the version" "$version" "$(dpkg-deb -f "$deb" Version)"
		none "$arch: SPDX tells what is in it" "$(python3 -B tests/release/spdx.py \
			"${deb%.deb}.spdx.json" "$deb" "$tmp/$arch" 2>&1)"
		if command -v lintian >/dev/null; then
			none "$arch: lintian" "$(lintian --display-info --pedantic --allow-root "$deb" 2>&1)"
		else
			echo "     lintian is not installed: the package was not examined by it"
		fi
	done
	command -v dpkg-shlibdeps >/dev/null || return 0
	mkdir "$tmp/debian"
	printf 'Source: redial\n\nPackage: redial\nArchitecture: any\n' >"$tmp/debian/control"
	equal "$native: what it needs, as dpkg-shlibdeps has it" \
		"$(cd "$tmp" && dpkg-shlibdeps -O --ignore-missing-info "$native"/usr/bin/redial-policy \
			"$native"/usr/lib/redial/libredial-policy.so 2>/dev/null | sed 's/^[^=]*=//')" \
		"$(dpkg-deb -f "$made/redial_${version}_$native.deb" Depends)"
}

# there PROGRAM...: by the emulator, on the other architecture's libraries.
there() {
	"qemu-$machine" -L "/usr/$machine-linux-gnu" -E LD_LIBRARY_PATH="$libconfig" -E LD_PRELOAD="${preload-}" \
		-E REDIAL_POLICY="${policy-}" -E REDIAL_LOG="file:$tmp/log" "$@"
}

# alike STATEMENT PROGRAM ARG...: what it says here it says there.
alike() {
	statement=$1 program=$2
	shift 2
	"$tmp/$native/usr/$program" "$@" >"$tmp/here" 2>&1
	status=$?
	there "$tmp/$other/usr/$program" "$@" >"$tmp/there" 2>&1
	equal "$other: $statement: exit status" $status $?
	none "$other: $statement: what it says" "$(diff "$tmp/here" "$tmp/there")"
}

check_other() {
	[ "$archs" != "$native" ] || return 0
	command -v "qemu-$machine" >/dev/null ||
		{ echo "     qemu-$machine is not installed: nothing of $other was run"; return; }
	libconfig=$PWD/build/libraries/$other/usr/lib/$machine-linux-gnu
	"$machine-linux-gnu-gcc" -D_GNU_SOURCE -O1 -o "$tmp/client" tests/clients/c/blocking_client.c
	alike "redial-policy" bin/redial-policy show scripts/policies/recommended.cfg
	echo 'retry = { statuses = [503]; on = ["sale"]; };' >"$tmp/bad.cfg"
	alike "redial-policy of a bad one" bin/redial-policy check "$tmp/bad.cfg"
	alike "redial-doctor" lib/redial/redial-doctor --help
	alike "redial-stat" lib/redial/redial-stat --dir "$tmp"
	alike "redial-switch" lib/redial/redial-switch off 999999999
	alike "redial-rehearse" lib/redial/redial-rehearse --help
	alike "redial-entrypoint" lib/redial/redial-entrypoint --version
	start_server --fault status=503@once:2 --fault reset@4
	echo 'retry = { statuses = [503]; };' >"$tmp/text.cfg"
	preload=$tmp/$other/usr/lib/redial/libredial.so policy=$tmp/text.cfg
	out=$(there "$tmp/client" "http://127.0.0.1:$port/r" 6)
	equal "$other: answered of 6, by a policy in text form, and rescued" "6 2" \
		"$(echo "$out" | grep -c '^ok') $(grep -c result=recovered "$tmp/log")"
	preload='' policy=''
	alike "redial-report of that" lib/redial/redial-report "$tmp/log"
}

prepare && check_twice && check_packages && check_other
check_end
