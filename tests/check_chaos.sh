#!/bin/sh
# SPDX-License-Identifier: MIT
# The short form of `make chaos`: the same scenarios each time, as many as there is time for.
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/support/check.sh
. tests/support/check.sh

count() { printf '%s\n' "$counts" | tr ' ' '\n' | sed -n "s/^$1=//p"; }

none "what the verdict on made-up scenarios misses" "$(python3 -B tests/chaos/test_verdict.py 2>&1)"

said=$(python3 -B tests/chaos/chaos.py 20 1 2>&1)
counts=$(printf '%s\n' "$said" | tail -n 1)
none "what breaks an invariant" "$(printf '%s\n' "$said" | sed '1d;$d')"
equal "scenarios that do" 0 "$(count broken)"
at_least "scenarios" 30 "$(count scenarios)"
at_least "requests answered" 100 "$(count answered)"
at_least "requests that the server got more than once" 3 "$(count repeated)"
check_end
