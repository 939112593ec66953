#!/bin/sh
# SPDX-License-Identifier: MIT
# The short form of `make fuzz`: the same schedules and mutations each time. And that it finds what
# it is there for: each mending of tests/schedule/undo, undone in a copy, has to be found by it.
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/support/check.sh
. tests/support/check.sh

schedules=24000
log=build/fuzz.log

# What a run has said, without the trace of what happened.
summary() { grep -v '^ *[0-9]*\.[0-9]* ' $log | tail -n 6; }

# runs STATEMENT COMMAND...: it is to say that there were no faults.
runs() {
	statement=$1
	shift
	if "$@" >$log 2>&1; then pass "$statement"; else fail "$statement" "$(tail -n 60 $log)"; fi
}

# What is left of one schedule would make another one that no seed tells of. Of a thread's own
# variables there are those of calls to a TLS library alone, which no schedule makes.
kept=$(find build/tests/sim -name '*.o' -exec objdump -hw {} + |
	awk '/ALLOC/ && !/READONLY/ && $3 !~ /^0+$/ { print $2 }' | sort -u |
	grep -vxE 'preload_data|preload_zero|\.(init|fini)_array|\.tbss' | tr '\n' ' ')
if [ -z "$kept" ]; then
	pass "each schedule begins with all variables of the preload as they are at its start"
else
	fail "each schedule begins with all variables of the preload as they are at its start" "$kept"
fi

runs "$schedules schedules on a bare simulated kernel break no rule" \
	build/tests/schedule --bare $schedules
runs "$schedules schedules of the preload on it break no rule" build/tests/schedule $schedules
at_least "requests on redialed connections in them" $((schedules / 8)) \
	"$(sed -n 's/.* \([0-9]*\) on redialed connections.*/\1/p' $log)"

# found KIND: with the mending undone that keeps such faults away there are some.
found() {
	copy=build/undo/$1
	statement="a fault of kind $1 is found once what prevents it is undone"
	rm -rf "$copy"
	mkdir -p "$copy"
	cp -a --parents Makefile tests/tests.mk scripts/install.mk preload policy tests/schedule \
		build/tests/sim build/tests/tests/schedule "$copy"
	if ! patch -s -p1 -d "$copy" <"tests/schedule/undo/$1.patch" >$log 2>&1; then
		fail "$statement: its patch fits" "$(cat $log)"
	elif ! make -s --no-print-directory -C "$copy" build/tests/schedule >$log 2>&1; then
		fail "$statement: it can be built" "$(tail -n 20 $log)"
	elif "$copy/build/tests/schedule" --kind "$1" $schedules >$log 2>&1; then
		fail "$statement" "$(summary)"
	else
		pass "$statement: $(sed -n 's/^\([0-9]* runs\),.*/\1/p' $log)"
	fi
	rm -rf "$copy"
}

for patch in tests/schedule/undo/*.patch; do
	found "$(basename "$patch" .patch)"
done

if make -s --no-print-directory build/tests/fuzz-http1 >$log 2>&1; then
	mkdir -p build/fuzz
	runs "150000 mutated messages read the same whole and in pieces" build/tests/fuzz-http1 \
		-seed=1 -runs=150000 -max_len=4096 -artifact_prefix=build/fuzz/
else
	echo "passed over: framing under libFuzzer, which clang lacks here"
fi

# reads TARGET RUNS STATEMENT: of tests/fuzz/targets, from its seeds on, the same each time. What it
# finds new goes into the first folder.
reads() {
	seeds=tests/fuzz/seeds/$1
	[ "$1" != policy ] || seeds=scripts/policies
	[ -d "$seeds" ] || seeds=
	rm -rf build/fuzz-new && mkdir build/fuzz-new
	# shellcheck disable=SC2086 # there may be none
	runs "$2 $3" build/tests/fuzz-"$1" -seed=1 -runs="$2" -max_len=4096 -verbosity=0 \
		-artifact_prefix="build/fuzz-$1-" build/fuzz-new $seeds
}
# shellcheck disable=SC2046 # words
if make -s --no-print-directory $(printf 'build/tests/fuzz-%s ' policy compiled log tls state framing) \
	>$log 2>&1; then
	reads policy 2000 "policies are loaded, and compiled to what they say, or refused with a reason"
	reads compiled 20000 "compiled policies answer all that is asked of them, or are refused"
	reads log 30000 "logs are read by redial report, every field of them fit for a terminal"
	reads tls 50000 "streams of TLS records read the same whole and in pieces"
	reads state 2000 "states that others have scribbled over harm nobody who reads them"
	export FUZZ_FRAMING_TO=build/fuzz-framing.txt
	reads framing 200000 "messages end where http-parser ends them, or are refused"
	if command -v node >/dev/null; then
		runs "and where llhttp does" node tests/fuzz/llhttp.js build/fuzz-framing.txt
	fi
else
	echo "passed over: the readers under libFuzzer: $(tail -n 1 $log)"
fi
runs "300 command lines of the launcher and its tools end in good order" \
	python3 -B tests/fuzz/arguments.py 300
check_end
