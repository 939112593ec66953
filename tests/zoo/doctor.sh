#!/bin/sh
# SPDX-License-Identifier: MIT
# redial doctor on the runtimes and browsers that it is asked about most, as they are released: npm's
# packages and Debian's, some 500 MB, unpacked in FOLDER and not installed. What cannot be had is told.
# Usage: doctor.sh [FOLDER], from the top of the tree, which is built.
cd "$(dirname "$0")/../.." || exit 1
. tests/support/check.sh
. tests/support/doctor.sh

folder=${1:-build/tests/zoo/doctor}
mkdir -p "$folder/npm" "$folder/deb"
folder=$(cd "$folder" && pwd)

# npm_package NAME VERSION: without what its scripts would do.
npm_package() {
	[ -e "$folder/npm/node_modules/$1" ] ||
		npm install --prefix "$folder/npm" --ignore-scripts --no-audit --no-fund \
			"$1@$2" >"$dir/said" 2>&1 || lacking "npm has no $1 for us" it
}

# deb_package NAME: as the system's sources have it.
deb_package() {
	[ -e "$folder/$1" ] ||
		{ (cd "$folder/deb" && apt-get -qq download "$1") >"$dir/said" 2>&1 &&
			mkdir "$folder/$1" && dpkg -x "$folder/deb/$1"_*.deb "$folder/$1" &&
			rm "$folder/deb/$1"_*.deb; } || lacking "the package $1 is not to be had" it
}

# on PROGRAM STATUS LINE...: each of the lines is part of the answer, "!TEXT" is not.
on() {
	on_program=$1 on_status=$2
	shift 2
	[ -e "$on_program" ] || return 0
	for on_line; do
		told "${on_program##*/}: $on_line" "$on_status" "$on_line" "$doctor" "$on_program"
	done
}

case $(uname -m) in
x86_64) npm_machine=x64 workerd_machine=64 ;;
*) npm_machine=arm64 workerd_machine=arm64 ;;
esac
modules=$folder/npm/node_modules
npm_package "@oven/bun-linux-$npm_machine" 1.4.5
npm_package "@deno/linux-$npm_machine-glibc" 2.9.6
npm_package "@cloudflare/workerd-linux-$workerd_machine" 1.20261117.1
npm_package "node-linux-$npm_machine" 26.10.0
npm_package impit 0.14.5
deb_package chromium
deb_package chromium-common
deb_package firefox-esr

bun=$modules/@oven/bun-linux-$npm_machine/bin/bun
on "$bun" 0 "warn waits the program waits by a system call of its own (epoll_pwait2)" '!warn calls'
on "$modules/@deno/linux-$npm_machine-glibc/deno" 0 "warn https TLS" '!past libc' '!warn waits'
on "$modules/@cloudflare/workerd-linux-$workerd_machine/bin/workerd" 0 "warn https TLS" \
	'!past libc' '!warn waits'
on "$modules/node-linux-$npm_machine/bin/node" 0 "warn https TLS" \
	"? io_uring the program may set one up by itself" '!past libc' '!warn waits'
on "$folder/chromium/usr/lib/chromium/chromium" 0 '!past libc' '!warn waits'
on "$folder/firefox-esr/usr/lib/firefox-esr/firefox-esr" 0 "warn https libssl3.so" '!past libc' \
	'!warn waits'
if [ -e "$folder/chromium/usr/bin/chromium" ]; then
	sed "s|^LIBDIR=|LIBDIR=$folder/chromium|" "$folder/chromium/usr/bin/chromium" >"$dir/chromium"
	chmod +x "$dir/chromium"
	told "Chromium's wrapper" 0 "execs $folder/chromium/usr/lib/chromium/chromium" \
		"$doctor" "$dir/chromium"
fi
if [ -e "$folder/firefox-esr/usr/bin/firefox" ]; then
	told "Firefox's wrapper" 0 "execs $folder/firefox-esr/usr/lib/firefox-esr/firefox-esr" \
		env PATH="$folder/firefox-esr/usr/lib/firefox-esr:$PATH" \
		"$doctor" "$folder/firefox-esr/usr/bin/firefox"
fi
echo '//' >"$folder/npm/main.js"
if [ -e "$modules/impit" ] && command -v node >/dev/null; then
	told "an addon that brings a client of its own" 0 '.node itself ("rustls-")' \
		"$doctor" node "$folder/npm/main.js"
fi

# live PROGRAM STATUS LINE WORD...: of a process that the words start, and that says when it is up.
live() {
	live_program=$1 live_status=$2 live_line=$3
	shift 3
	[ -e "$live_program" ] || return 0
	start env LD_PRELOAD="$dir/redial/libredial.so" REDIAL_LOG=none "$live_program" "$@"
	seen "${live_program##*/}, running: $live_line" "$live_status" "$live_line"
}
stays='console.log("up"); setInterval(() => 0, 1000)'
live "$bun" 0 "warn waits the program waits by a system call of its own (epoll_pwait2)" -e "$stays"
live "$modules/@deno/linux-$npm_machine-glibc/deno" 0 '!past libc' eval "$stays"
live "$modules/node-linux-$npm_machine/bin/node" 0 '!past libc' -e "$stays"
if [ -e "$modules/impit" ] && command -v node >/dev/null; then
	(cd "$folder/npm" && exec node -p process.execPath) >"$dir/node"
	live "$(cat "$dir/node")" 0 '.node itself ("rustls-")' \
		-e "require('$modules/impit'); $stays"
fi
check_end
