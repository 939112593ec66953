#!/bin/sh
# SPDX-License-Identifier: MIT
# Programs that speak TLS, each in its own way, against a server that hangs up on their ClientHello:
# bare they fail, with the cause tls-handshake they get their answer, and the server sees one
# request. An alert is an answer of the server's, and theirs.
cd "$(dirname "$0")/.." || exit 1
. tests/support/check.sh
# shellcheck source=tests/support/tls.sh
. tests/support/tls.sh

cat >"$dir/redial.cfg" <<END
retry = { on = ["tls-handshake"]; backoff = { base_ms = 5; }; };
budget = { enabled = false; };
breaker = { enabled = false; };
log = { sink = "file:$dir/log"; };
END

# with CLIENT [NAME=VALUE...]: prints what it got.
with() {
	client=$1
	shift
	# shellcheck disable=SC2086 # a client is a name and its words
	timeout 60 env "$@" sh tests/tls/get.sh $client "$dir" "https://localhost:$tls_port/" \
		2>"$dir/err"
}

bare() { with "$1" REDIAL_DISABLE=1; }
redial() { with "$1" REDIAL_POLICY="$dir/redial.cfg" REDIAL_PRELOAD="$lib"; }

# handshakes CLIENT FAULT VERSION
handshakes() {
	statement="$1, TLS $3, $2 before the server's first byte"
	order "hello:$2" 1 "$3" same
	if [ "$(bare "$1")" = hello ]; then
		fail "$statement: fails bare"
		return
	fi
	order "hello:$2" 2 "$3" same
	got=$(redial "$1")
	seen
	recovered=$(grep -c "result=recovered attempts=3" "$dir/log")
	attempts=$(grep -c "event=attempt.*cause=tls-handshake" "$dir/log")
	came="${got:-nothing}, $recovered recovered, $attempts attempts, $connections connections, $requests"
	if [ "$came" = "hello, 1 recovered, 2 attempts, 3 connections, 3:GET/" ]; then
		pass "$statement: $came"
	else
		fail "$statement: $came" "$(cat "$dir/err" "$dir/log")"
	fi
}

for client in $(sh tests/tls/get.sh list "$dir"); do
	for version in 1.2 1.3; do
		for fault in reset close; do
			handshakes "$client" $fault $version
		done
	done
	order hello:alert 1 1.3 same
	got=$(redial "$client")
	seen
	equal "$client, the server's alert is the program's: connections" 1 "$connections"
	none "$client, the server's alert: no answer, no line in the log" "$got$(cat "$dir/log")"
done

check_end
