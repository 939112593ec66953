#!/bin/sh
# SPDX-License-Identifier: MIT
# Usage: sh tests/fuzz/fuzz.sh SECONDS [SEED]
# `make fuzz`: half of the time schedules, from the seed on (else others each time), half of it
# framing. What it finds is told with how to see it again.
cd "$(dirname "$0")/../.." || exit 1
half=$((($1 + 1) / 2))
seed=${2:-$(date +%s)000}
failed=0

echo "== schedules, for $half s from seed $seed on"
build/tests/schedule --seconds $half 0 "$seed" || {
	failed=1
	echo "again: build/tests/schedule --seed N, and shorter: --seed N --shrink"
}

echo "== framing, for $half s"
if [ -x build/tests/fuzz-http1 ]; then
	mkdir -p build/fuzz
	build/tests/fuzz-http1 -max_total_time=$half -max_len=4096 -verbosity=0 -print_final_stats=1 \
		-artifact_prefix=build/fuzz/ build/fuzz >build/fuzz.log 2>&1 || {
		failed=1
		echo "again: build/tests/fuzz-http1 build/fuzz/crash-..."
	}
	sed '/^###### Recommended/,/^###### End/d; /^INFO/d' build/fuzz.log
else
	echo "passed over: no clang here that has libFuzzer (libclang-rt-14-dev)"
fi
exit $failed
