#!/bin/sh
# SPDX-License-Identifier: MIT
# What a program may do to its https connection while a new server keeps the rescue waiting for its
# hello: what leaves the connection as it is leaves the rescue as it is, and all else ends both.
cd "$(dirname "$0")/.." || exit 1
. tests/support/check.sh
# shellcheck source=tests/support/tls.sh
. tests/support/tls.sh

make_policy

# meets CALL WANT [LATER]
meets() {
	for version in 1.2 1.3; do
		order second:close 1 $version "${3:-slow}"
		got=$(REDIAL_POLICY=$dir/redial.cfg LD_PRELOAD=$lib timeout 60 build/tests/tls/amid "$dir" \
			"$tls_port" "$1" 2>"$dir/err" | tr '\n' ' ')
		seen
		twice=$(printf '%s\n' "$requests" | tr ',' '\n' | grep -c '2:GET/2')
		if [ "$got" = "$2" ] && [ "$twice" -le 1 ]; then
			pass "$1 amid a rescue, TLS $version: $got"
		else
			fail "$1 amid a rescue, TLS $version: ${got:-nothing}, $2 wanted, /2 $twice times" \
				"$(cat "$dir/err" "$dir/log")"
		fi
	done
}

for call in nothing read write watch ask set dup signal fork; do
	meets $call "hello hello hello "
done
for call in shutdown close replace; do
	meets $call "hello over "
done
meets exec "hello another program "

# The new server says no hello, or none in time.
meets nothing "hello lost " mute
for limit in connect_timeout_ms total_timeout_ms; do
	sed "s/retry = {/& $limit = 100;/" "$dir/redial.cfg" >"$dir/short.cfg"
	mv "$dir/short.cfg" "$dir/redial.cfg"
	meets nothing "hello lost "
done
check_end
