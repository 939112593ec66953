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
has_no_indirect_function asks_for_no_executable_stack relocates_no_code
is_for_plain_system_v has_no_unique_symbol has_only_relocations_of_every_loader
has_only_dynamic_tags_of_every_loader has_segments_on_the_largest_pages asks_for_no_newer_processor
calls_no_outline_atomics"

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
		'__errno_location GLOBAL|(dlsym|__libc_dlsym|__libc_dlopen_mode|environ|pthread_setcancelstate|clock_gettime|__curbrk|dl_iterate_phdr) WEAK'
}

exports_the_hooked_calls_alone() {
	sh preload/hooks/exports.sh names preload/hooks/symbols.def >"$tmp/wanted"
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

# What a linker writes for a feature that not every loader has: GNU/Linux's number.
is_for_plain_system_v() {
	readelf -hW "$1" | grep -E 'OS/ABI|ABI Version' | grep -vE ' (UNIX - System V|0)$'
}

has_no_unique_symbol() { readelf -W --dyn-syms "$1" | awk '$5 == "UNIQUE"'; }

# TLSDESC, SIZE64 and the like came late, or to one libc alone. A thread's own variables at a fixed
# distance (TPOFF64, TLS_TPREL64) all loaders know in what a program is started with.
has_only_relocations_of_every_loader() {
	readelf -rW "$1" | grep -oE 'R_(X86_64|AARCH64)_[A-Z0-9_]+' | sort -u | grep -vxE \
		'R_X86_64_(RELATIVE|GLOB_DAT|JUMP_SLOT?|64|TPOFF64)|R_AARCH64_(RELATIVE|GLOB_DAT|JUMP_SLOT?|ABS64|TLS_TPREL64)'
}

# All of these glibc 2.17 and musl 1.0 know. GNU_HASH stands alone since glibc 2.5.
has_only_dynamic_tags_of_every_loader() {
	readelf -dW "$1" | sed -n 's/^ *0x[0-9a-f]* *(\([A-Z0-9_]*\)).*/\1/p' | grep -vxE \
		'SONAME|(INIT|FINI)_ARRAY(SZ)?|GNU_HASH|STR(TAB|SZ)|SYM(TAB|ENT)|PLT(GOT|RELSZ|REL)|JMPREL|RELA(SZ|ENT|COUNT)?|FLAGS(_1)?|NULL'
}

# aarch64 kernels may have pages of 64 KiB; segments on smaller bounds cannot be mapped there.
has_segments_on_the_largest_pages() {
	page=0x1000
	! readelf -hW "$1" | grep -q 'Machine: *AArch64' || page=0x10000
	readelf -lW "$1" | awk -v page=$page '$1 == "LOAD" && length($NF) < length(page)'
	readelf -lW "$1" | grep -q ' LOAD ' || echo "nothing is loaded"
}

asks_for_no_newer_processor() { readelf -nW "$1" 2>/dev/null | grep 'ISA needed'; }

# They ask libc which processor it is, by a name that only some have.
calls_no_outline_atomics() { readelf -W --syms "$1" | grep -o '__aarch64_.*'; }

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
__asm__(".data\n.globl only\n.type only, %gnu_unique_object\nonly: .byte 1\n.text\n");
int __aarch64_cas4_acq_rel(void) { return 0; }
_Thread_local int own;
int *where(void) { return &own; }
int close(int fd)
{
	return puts("") + (int)__read_chk(fd, 0, 0, 0) + surplus();
}
END
	options='-Wl,-z,x86-64-v3 -mtls-dialect=gnu2'
	[ "$(uname -m)" = x86_64 ] || options=
	# shellcheck disable=SC2086 # a list of words
	gcc -w -fPIC -shared -fno-builtin "$tmp/bad.c" -o "$tmp/bad.so" -Wl,-z,notext \
		-Wl,-z,execstack -Wl,-z,pack-relative-relocs -Wl,-z,max-page-size=0x800 \
		$options >"$tmp/said" 2>&1
}

[ -f build/libredial.so ] || { fail "build/libredial.so is built"; check_end; exit 1; }
check_file "libredial.so" build/libredial.so

if build_bad; then
	for statement in $statements; do
		case $(uname -m)/$statement in
		aarch64/asks_for_no_newer_processor) continue ;; # no linker writes it there
		esac
		if [ -n "$($statement "$tmp/bad.so")" ]; then
			pass "a bad library is told by: $(echo "$statement" | tr _ ' ')"
		else
			fail "a bad library is told by: $(echo "$statement" | tr _ ' ')"
		fi
	done
else
	fail "a bad library can be built to check the checks" "$(cat "$tmp/said")"
fi

# What another compiler warns of, or makes of the same sources.
check_build() {
	if ! command -v "$1" >/dev/null; then
		echo "     $1 is not installed: its build was not looked at"
	elif built=build/by/$1 && rm -rf "$built" &&
		env -u MAKEFLAGS -u MAKELEVEL make -s -j"$(nproc)" CC="$1" B="$built" \
			"$built/libredial.so" >"$tmp/said" 2>&1; then
		pass "$1 builds libredial.so without a warning"
		check_file "libredial.so of $1" "$built/libredial.so"
	else
		fail "$1 builds libredial.so without a warning" \
			"$(grep -m 20 -E 'error|warning' "$tmp/said")"
	fi
}

check_build clang
case $(uname -m) in
x86_64) check_build aarch64-linux-gnu-gcc ;;
aarch64) check_build x86_64-linux-gnu-gcc ;;
esac

check_end
