#!/bin/sh
# SPDX-License-Identifier: MIT
# The short form of `make inject`: the system calls of a rescue fail, each in each scenario, with
# some of the errnos that its man page names. The program is to get its answer or its own error;
# nothing hangs, leaks, or is sent twice.
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/support/check.sh
. tests/support/check.sh
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 2' INT TERM

for part in 0 1; do
	timeout 100 build/tests/inject/inject --brief --part $part/8 --seconds 70 >"$dir/$part" 2>&1 &
done
wait
total=0
for part in 0 1; do
	said=$(tail -n 1 "$dir/$part")
	count=${said%% injections*}
	total=$((total + ${count:-0}))
	if [ "${said#* injections, 0 wrong}" = "$said" ]; then
		fail "half $((part + 1)) of the injections do no harm" "$(cat "$dir/$part")"
	else
		pass "half $((part + 1)) of the injections do no harm: $said"
	fi
done

# Where the system has no memory for what is to be sent, no event tells when it has: redial looks
# again after a while, by whatever carries the bytes.
for one in "0 ENOBUFS" "2 ENOMEM" "1 EAGAIN" "24 ENOBUFS" "25 EAGAIN" "30 ENOMEM" "31 ENOBUFS"; do
	plan="--scenario ${one% *} --only sendto,2,${one#* },ever"
	# shellcheck disable=SC2086
	timeout 60 build/tests/inject/inject $plan >"$dir/one" 2>&1
	said=$(tail -n 1 "$dir/one")
	equal "without memory it is not sent again and again ($one)" \
		"1 injections, 0 wrong, 0 that met no call" "$said"
done
at_least "injections" 400 "$total"
check_end
