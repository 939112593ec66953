#!/bin/sh
# SPDX-License-Identifier: MIT
# Relays that are clients of the https server behind them, each in its own way: nginx with its socket
# in epoll before it connects, haproxy with bytes carried by itself, Apache, which waits amid a call
# to the library, squid. Where their clients get a failure bare they get the answer with redial in
# the relay, unless it is another server that answers: that one gets no byte but a ClientHello.
cd "$(dirname "$0")/.." || exit 1
. tests/support/check.sh
# shellcheck source=tests/support/tls.sh
. tests/support/tls.sh
# shellcheck source=tests/support/tls_relays.sh
. tests/support/tls_relays.sh
unset LD_PRELOAD REDIAL_POLICY REDIAL_DISABLE REDIAL_SHARED
trap 'stop_relay; stop_tls' EXIT

cat >"$dir/redial.cfg" <<END
tls = ["openssl"];
retry = { backoff = { base_ms = 5; }; };
budget = { enabled = false; };
breaker = { enabled = false; };
log = { sink = "file:$dir/log"; };
END

relays="nginx haproxy apache"
if fetch_squid >"$dir/said" 2>&1; then
	relays="$relays squid"
else
	echo "     squid with OpenSSL could not be fetched: it was not looked at"
	sed 's/^/     /' "$dir/said" | head -n 3
fi

# What that many requests through the relay come to, in one line; stops it.
asked=3
with() {
	kind=$1 method=$2
	shift 2
	start_relay "$kind" "$@" &&
		timeout 60 /usr/bin/python3 tests/tls/ask.py "$relay_at" 4080 $asked "$method" 2>&1 | tr '\n' ' '
}
bare() {
	with "$1" "${2:-GET}"
	stop_relay
}
redial() {
	with "$1" "${2:-GET}" "REDIAL_POLICY=$dir/redial.cfg" "LD_PRELOAD=$lib"
	stop_relay
}

# told STATEMENT: fails, with what there is to know.
told() { fail "$1" "$(cat "$dir/said" "$dir/relay.log" "$dir/log" | tail -n 12)"; }

# run BARE_OR_REDIAL KIND FAULT VERSION LATER [METHOD]: sets got, and what seen sets. squid tries first
# whether the server is there; and it drops an idle connection on which a session ticket comes late:
# then nothing has failed, and it is asked anew.
run() {
	first=1
	[ "$2" != squid ] || first=2
	for _ in 1 2 3 4 5; do
		order "$3" $first "$4" "$5"
		"$1" "$2" "${6-}" >"$dir/got"
		got=$(cat "$dir/got")
		seen
		case $2,$3,$requests in squid,idle*|*:*/1,[12]:*/2*|[!s]*) break ;; esac
	done
}

faults="second:reset second:close second:notify idle:reset idle:close idle:notify"

# saved KIND FAULT VERSION LATER
saved() {
	run redial "$@"
	next=$((first + 1))
	twice=$first:GET/1,$first:GET/2,$next:GET/2,$next:GET/3
	[ "${2%%:*}" = second ] || twice=$first:GET/1,$next:GET/2,$next:GET/3
	case $1,$2 in squid,idle*) requests=$(echo "$requests" | sed "s,[4-9]:,$next:,g") connections=$next ;; esac
	came="$got, $connections connections, $requests, $resumed resumed"
	if [ "$came" = "hello hello hello , $next connections, $twice, 0 resumed" ]; then
		pass "$1, TLS $3, $2, then $4: $came"
	else
		told "$1, TLS $3, $2, then $4: $came"
	fi
}

# refused KIND VERSION LATER: what the other one gets. squid dials anew by itself then, and is as bare.
refused() {
	asked=2
	run redial "$1" second:close "$2" "$3"
	asked=3
	lines=$(grep -c "result=exhausted.*reason=tls-certificate" "$dir/log")
	behind=$(printf '%s\n' "$requests" | tr ',' '\n' | grep -c "^$((first + 1)):")
	statement="$1, TLS $2, then another $3"
	came="$got, $lines refused, $behind requests and $extra records behind the ClientHello"
	if { [ "$1" = squid ] || [ "${got#hello hello}" = "$got" ]; } && [ "${got#hello }" != "$got" ] &&
		[ "$lines $behind $extra" = "1 0 0" ]; then
		pass "$statement: $came"
	else
		told "$statement: $came"
	fi
}

for relay_name in $relays; do
	run bare "$relay_name" second:reset 1.3 same
	echo "     $relay_name bare: $got"
	for fault in $faults; do
		saved "$relay_name" $fault 1.3 same
		saved "$relay_name" $fault 1.2 same
	done
	saved "$relay_name" second:reset 1.3 slow
	saved "$relay_name" second:notify 1.2 slow
	for version in 1.2 1.3; do
		for later in key name authority; do
			refused "$relay_name" $version $later
		done
	done
	# A POST that the server has read is never sent again.
	for fault in second:reset second:notify idle:close; do
		run redial "$relay_name" $fault 1.3 same POST
		posts=$(printf '%s\n' "$requests" | tr ',' '\n' | grep -c POST)
		equal "$relay_name, $fault, a POST: at the server" 1 "$posts"
	done
done

check_end
