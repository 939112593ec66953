#!/bin/sh
# SPDX-License-Identifier: MIT
# many.sh [COUNT...]: what a connection (beyond those of the first row), a GET and a rescue cost among
# so many connections of one process, bare and under redial: 1, 10, 100 and so on up to 100,000. Few machines let a process have
# so many descriptors, so that it runs on a machine of its own: Debian's kernel, emulated by qemu.
# That counts instructions for time, one to the nanosecond, of kernel, client and server together:
# figures are the same again, whatever else this machine does. Some minutes; x86_64 only.
cd "$(dirname "$0")/../.." || exit 1

counts=${*:-1 10 100 1000 10000 100000}
room=$(mktemp -d) || exit 1
emulator=
# shellcheck disable=SC2317,SC2329 # called by the trap
clean() {
	[ -z "$emulator" ] || kill "$emulator" 2>/dev/null
	rm -rf "$room"
}
trap clean EXIT
trap 'exit 130' INT TERM

stop() {
	echo "many.sh: $1" >&2
	exit 1
}

# with_libraries PROGRAM: it and what the loader takes in for it, at the places where they are here.
with_libraries() {
	for file in "$1" $(ldd "$1" | grep -o '/[^ ]*'); do
		mkdir -p "$room/root/$(dirname "$file")" && cp -L "$file" "$room/root/$file" || return 1
	done
}

# The kernel is unpacked, never installed.
get_kernel() (
	package=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/.*Depends: //p' | head -n 1)
	chmod 755 "$room"
	cd "$room" && apt-get -qq download "$package" 2>said && dpkg -x ./*.deb package &&
		cp package/boot/vmlinuz-* kernel
)

make_root() {
	mkdir -p "$room/root/bin" "$room/root/proc" "$room/root/dev" "$room/root/tmp" &&
		cp "$(command -v busybox)" "$room/root/bin/" &&
		with_libraries "$PWD/build/tests/bench/held" && with_libraries "$PWD/build/libredial.so"
	cat >"$room/root/init" <<-END
		#!/bin/busybox sh
		export PATH=/bin
		/bin/busybox --install -s /bin
		echo # what the firmware has written ends here
		mount -t proc none /proc
		mount -t devtmpfs none /dev
		ifconfig lo 127.0.0.1 netmask 255.0.0.0 up
		ulimit -n 300000
		export REDIAL_LOG=none
		$PWD/build/tests/bench/held 10 gets >/dev/null # the clock's first second is a rough one
		for count in $counts; do
			for with in '' $PWD/build/libredial.so; do
				echo "at \$count \${with:+redial}"
				LD_PRELOAD=\$with $PWD/build/tests/bench/held \$count gets
				echo "ended \$?"
			done
		done
		echo all
		poweroff -f
	END
	chmod 755 "$room/root/init"
	(cd "$room/root" && find . | cpio --quiet -o -H newc | gzip -1 >"$room/files")
}

[ -x build/tests/bench/held ] || stop "build/tests/bench/held is not there: make tests"
for command in qemu-system-x86_64 busybox cpio; do
	command -v $command >"$room/said" || stop "$command is not installed: sh scripts/setup.sh many"
done
get_kernel || stop "no kernel: $(cat "$room/said")"
make_root || stop "the files for it could not be put together"

# heard LINE: sets what was seen last of it, and prints a row where both have been.
heard() {
	# shellcheck disable=SC2086 # words
	set -- $1
	case "${1-}" in
	at) count=$2 with=${3-bare} ;;
	Anonymous | get_us | again | again_us) eval "${with}_$1=$2" ;;
	ended)
		[ "$2" -eq 0 ] || stop "$count connections, $with: exit status $2"
		[ "$with" = bare ] || row
		;;
	all) whole=yes ;;
	esac
}

# shellcheck disable=SC2154 # heard sets them
row() {
	more=$(((redial_Anonymous - bare_Anonymous) * 1024))
	each=-
	[ -z "$first" ] || each=$(((more - fewest) / (count - first)))
	[ -n "$first" ] || first=$count fewest=$more
	printf '%12d %11s %9s %9s %11s %11d\n' "$count" "$each" "$bare_get_us" "$redial_get_us" \
		"$redial_again_us" "$redial_again"
}

mkfifo "$room/out"
qemu-system-x86_64 -accel tcg -icount shift=0,sleep=off -cpu max -m 4G -nographic -no-reboot \
	-nodefaults -serial stdio -kernel "$room/kernel" -initrd "$room/files" -append \
	"console=ttyS0 quiet panic=-1 tsc=reliable transparent_hugepage=never" \
	>"$room/out" 2>"$room/said" </dev/null &
emulator=$!
printf '%12s %11s %9s %9s %11s %11s\n' connections "bytes each" "GET, us" redial "rescue, us" \
	"saved of 5"
first='' whole=''
while read -r line; do
	heard "${line%"$(printf '\r')"}"
done <"$room/out"
wait "$emulator"
emulator=
[ -n "$whole" ] || stop "it ended early: $(cat "$room/said")"
