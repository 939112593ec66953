#!/bin/sh
# SPDX-License-Identifier: MIT
# Usage: sh tests/lint/lint.sh
# `make lint`: clang-tidy (.clang-tidy), cppcheck (tests/lint/cppcheck.txt) and gcc -fanalyzer over
# policy/ and preload/. Each says nothing, or what it finds.
cd "$(dirname "$0")/../.." || exit 1

jobs=$(nproc)
out=build/lint
failed=0
mkdir -p $out
macros='-D_GNU_SOURCE -DREDIAL_VERSION="0"'
c="-std=gnu11 $macros"
free="-ffreestanding -fno-builtin" # as the library is built, which no tool of policy/ is

# quiet TOOL: what it has said is in its file.
quiet() {
	if [ -s "$out/$1" ]; then
		echo "== $1 finds"
		cat "$out/$1"
		failed=1
	else
		echo "== $1 finds nothing"
	fi
}

tidy=clang-tidy-14
command -v $tidy >/dev/null || tidy=clang-tidy
# tidy_with OPTIONS: the files of its input. It counts what it has left out to standard error.
tidy_with() {
	# shellcheck disable=SC2086 # lists of words
	xargs -P "$jobs" -n 16 sh -c 'options=$1 tidy=$2
		shift 2
		exec $tidy --quiet "$@" -- $options' sh "$c $1" $tidy 2>$out/left-out
}
{
	printf '%s\n' policy/*.c | tidy_with ""
	printf '%s\n' preload/*/*.c | tidy_with "$free"
} >$out/clang-tidy
quiet clang-tidy

# shellcheck disable=SC2086
cppcheck -q -j "$jobs" --std=c11 --enable=warning,performance,portability $macros -D__x86_64__ \
	--suppress=missingInclude --suppressions-list=tests/lint/cppcheck.txt \
	--template='{file}:{line}: {id}: {message}' policy preload >$out/cppcheck 2>&1
quiet cppcheck

# analyze OPTIONS: the same.
analyze() {
	# shellcheck disable=SC2086
	xargs -P "$jobs" -I{} gcc $c $1 -O1 -fanalyzer -c {} -o /dev/null
}
{
	printf '%s\n' policy/*.c | analyze ""
	printf '%s\n' preload/*/*.c | analyze "$free"
} >$out/analyzer 2>&1
quiet analyzer
exit $failed
