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

# Behind the server's first byte it is begun anew in programs that use OpenSSL: with calls of their
# own, so that it is they who say whom they accept.
# three CLIENT NAME=VALUE...: what three requests of a client come to, in one line.
three() {
	client=$1
	shift
	timeout 60 env "$@" sh tests/tls/three.sh "$client" "$dir" "$tls_port" GET 2>"$dir/err" | tr '\n' ' '
}
three_redial() { three "$1" REDIAL_POLICY="$dir/redial.cfg" REDIAL_PRELOAD="$lib"; }
three_bare() { three "$1" REDIAL_DISABLE=1; }

# begun_anew CLIENT FAULT VERSION LATER
begun_anew() {
	order "$2" 2 "$3" "$4"
	got=$(three_redial "$1")
	seen
	came="$got, $(grep -c "result=recovered attempts=3" "$dir/log") recovered, $connections connections, $requests"
	wanted="hello hello hello , 1 recovered, 3 connections, 3:GET/1,3:GET/2,3:GET/3"
	if [ "$came" = "$wanted" ]; then
		pass "$1, TLS $3, $2, then $4: $came"
	else
		fail "$1, TLS $3, $2, then $4: $came" "$(cat "$dir/err" "$dir/log")"
	fi
}

# as_bare CLIENT FAULT COUNT VERSION LATER: for the program; sets requests.
as_bare() {
	order "$2" "$3" "$4" "$5"
	wanted=$(three_bare "$1")
	order "$2" "$3" "$4" "$5"
	got=$(three_redial "$1")
	seen
	if [ "$got" = "$wanted" ]; then
		pass "$1, TLS $4, $2, then $5, is as bare: $got"
	else
		fail "$1, TLS $4, $2, then $5: $got, $wanted wanted" "$(cat "$dir/err" "$dir/log")"
	fi
}

for client in block poll epoll asks own own-poll own-polls own-spins libcurl python python-timeout; do
	for version in 1.2 1.3; do
		begun_anew $client shake:reset $version same
		begun_anew $client shake:close $version same
	done
	begun_anew $client flight:close 1.2 same
	begun_anew $client shake:reset 1.3 slow
done
begun_anew asks hello:reset 1.3 same
begun_anew asks hello:reset 1.2 slow

for client in block poll own-poll python; do
	as_bare $client shake:reset 9 1.3 same
	as_bare $client shake:close 9 1.2 same
	as_bare $client hello:alert 9 1.3 same
	none "$client: nothing is told of an alert" "$(cat "$dir/log")"
	# The program itself looks at who answers then.
	for later in name authority; do
		order shake:close 0 1.3 $later
		wanted=$(three_bare $client)
		order shake:close 1 1.3 $later
		got=$(three_redial $client)
		seen
		equal "$client, then another $later, which the program turns away: connections" 2 "$connections"
		none "$client, then another $later: requests that it got, what the program says else" \
			"${requests#-}$([ "$got" = "$wanted" ] || echo " $got, $wanted wanted")"
	done
done

check_end
