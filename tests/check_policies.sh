#!/bin/sh
# SPDX-License-Identifier: MIT
# What holds under the built-in policy also holds under one that asks for all there is: the flow
# tests without a policy of their own, and what a connect costs.
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/support/check.sh
. tests/support/check.sh
# shellcheck source=tests/bench/measure.sh
. tests/bench/measure.sh

policy=$tmp/policy.cfg
sed 's/^  on = \[/&"response-timeout", /; s/^  max_attempts/  response_timeout_ms = 2000; &/' \
	scripts/policies/recommended.cfg >"$policy"
equal "lines that make the recommended policy watch responses too" 2 \
	"$(grep -c response.timeout "$policy")"

# Not those that say what the built-in policy leaves alone.
for suite in reuse rescue interrupt descriptors calls tracker passthrough variants curl log \
	half_closed processes shared jumps mended unwinding loops select; do
	statement="flow tests hold under recommended.cfg with a response timeout: $suite"
	if REDIAL_TEST_COUNTS='' REDIAL_POLICY=$policy build/tests/flow-tests $suite \
		>"$tmp/flow" 2>&1; then
		pass "$statement"
	else
		fail "$statement" "$(cat "$tmp/flow")"
	fi
done

# curl's connects do not wait; over loopback they stand when connect returns. A busy server answers late
# now and then, and curl waits once more: the least of five is what they take.
connects() {
	for _ in 1 2 3 4 5; do
		traced "$lib" curl -sS -H "Connection: close" "http://127.0.0.1:$port/[1-$1]"
	done | sort -n | head -n 1
}

# shellcheck disable=SC2119
start_server
few=$(connects 1)
more=$(connects 21)
many_bare=$((more - few))
export REDIAL_POLICY="$PWD/scripts/policies/recommended.cfg"
few=$(connects 1)
more=$(connects 21)
at_most "extra system calls of 20 connects under recommended.cfg" 110 $((more - few - many_bare))
none "a connect that does not fail looks at no list of sockets" "$(grep /proc/net/ "$tmp/strace")"

check_end
