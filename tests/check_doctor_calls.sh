#!/bin/sh
# SPDX-License-Identifier: MIT
# redial doctor on programs that make system calls past libc, and on scripts that only start another
# program. What a machine lacks is told.
cd "$(dirname "$0")/.." || exit 1
. tests/support/check.sh
. tests/support/doctor.sh

echo 'int main(void) { return 0; }' >"$dir/plain.c"
build plain plain

# own_call NAME LINE NUMBER...: a program with that line of C whose own instructions make those system
# calls, the numbers being names of sys/syscall.h; `any` is a function that is given its number.
own_call() {
	own_name=$1 own_line=$2
	shift 2
	{
		cat <<'END'
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#if defined(__x86_64__)
#define CALL(n) __asm__ volatile("mov %0, %%eax\n\tsyscall" ::"i"(n) : "rax", "rcx", "r11", "memory")
#define ANY "mov %rdi, %rax\n\tmov %rsi, %rdi\n\tsyscall\n\tcmp $-4095, %rax\n\tret"
#else
#define CALL(n) __asm__ volatile("mov x8, %0\n\tsvc 0" ::"i"(n) : "x0", "x8", "memory")
#define ANY "mov x8, x0\n\tmov x0, x1\n\tsvc 0\n\tret"
#endif
long any(long number, long a);
int main(void)
{
	if (getppid() > 0)
		return 0;
END
		for own_number; do
			if [ "$own_number" = any ]; then
				echo "	any(SYS_close, -1);"
			else
				echo "	CALL(SYS_$own_number);"
			fi
		done
		printf '\t%s\n}\n' "$own_line"
		case " $* " in *' any '*) printf '%s\n' '__asm__(".text\nany:\n\t" ANY);' ;; esac
	} >"$dir/$own_name.c"
	build "$own_name" "$own_name" -O1
}

check_own_calls() {
	asks='connect(-1, 0, 0);'
	own_call own-connect '' connect sendto recvfrom
	told "a program that connects by itself" 1 \
		"no calls own-connect makes its system calls itself, past libc (connect, sendto, recvfrom)" \
		"$doctor" "$dir/own-connect"
	own_call own-both "$asks" connect write
	told "one that asks libc as well" 0 \
		"warn calls the program makes system calls itself, past libc (connect)" \
		"$doctor" "$dir/own-both"
	own_call own-any '' any
	told "one whose calls are of any number" 1 "own-any makes its system calls itself, past libc: " \
		"$doctor" "$dir/own-any"
	own_call own-any-asks "$asks" any
	told "the same, where connect is libc's" 0 '!calls' "$doctor" "$dir/own-any-asks"
	own_call own-wait "$asks" epoll_pwait2
	told "a wait of its own" 0 \
		"warn waits the program waits by a system call of its own (epoll_pwait2)" \
		"$doctor" "$dir/own-wait"
	own_call own-futex '' futex getrandom sched_yield write sendmsg
	told "futex, getrandom, and what a crash is reported with, are none" 0 '!past libc' \
		"$doctor" "$dir/own-futex"
	own_call own-uring "$asks syscall(SYS_io_uring_setup, 8, 0);"
	[ "$(uname -m)" != x86_64 ] ||
		told "io_uring by syscall()" 0 "? io_uring the program may set one up by itself" \
			"$doctor" "$dir/own-uring"
	own_call own-other "$asks syscall(SYS_gettid);"
	told "another call by syscall()" 0 '!io_uring' "$doctor" "$dir/own-other"
	printf 'int own(void); int main(void) { return own(); }\n' >"$dir/uses.c"
	sed 's/main(void)/own(void)/' "$dir/own-connect.c" >"$dir/own-library.c"
	build libown.so own-library -shared -fPIC
	build uses uses "$dir/libown.so"
	told "such a library" 0 "warn calls $dir/libown.so makes system calls itself" \
		"$doctor" "$dir/uses"
	sed 's/return 0;/return write(1, "up\\n", 3), pause();/' "$dir/own-both.c" >"$dir/own-sleeps.c"
	build own-sleeps own-sleeps -O1
	start env LD_PRELOAD="$dir/redial/libredial.so" "$dir/own-sleeps"
	seen "of a process too" 0 "warn calls the program makes system calls itself, past libc (connect)"
	check_pascal
	for program in curl git perl python3 wget ruby nginx java; do
		path=$(command -v $program) || continue
		told "$program makes none" 0 '!past libc' "$doctor" "$path"
	done
}

# Its runtime makes them, in a program with a libc as well.
check_pascal() {
	if ! command -v fpc >/dev/null; then
		lacking "fpc is not installed" "a Free Pascal program"
		return
	fi
	cat >"$dir/pascal.pas" <<'END'
program pascal;
uses cthreads, sockets;
begin
  writeln(fpsocket(2, 1, 0));
end.
END
	if fpc -o"$dir/pascal" "$dir/pascal.pas" >"$dir/said" 2>&1; then
		told "Free Pascal" 1 "no calls pascal makes its system calls itself" \
			"$doctor" "$dir/pascal"
	else
		lacking "fpc does not build here" "a Free Pascal program"
	fi
}

# What a script of Node's opens is below the folder of its packages.
check_addons() {
	mkdir -p "$dir/app/node_modules/client/lib" "$dir/app/src"
	echo '//' >"$dir/app/src/main.js"
	printf '#!/usr/bin/env node\n' >"$dir/app/src/run" && chmod +x "$dir/app/src/run"
	if ! command -v node >/dev/null; then
		lacking "node is not installed" "what it opens"
		return
	fi
	told "no addon" 0 '!client.node' "$doctor" node "$dir/app/src/main.js"
	build app/node_modules/client/lib/client.node own-library -shared -fPIC
	told "an addon that connects by itself" 0 "lib/client.node makes system calls itself" \
		"$doctor" node --no-warnings "$dir/app/src/main.js" --option
	told "the same, of a script that is run" 0 "lib/client.node makes system calls itself" \
		"$doctor" "$dir/app/src/run"
	printf 'const char *brings = "rustls-0.23"; int own(void) { return !brings; }\n' >"$dir/rust.c"
	build app/node_modules/client/lib/client.node rust -shared -fPIC
	told "an addon with its own TLS" 0 'client.node itself ("rustls-")' \
		"$doctor" node "$dir/app/src/main.js"
	echo go >"$dir/section"
	objcopy --add-section .go.buildinfo="$dir/section" \
		"$dir/app/node_modules/client/lib/client.node"
	told "an addon in Go" 0 'client.node is written in Go' "$doctor" node "$dir/app/src/main.js"
}

# wrapper NAME LINE...: a shell script of those lines.
wrapper() {
	wrapper_name=$1
	shift
	{ echo '#!/bin/sh'; printf '%s\n' "$@"; } >"$dir/$wrapper_name"
	chmod +x "$dir/$wrapper_name"
}

# shellcheck disable=SC2016 # what the scripts expand
check_wrappers() {
	wrapper wrapped "LIBDIR=$dir" 'APPNAME="own-connect"' 'if true; then' \
		'	exec $LIBDIR/$APPNAME $FLAGS "$@"' 'fi'
	told "the program behind a wrapper" 1 "execs $dir/own-connect" "$doctor" "$dir/wrapped"
	wrapper tried 'OTHER=$(command -v nonesuch)' '[ -x "$OTHER" ] && exec "$OTHER" "$@"' \
		'exec own-connect "$@"'
	told "one that tries another first" 1 "execs $dir/own-connect" \
		env PATH="$dir:$PATH" "$doctor" "$dir/tried"
	wrapper either "[ -n \"\$A\" ] && exec $dir/plain" "exec $dir/own-connect"
	told "one of two programs" 0 '!execs' "$doctor" "$dir/either"
	wrapper unknown "A=$dir/plain" 'A=$(cat name)' 'exec "$A"' 'exec 3<&1' 'exec "$@"'
	told "one that is not told" 0 '!execs' "$doctor" "$dir/unknown"
	wrapper itself "exec $dir/itself --again"
	told "one that starts itself" 0 '!execs' "$doctor" "$dir/itself"
}

check_own_calls
check_addons
check_wrappers
none "no line is wider than 80 columns" "$(cat "$dir/wide" 2>/dev/null)"
check_end
