#!/bin/sh
# SPDX-License-Identifier: MIT
# libredial.so goes into every process that is started under it, on any libc: what is in the file
# that some loader would refuse?
cd "$(dirname "$0")/.." || exit 1
. tests/support/check.sh
export LC_ALL=C

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

# Each statement of the list prints what speaks against it in the file $1.
statements="needs_no_library references_no_version references_no_fortified_call
references_only_what_every_libc_has exports_the_hooked_calls_alone has_no_relative_relocation_table
has_no_indirect_function asks_for_no_executable_stack relocates_no_code"

# "NAME@VERSION BINDING" of what is undefined, "NAME" of what is exported.
undefined() { readelf -W --dyn-syms "$1" | awk '$7 == "UND" && $8 { print $8, $5 }'; }
exported() {
	readelf -W --dyn-syms "$1" |
		awk '$7 ~ /^[0-9]+$/ && $5 != "LOCAL" { sub(/@.*/, "", $8); print $8 }' | sort
}

needs_no_library() { readelf -dW "$1" | grep '(NEEDED)'; }

references_no_version() {
	undefined "$1" | grep '@'
	readelf -SW "$1" | grep '\.gnu\.version_r'
}

references_no_fortified_call() { undefined "$1" | grep -E '^__[a-z0-9_]+_chk( |@)'; }

# The weak ones are asked for before they are used.
references_only_what_every_libc_has() {
	undefined "$1" | sed 's/@[^ ]*//' | grep -vxE \
		'__errno_location GLOBAL|(dlsym|__libc_dlsym|__libc_dlopen_mode|environ|pthread_setcancelstate) WEAK'
}

exports_the_hooked_calls_alone() {
	sh preload/exports.sh names preload/symbols.def >"$tmp/wanted"
	exported "$1" | diff "$tmp/wanted" - | sed -n 's/^</not exported:/p; s/^>/exported:/p'
}

has_no_relative_relocation_table() {
	readelf -dW "$1" | grep -E '\(RELR(SZ|ENT)?\)'
	readelf -SW "$1" | grep '\.relr\.dyn'
}

has_no_indirect_function() {
	readelf -W --syms "$1" | awk '$4 == "IFUNC"'
	readelf -rW "$1" | grep 'IRELATIV'
}

# A file that does not say is taken to need one.
asks_for_no_executable_stack() {
	readelf -lW "$1" | awk '$1 == "GNU_STACK" { said = 1; flags = $7 $8 }
		END { if (!said || flags ~ /E/) print "GNU_STACK " (said ? flags : "is missing") }'
}

relocates_no_code() { readelf -dW "$1" | grep 'TEXTREL'; }

# check_file WHAT FILE: all statements on it.
check_file() {
	for statement in $statements; do
		none "$1 $(echo "$statement" | tr _ ' ')" "$($statement "$2")"
	done
}

# A library that breaks every statement, for those must be able to fail.
build_bad() {
	cat >"$tmp/bad.c" <<'END'
long __read_chk(int, void *, unsigned long, unsigned long);
int puts(const char *);
static int one(void) { return 1; }
static int (*choose(void))(void) { return one; }
int surplus(void) __attribute__((ifunc("choose")));
int *table[] = {(int *)&table, (int *)&table};
__asm__(".text\n.balign 8\n.8byte puts\n");
int close(int fd)
{
	return puts("") + (int)__read_chk(fd, 0, 0, 0) + surplus();
}
END
	${CC:-cc} -w -fPIC -shared -fno-builtin "$tmp/bad.c" -o "$tmp/bad.so" -Wl,-z,notext \
		-Wl,-z,execstack -Wl,-z,pack-relative-relocs >"$tmp/said" 2>&1
}

[ -f build/libredial.so ] || { fail "build/libredial.so is built"; check_end; exit 1; }
check_file "libredial.so" build/libredial.so

if build_bad; then
	for statement in $statements; do
		if [ -n "$($statement "$tmp/bad.so")" ]; then
			pass "a bad library is told by: $(echo "$statement" | tr _ ' ')"
		else
			fail "a bad library is told by: $(echo "$statement" | tr _ ' ')"
		fi
	done
else
	fail "a bad library can be built to check the checks" "$(cat "$tmp/said")"
fi

# What a second compiler warns of, or makes of the same sources.
if command -v clang >/dev/null; then
	if env -u MAKEFLAGS -u MAKELEVEL make -s CC=clang B="$tmp/clang" \
		"$tmp/clang/libredial.so" >"$tmp/said" 2>&1; then
		pass "clang builds libredial.so without a warning"
		check_file "clang's libredial.so" "$tmp/clang/libredial.so"
	else
		fail "clang builds libredial.so without a warning" "$(grep -m 20 -E 'error|warning' "$tmp/said")"
	fi
else
	echo "     clang is not installed: its build was not looked at"
fi

check_end
