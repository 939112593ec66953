#!/bin/sh
# SPDX-License-Identifier: MIT
# Usage: sh tests/fuzz/fuzz.sh SECONDS [SEED]
# `make fuzz`: a third of the time schedules, from the seed on (else others each time), a third of it
# framing, and a third what else reads what others wrote. What it finds is told with how to see it
# again.
cd "$(dirname "$0")/../.." || exit 1
third=$((($1 + 2) / 3))
seed=${2:-$(date +%s)000}
failed=0

echo "== schedules, for $third s from seed $seed on"
build/tests/schedule --seconds $third 0 "$seed" || {
	failed=1
	echo "again: build/tests/schedule --seed N, and shorter: --seed N --shrink"
}

echo "== framing, for $third s"
if [ -x build/tests/fuzz-http1 ]; then
	mkdir -p build/fuzz
	build/tests/fuzz-http1 -max_total_time=$third -max_len=4096 -verbosity=0 -print_final_stats=1 \
		-artifact_prefix=build/fuzz/ build/fuzz >build/fuzz.log 2>&1 || {
		failed=1
		echo "again: build/tests/fuzz-http1 build/fuzz/crash-..."
	}
	sed '/^###### Recommended/,/^###### End/d; /^INFO/d' build/fuzz.log
else
	echo "passed over: no clang here that has libFuzzer (libclang-rt-14-dev)"
fi

# each TARGET: of tests/fuzz/targets.
each() {
	seeds=tests/fuzz/seeds/$1
	[ "$1" != policy ] || seeds=scripts/policies
	mkdir -p "build/fuzz-$1"
	[ -d "$seeds" ] || seeds=
	echo "== $1, for $((third / 6 + 1)) s"
	# shellcheck disable=SC2086 # there may be none
	build/tests/fuzz-"$1" -max_total_time=$((third / 6 + 1)) -max_len=4096 -verbosity=0 \
		-artifact_prefix="build/fuzz-$1-" "build/fuzz-$1" $seeds >build/fuzz.log 2>&1 || {
		failed=1
		grep -v '^INFO' build/fuzz.log | tail -n 40
		echo "again: build/tests/fuzz-$1 build/fuzz-$1-crash-..."
	}
}
for target in policy compiled log tls state framing; do
	[ ! -x "build/tests/fuzz-$target" ] || FUZZ_FRAMING_TO=build/fuzz-framing.txt each $target
done
if [ -s build/fuzz-framing.txt ] && command -v node >/dev/null; then
	node tests/fuzz/llhttp.js build/fuzz-framing.txt || failed=1
fi
echo "== command lines"
python3 -B tests/fuzz/arguments.py 2000 "$seed" || failed=1
exit $failed
