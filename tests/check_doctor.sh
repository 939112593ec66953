#!/bin/sh
# SPDX-License-Identifier: MIT
# redial doctor on real programs and processes: each time the exit status and the line that says
# why. What a machine lacks is told.
# shellcheck disable=SC2086 # $as_nobody is a list of words
cd "$(dirname "$0")/.." || exit 1
. tests/support/check.sh
. tests/support/doctor.sh

cat >"$dir/plain.c" <<'END'
int main(void) { return 0; }
END
cat >"$dir/own.c" <<'END'
long read(int fd, void *data, unsigned long len) { (void)fd; (void)data; (void)len; return 0; }
int main(void) { return 0; }
END
cat >"$dir/tls.c" <<'END'
int SSL_CTX_new(void) { return 0; }
int main(void) { return SSL_CTX_new(); }
END
cat >"$dir/opens.c" <<'END'
#include <dlfcn.h>
int main(void) { return !dlopen("libm.so.6", RTLD_NOW); }
END
cat >"$dir/calls-sleeps.c" <<'END'
#include <unistd.h>
int SSL_read(void *ssl, void *buf, int len);
int main(int argc, char **argv) { write(1, "up\n", 3); pause(); return SSL_read(argv, argv, argc); }
END
cat >"$dir/sleeps.c" <<'END'
#include <unistd.h>
int main(void) { write(1, "up\n", 3); pause(); }
END

check_kinds() {
	build plain plain && told "a dynamic program" 0 "ok program $dir/plain," "$doctor" "$dir/plain"
	told "its libc" 0 "ok libc glibc 2." "$doctor" "$dir/plain"
	told "the version of the library" 0 "libredial.so, $(uname -m), redial $version" \
		"$doctor" "$dir/plain"
	told "a verdict" 0 "redial can help $dir/plain" "$doctor" "$dir/plain"
	if build static plain -static; then
		told "a static program" 1 "no program $dir/static ($(uname -m)) is static: " \
			"$doctor" "$dir/static"
		told "its verdict" 1 "redial cannot help $dir/static" "$doctor" "$dir/static"
	else
		lacking "there is no static libc" "a static program"
	fi
	if build static-pie plain -static-pie; then
		told "a static PIE" 1 "is static-pie: " "$doctor" "$dir/static-pie"
	fi
	told "a library" 1 "libredial.so is a library, no program" "$doctor" "$(executable_library)"
	build object plain -c && chmod +x "$dir/object" &&
		told "an object file" 1 "is an ELF file, but no program" "$doctor" "$dir/object"
	if cc=musl-gcc build musl plain; then
		told "a musl program" 0 "ok libc musl" "$doctor" "$dir/musl"
	else
		lacking "musl-gcc is not installed" "a musl program"
	fi
	case $(uname -m) in
	x86_64) other=aarch64 ;;
	*) other=x86_64 ;;
	esac
	if cc=$other-linux-gnu-gcc build foreign plain; then
		told "another architecture" 1 "is for $other, libredial.so for $(uname -m)" \
			"$doctor" "$dir/foreign"
	else
		lacking "$other-linux-gnu-gcc is not installed" "another architecture"
	fi
	if build old plain -m32 || { build old plain -m32 -nostdlib -Wl,-e,main; }; then
		told "a 32-bit program" 1 "is for " "$doctor" "$dir/old"
	fi
	build lost plain -Wl,--dynamic-linker=/nonexistent/ld-linux.so.9
	told "a loader that is not there" 1 "no loader /nonexistent/ld-linux.so.9 is not there" \
		"$doctor" "$dir/lost"
	head -c 100 "$dir/plain" >"$dir/cut" && chmod +x "$dir/cut"
	told "a program cut short" 1 "no program" "$doctor" "$dir/cut"
}

executable_library() {
	cp build/libredial.so "$dir/libredial.so" && chmod +x "$dir/libredial.so"
	echo "$dir/libredial.so"
}

# What a Go program has and no other: made with objcopy, as Go itself need not be here.
check_go() {
	echo go >"$dir/section"
	objcopy --add-section .go.buildinfo="$dir/section" "$dir/plain" "$dir/go"
	told "a dynamic Go program" 1 "is a Go program: it makes its system calls itself" \
		"$doctor" "$dir/go"
	[ ! -x "$dir/static" ] || {
		objcopy --add-section .note.go.buildid="$dir/section" "$dir/static" "$dir/static-go"
		told "a static Go program" 1 "is a static Go program" "$doctor" "$dir/static-go"
	}
	if command -v go >/dev/null; then
		told "go itself" 1 "Go program" "$doctor" "$(go env GOROOT)/bin/go"
	fi
}

check_scripts() {
	printf '#!%s\n' "$dir/plain" >"$dir/script" && chmod +x "$dir/script"
	told "a script" 0 "ok script $dir/script, run by $dir/plain" "$doctor" "$dir/script"
	told "its interpreter" 0 "ok program $dir/plain" "$doctor" "$dir/script"
	printf '#!/usr/bin/env plain\n' >"$dir/script-env" && chmod +x "$dir/script-env"
	told "a script by env" 0 "run by $dir/plain" env PATH="$dir:$PATH" "$doctor" script-env
	printf '#!/usr/bin/env nonesuch\n' >"$dir/script-none" && chmod +x "$dir/script-none"
	told "a script for what is not there" 3 \
		"$dir/script-none asks for nonesuch, which is not found" "$doctor" "$dir/script-none"
	echo 'echo hello' >"$dir/text" && chmod +x "$dir/text"
	told "a text" 3 "$dir/text is neither an ELF file nor a script" "$doctor" "$dir/text"
	: >"$dir/empty" && chmod +x "$dir/empty"
	told "an empty file" 3 "is neither an ELF file" "$doctor" "$dir/empty"
	told "no such program" 3 "cannot be told: nonesuch is not found" "$doctor" nonesuch
	told "what may not be executed" 3 "plain.c cannot be executed" "$doctor" "$dir/plain.c"
	told "a folder" 3 "cannot be executed" "$doctor" "$dir"
}

check_reach() {
	build own own -Wl,--export-dynamic
	told "a program with a read of its own" 0 "warn calls the program has its own read:" \
		"$doctor" "$dir/own"
	told "limits in the verdict" 0 "own, within the limits told above" "$doctor" "$dir/own"
	echo 'void closefrom(int fd) { (void)fd; } int main(void) { return 0; }' >"$dir/from.c"
	build from from -Wl,--export-dynamic
	told "a program with a closefrom of its own" 0 '!warn calls' "$doctor" "$dir/from"
	build tls tls
	told "TLS in the program" 0 "TLS is in the program itself (SSL_CTX_new)" "$doctor" "$dir/tls"
	strip "$dir/tls"
	told "no TLS that could be found" 0 '!https' "$doctor" "$dir/tls"
	printf 'const char *text = "OpenSSL 3.0.1 1 Jan 2026"; int main(void) { return !text; }\n' \
		>"$dir/stripped.c"
	build stripped stripped -s
	told "TLS in a stripped program" 0 'TLS seems to be in the program itself ("OpenSSL 3.")' \
		"$doctor" "$dir/stripped"
	build opens opens -ldl
	told "a program that opens libraries" 0 "? plugins it opens libraries" "$doctor" "$dir/opens"
	mkdir "$dir/lib"
	printf 'int second(void) { return 0; }\n' >"$dir/second.c"
	printf 'int second(void); int first(void) { return second(); }\n' >"$dir/first.c"
	printf 'int first(void); int main(void) { return first(); }\n' >"$dir/needs.c"
	build lib/libssl.so.9 second -shared -fPIC -Wl,-soname,libssl.so.9
	build lib/libfirst.so first -shared -fPIC "$dir/lib/libssl.so.9" -Wl,-soname,libfirst.so
	# shellcheck disable=SC2016 # for the loader
	build needs needs "$dir/lib/libfirst.so" -Wl,-rpath,'$ORIGIN/lib' -Wl,--disable-new-dtags \
		-Wl,--allow-shlib-undefined
	told "TLS behind a library, by RPATH" 0 "https libssl.so.9: " "$doctor" "$dir/needs"
	mv "$dir/lib" "$dir/moved"
	told "a library that is not there" 0 "warn needs libfirst.so, which is not found" \
		"$doctor" "$dir/needs"
	told "LD_LIBRARY_PATH" 0 "https libssl.so.9: " \
		env LD_LIBRARY_PATH="$dir/moved" "$doctor" "$dir/needs"
	build libssl.so second -shared -fPIC
	build by-path needs "$dir/moved/libfirst.so" "$dir/libssl.so" -Wl,--allow-shlib-undefined \
		-Wl,--no-as-needed "$dir/libssl.so"
	told "a library that is named by its path" 0 "https $dir/libssl.so: " "$doctor" "$dir/by-path"
	build liburing.so second -shared -fPIC -Wl,-soname,liburing.so.2
	printf 'int second(void); int main(void) { return second(); }\n' >"$dir/uring.c"
	build uring uring "$dir/liburing.so"
	told "io_uring" 0 "warn io_uring sends and receives" "$doctor" "$dir/uring"
	check_tls
	for program in curl:libssl wget:libgnutls node:TLS python3:https java:https perl:https \
		php:plugins sh:children git:libc; do
		if [ "${program%:*}" = python3 ]; then
			path=$(python3 -c 'import sys; print(sys.executable)' 2>/dev/null)
		else
			path=$(command -v "${program%:*}")
		fi
		if [ -n "$path" ]; then
			told "$program" 0 "${program#*:}" "$doctor" "$path"
		else
			lacking "${program%:*} is not installed" it
		fi
	done
}

# What is followed, what of it the policy leaves out, and what is called past the slots.
check_tls() {
	cat >"$dir/calls.c" <<'END'
int SSL_read(void *ssl, void *buf, int len);
int main(void) { return SSL_read(0, 0, 0); }
END
	cat >"$dir/looks.c" <<'END'
#include <dlfcn.h>
int main(void) { return dlsym(dlopen("libssl.so.3", RTLD_NOW), "SSL_read") == 0; }
END
	echo 'tls = [];' >"$dir/none.cfg"
	build looks looks -ldl
	told "a look-up by handle" 0 "warn https looks looks up SSL_read by itself" "$doctor" "$dir/looks"
	if build calls calls -lssl; then
		told "OpenSSL that is called" 0 \
			"ok https libssl.so.3: what calls reads and writes by it is followed" \
			"$doctor" "$dir/calls"
		told "tls = []" 0 'https libssl.so.3: tls in the policy does not list "openssl": encrypted' \
			"$doctor" --policy "$dir/none.cfg" "$dir/calls"
		told "the environment's policy" 0 'does not list "openssl"' \
			env REDIAL_POLICY="$dir/none.cfg" "$doctor" "$dir/calls"
		told "no look-up where it is called" 0 '!looks up' "$doctor" "$dir/calls"
	else
		lacking "libssl-dev is not installed" "a program with OpenSSL"
	fi
	# A library with the names that is another one.
	printf 'int SSL_read(void) { return 0; }\n' >"$dir/other.c"
	printf 'const char *OpenSSL_version(void) { return "LibreSSL 3.6.0, not OpenSSL 3.0"; }\n' \
		>"$dir/crypto.c"
	mkdir "$dir/libre"
	build libre/libcrypto.so.50 crypto -shared -fPIC -Wl,-soname,libcrypto.so.50
	build libre/libssl.so.53 other -shared -fPIC -Wl,-soname,libssl.so.53 -Wl,--no-as-needed \
		"$dir/libre/libcrypto.so.50"
	build libre/calls calls "$dir/libre/libssl.so.53" -Wl,-rpath,"$dir/libre" \
		-Wl,--disable-new-dtags
	told "LibreSSL" 0 "warn https libssl.so.53: none that redial knows" "$doctor" "$dir/libre/calls"
}

# Sessions of a process are counted by its launch.
check_sessions() {
	build calls-sleeps calls-sleeps -lssl || { lacking "no libssl-dev" "sessions"; return; }
	cp build/redial-stat "$dir/redial"
	start env LD_PRELOAD="$lib" "$dir/calls-sleeps"
	seen "a process with OpenSSL" 0 "ok https libssl.so.3: what calls-sleeps reads"
	seen "sessions of what was not launched" 0 "? https how many sessions are followed right now"
	start scripts/redial "$dir/calls-sleeps"
	seen "sessions of what was launched" 0 "ok https 0 TLS sessions are followed right now"
	start env LD_PRELOAD="$lib" REDIAL_POLICY="$dir/none.cfg" "$dir/calls-sleeps"
	seen "tls = [] of a process" 0 'tls in the policy does not list "openssl"'
	seen "no sessions where there are none" 0 '!right now'
}

check_rights() {
	if [ "$(id -u)" != 0 ]; then
		lacking "only root can make such programs" "set-user-ID and capabilities"
		return
	fi
	as_nobody="setpriv --reuid 65534 --regid 65534 --clear-groups"
	for right in u g; do
		cp "$dir/plain" "$dir/set$right" && chmod $right+s "$dir/set$right"
		told "set-$right-ID, as another user" 1 "no rights set-" \
			$as_nobody "$doctor" "$dir/set$right"
		told "set-$right-ID, as that user" 0 "warn rights set-" "$doctor" "$dir/set$right"
	done
	told "no_new_privs takes the rights" 0 '!rights' \
		$as_nobody --no-new-privs "$doctor" "$dir/setu"
	if setcap cap_net_raw+ep "$(cp "$dir/plain" "$dir/capable" && echo "$dir/capable")" \
		2>/dev/null; then
		told "file capabilities" 1 "no rights file capabilities" $as_nobody "$doctor" "$dir/capable"
		told "file capabilities, as root" 0 "warn rights file capabilities" "$doctor" "$dir/capable"
	else
		lacking "setcap does not work" "a program with capabilities"
	fi
	cp "$dir/plain" "$dir/secret" && chmod 711 "$dir/secret"
	told "what may be executed but not read" 3 "may be executed, but not read" \
		$as_nobody "$doctor" "$dir/secret"
	chmod 700 "$dir/redial"
	told "a library that others cannot reach" 0 "other users may not read $dir/redial:" \
		"$doctor" "$dir/plain"
	chmod 755 "$dir/redial"
}

check_mount() {
	mkdir "$dir/noexec"
	# shellcheck disable=SC2016 # for the other shell
	if ! unshare -m sh -c 'mount -t tmpfs -o noexec none "$1"' sh "$dir/noexec" 2>/dev/null; then
		lacking "nothing may be mounted" "a noexec mount"
		return
	fi
	# The doctor itself runs from elsewhere, its library bound over.
	# shellcheck disable=SC2016 # for the other shell
	told "a library on a noexec mount" 1 "no library its mount is noexec" unshare -m sh -c '
		mount -t tmpfs -o noexec none "$1/noexec" && cp build/libredial.so "$1/noexec" &&
		mount --bind "$1/noexec/libredial.so" "$1/redial/libredial.so" &&
		"$2" "$1/plain"' sh "$dir" "$doctor"
	# shellcheck disable=SC2016 # for the other shell
	told "a program on a noexec mount" 3 "cannot be executed: its mount is noexec" unshare -m sh -c '
		mount -t tmpfs -o noexec none "$1/noexec" && cp "$1/plain" "$1/noexec" &&
		"$2" "$1/noexec/plain"' sh "$dir" "$doctor"
}

check_policy() {
	told "the built-in policy" 0 "ok policy the built-in one" env REDIAL_POLICY= \
		"$doctor" "$dir/plain"
	echo 'enabled = true;' >"$dir/good.cfg"
	told "a right policy" 0 "ok policy $dir/good.cfg (--policy)" \
		"$doctor" --policy "$dir/good.cfg" "$dir/plain"
	printf 'enabled = true;\nretry = { max_attempts = 0; };\n' >"$dir/bad.cfg"
	told "a bad policy" 1 "no policy $dir/bad.cfg:2: retry.max_attempts must be" \
		env REDIAL_POLICY="$dir/bad.cfg" "$doctor" "$dir/plain"
	told "the option comes first" 0 "good.cfg" \
		env REDIAL_POLICY="$dir/bad.cfg" "$doctor" --policy="$dir/good.cfg" -- "$dir/plain"
	echo 'enabled = false;' >"$dir/off.cfg"
	told "a policy that switches off" 1 "no policy $dir/off.cfg (REDIAL_POLICY) says enabled = false" \
		env REDIAL_POLICY="$dir/off.cfg" "$doctor" "$dir/plain"
	told "REDIAL_DISABLE" 1 "no environ REDIAL_DISABLE=1" env REDIAL_DISABLE=1 "$doctor" "$dir/plain"
	told "REDIAL_DISABLE of another value" 0 '!environ' env REDIAL_DISABLE=0 "$doctor" "$dir/plain"
	told "what is preloaded already" 0 "LD_PRELOAD holds libm.so.6" \
		env LD_PRELOAD=libm.so.6 "$doctor" "$dir/plain"
}

check_processes() {
	build sleeps sleeps
	lib=$dir/redial/libredial.so
	start "$dir/sleeps"
	seen "a process without redial" 1 "no library not in: it was started without it"
	start env LD_PRELOAD="$lib" "$dir/sleeps"
	seen "a process with redial" 0 "ok library $lib is in: redial $version"
	seen "its policy" 0 "ok policy the built-in one"
	seen "its verdict" 0 "redial is at work in process $pid"
	start env LD_PRELOAD="$lib" REDIAL_POLICY="$dir/good.cfg" REDIAL_LOG=none "$dir/sleeps"
	seen "a policy in force" 0 "ok policy $dir/good.cfg (REDIAL_POLICY)"
	seen "its log" 0 "ok log none"
	touch -d '+1 hour' "$dir/good.cfg"
	seen "a policy that was changed since" 0 "was changed after the process began"
	start env LD_PRELOAD="$lib" REDIAL_POLICY="$dir/bad.cfg" "$dir/sleeps"
	seen "a process with a bad policy" 1 "no policy $dir/bad.cfg:2: "
	start env LD_PRELOAD="$lib" REDIAL_DISABLE=1 "$dir/sleeps"
	seen "a process that is switched off" 1 "REDIAL_DISABLE=1 has switched redial off"
	start env LD_PRELOAD="$dir/gone/libredial.so" "$dir/sleeps"
	seen "a preload that was not there" 1 "LD_PRELOAD names $dir/gone/libredial.so: No such file"
	mkdir "$dir/late"
	start env LD_PRELOAD="$dir/late/libredial.so" "$dir/sleeps"
	cp "$lib" "$dir/late"
	seen "a preload that came too late" 1 "it is not in: was it there"
	start env LD_PRELOAD="$dir/late/libredial.so" "$dir/sleeps"
	cp "$lib" "$dir/late/new" && mv "$dir/late/new" "$dir/late/libredial.so"
	seen "a library that was replaced" 0 "that file was removed or replaced since"
	[ "$(id -u)" != 0 ] || seen "the version of one that was" 0 "is in: redial $version"
	if build sleeps-static sleeps -static; then
		start env LD_PRELOAD="$lib" "$dir/sleeps-static"
		seen "a static process" 1 "is static: nothing can be preloaded"
	fi
	if cc=musl-gcc build sleeps-musl sleeps; then
		start env LD_PRELOAD="$lib" "$dir/sleeps-musl"
		seen "a musl process" 0 "ok libc musl"
		start env LD_PRELOAD="$lib" REDIAL_POLICY="$dir/good.cfg" "$dir/sleeps-musl"
		seen "a musl process with a text policy" 1 "it is a text, which under musl cannot be read"
	fi
	start scripts/redial "$dir/sleeps"
	told "by the launcher" 0 "is at work" scripts/redial doctor --pid "$pid"
	if [ "$(id -u)" = 0 ]; then
		told "another user's process" 3 "may not be looked at" \
			$as_nobody "$doctor" --pid "$pid"
		cp "$dir/sleeps" "$dir/sleeps-setu" && chmod u+s "$dir/sleeps-setu"
		start $as_nobody env LD_PRELOAD="$lib" "$dir/sleeps-setu"
		seen "a set-user-ID process" 1 "not in: the process began with more rights"
	fi
	check_sessions
	(exec true) &
	pid=$!
	wait "$pid"
	seen "no such process" 3 "there is no process $pid"
}

check_usage() {
	told "--help" 0 "usage: redial doctor" scripts/redial doctor --help
	told "--version" 0 "redial $version" scripts/redial doctor --version
	told "nothing to look at" 2 "COMMAND or --pid is missing" scripts/redial doctor
	told "an unknown option" 2 "--nonsense is not an option" scripts/redial doctor --nonsense
	told "no process id" 2 "12x is no process id" scripts/redial doctor --pid 12x
	told "no value" 2 "--pid needs a value" scripts/redial doctor --pid
	told "two things at once" 2 "--pid stands alone" scripts/redial doctor --pid 1 true
	told "the launcher runs it" 0 "redial can help $dir/plain" scripts/redial doctor -- "$dir/plain"
	told "a program of that name" 42 '!ok' env PATH="$dir/bin:$PATH" scripts/redial -- doctor
	none "no line is wider than 80 columns" "$(cat "$dir/wide")"
}

mkdir "$dir/bin"
printf '#!/bin/sh\nexit 42\n' >"$dir/bin/doctor" && chmod +x "$dir/bin/doctor"
check_kinds
check_go
check_scripts
check_reach
check_rights
check_mount
check_policy
check_processes
check_usage
check_end
