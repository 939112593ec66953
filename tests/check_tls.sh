#!/bin/sh
# SPDX-License-Identifier: MIT
# Programs that speak TLS, each in its own way, against a server that hangs up on their ClientHello:
# bare they fail, with the cause tls-handshake they get their answer, and the server sees one
# request. An alert is an answer of the server's, and theirs.
cd "$(dirname "$0")/.." || exit 1
. tests/support/check.sh
export LC_ALL=C

dir=$(mktemp -d) || exit 1
server=
stop() {
	exec 8>&- 9<&-
	[ -z "$server" ] || wait "$server"
	rm -rf "$dir"
}
trap stop EXIT
trap 'exit 2' INT TERM
lib=$PWD/build/libredial.so
cert=$dir/cert.pem

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
	-subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 \
	-keyout "$dir/key.pem" -out "$cert" 2>"$dir/openssl" || { cat "$dir/openssl"; exit 1; }
mkfifo "$dir/orders" "$dir/answers"
/usr/bin/python3 tests/tls/server.py "$cert" "$dir/key.pem" <"$dir/orders" >"$dir/answers" &
server=$!
exec 8>"$dir/orders" 9<"$dir/answers"
read -r port <&9

cat >"$dir/redial.cfg" <<END
retry = { on = ["tls-handshake"]; backoff = { base_ms = 5; }; };
budget = { enabled = false; };
breaker = { enabled = false; };
log = { sink = "file:$dir/log"; };
END

# order FAULT COUNT VERSION
order() {
	echo "$@" >&8
	read -r _ <&9
	: >"$dir/log"
}

# with CLIENT [NAME=VALUE...]: prints what it got.
with() {
	client=$1
	shift
	# shellcheck disable=SC2086 # a client is a name and its words
	timeout 60 env "$@" sh tests/tls/get.sh $client "$dir" "https://localhost:$port/" \
		2>"$dir/err"
}

bare() { with "$1" REDIAL_DISABLE=1; }
redial() { with "$1" REDIAL_POLICY="$dir/redial.cfg" REDIAL_PRELOAD="$lib"; }
seen() { echo seen >&8; read -r connections requests <&9; }

# handshakes CLIENT FAULT VERSION
handshakes() {
	statement="$1, TLS $3, $2 before the server's first byte"
	order "$2" 1 "$3"
	if [ "$(bare "$1")" = hello ]; then
		fail "$statement: fails bare"
		return
	fi
	order "$2" 2 "$3"
	got=$(redial "$1")
	seen
	recovered=$(grep -c "result=recovered attempts=3" "$dir/log")
	attempts=$(grep -c "event=attempt.*cause=tls-handshake" "$dir/log")
	came="${got:-nothing}, $recovered recovered, $attempts attempts, $connections connections, $requests requests"
	if [ "$came" = "hello, 1 recovered, 2 attempts, 3 connections, 1 requests" ]; then
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
	order alert 1 1.3
	got=$(redial "$client")
	seen
	equal "$client, the server's alert is the program's: connections" 1 "$connections"
	none "$client, the server's alert: no answer, no line in the log" "$got$(cat "$dir/log")"
done

check_end
