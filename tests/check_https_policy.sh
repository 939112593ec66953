#!/bin/sh
# SPDX-License-Identifier: MIT
# What a policy says holds over https as it does over plain HTTP: responses that are held back while
# their request is sent again, and reach the program byte for byte if that comes to nothing.
# check_https_policy.sh [gnutls]: by programs with that library, else OpenSSL.
cd "$(dirname "$0")/.." || exit 1
. tests/support/check.sh
# shellcheck disable=SC2034 # for the next one
tls_program=answers.py
# shellcheck source=tests/support/tls.sh
. tests/support/tls.sh

library=${1:-openssl}
ways="block poll epoll own own,poll tls12,epoll peek poll,peek small pending pending,own"
asker=build/tests/tls/ask
clients="http.client timeout requests curl libcurl"
if [ "$library" = gnutls ]; then
	ways="block poll epoll own own,poll tls12,epoll small pending pending,own"
	asker=build/tests/tls/ask-gnutls
	clients=libcurl-gnutls
fi

# policy RETRY...: what is added to `retry`.
policy() {
	cat >"$dir/redial.cfg" <<END
tls = ["$library"];
retry = { statuses = [503, 429]; backoff = { base_ms = 5; }; $* };
budget = { enabled = false; };
breaker = { enabled = false; };
log = { sink = "file:$dir/log"; };
END
}

# asks WAY REQUEST...: what the program prints, in one line.
asks() {
	way=$1
	shift
	timeout 60 env LD_PRELOAD="$preload" REDIAL_POLICY="$dir/redial.cfg" \
		"$asker" "$way" "$dir" "$tls_port" "$@" 2>"$dir/err" | tr '\n' ' '
}
bare() {
	preload=
	asks "$@"
}
redial() {
	preload=$lib
	asks "$@"
}

# same STATEMENT WANT GOT
same() {
	if [ "$2" = "$3" ]; then
		pass "$1: $3"
	else
		fail "$1: ${3:-nothing}, ${2:-nothing} wanted" "$(cat "$dir/err" "$dir/log")"
	fi
}

logged() { grep -c "$1" "$dir/log"; }

ok="200 6 b73a0178"

# An answer with a listed status is held back, and the program never hears of it.
policy
for way in $ways; do
	order 200 503 200
	got=$(redial $way GET GET GET)
	seen
	same "$way, a 503" "$ok $ok $ok , 2 connections, 1:GET/1,1:GET/2,2:GET/2,2:GET/3" \
		"$got, $connections connections, $requests"
	equal "$way, a 503: it is told" 1 "$(logged "result=recovered.* path=/2 .* tls=1.[23]")"
done
long="100000 835ee504"

# comes STATEMENT WORDS REQUESTS WANT CONNECTIONS TIMES: on each way of reading the program gets WANT, and
# the second request was sent so often.
comes() {
	statement=$1 words=$2 asked=$3 want=$4 dialed=$5 often=$6
	for way in $ways; do
		order 200 $words
		got=$(redial $way $asked)
		seen
		times=$(printf '%s\n' "$requests" | tr ',' '\n' | grep -c /2)
		same "$way, $statement" "$want , $dialed connections, sent $often times" \
			"$got, $connections connections, sent $times times"
	done
}
comes "a 503 in pieces, again and again" \
	"503:drip=5 503:drip=1 503:size=100000,drip=3000,split=30" \
	"GET GET GET" "$ok 503 $long $ok" 3 3
comes "a 503 in tiny pieces" "503:drip=1 503:drip=1 200:drip=1" "GET GET GET" "$ok $ok $ok" 3 3
comes "a 503, and then nobody is there: it is the program's" 503:size=100000,stop "GET GET" \
	"$ok 503 $long" 1 1
comes "a 503, and the others end in their handshake: it is the program's" \
	503:size=100000,refuse "GET GET" "$ok 503 $long" 3 1
comes "a 503, and an end: the next request goes out on a new connection, though it is a POST" \
	"503:size=100000 close" "GET GET POST" "$ok 503 $long $ok" 3 2
policy 'idempotency_key_headers = ["Idempotency-Key"];'
comes "a 503 to a POST that has a key" 503 "GET KEYED GET" "$ok $ok $ok" 2 2
policy

# given STATEMENT WORDS REQUEST: what the server says by WORDS to the second request goes to the
# program as bare, which sends the third one on the same connection. It was sent once.
given() {
	statement=$1 words=$2 request=$3
	for way in $ways; do
		order 200 $words
		wanted=$(bare $way GET $request GET)
		order 200 $words
		got=$(redial $way GET $request GET)
		seen
		times=$(printf '%s\n' "$requests" | tr ',' '\n' | grep -c /2)
		same "$way, $statement" "$wanted, 1 connections, sent 1 times" \
			"$got, $connections connections, sent $times times"
	done
}
given "a 503 to a POST" 503 POST
given "a long 503 to a POST, in many records" 503:size=100000,drip=3000 POST
given "a long 503 to a POST" 503:size=60000 POST
given "a 503 that asks for more patience" 503:after=30 GET
given "a 503 of more than is held" 503:size=300000 GET
given "a 404" 404:size=40000 GET
# sequence STATEMENT WORDS REQUESTS WANT SEEN [CAUSE]: the same, and what the server sees; with a line in
# the log of an attempt with CAUSE, or with none at all.
sequence() {
	statement=$1 words=$2 asked=$3 want=$4 requested=$5 cause=${6-}
	for way in block epoll own,poll tls12; do
		order $words
		got=$(redial $way $asked)
		seen
		same "$way, $statement" "$want , $requested" "$got, $requests"
		if [ "$cause" ]; then
			at_least "$way, $statement: it is told" 1 \
				"$(logged "event=attempt .*cause=$cause .*path=/[123] .* tls=1.[23]")"
		else
			none "$way, $statement: nothing is told" "$(cat "$dir/log")"
		fi
	done
}

# A connection that is too old is replaced before a request, whatever that does.
policy "max_idle_ms = 100;"
sequence "idle for too long" "" "GET 150 POST GET" "$ok $ok $ok" 1:GET/1,2:POST/2,2:GET/3 idle
sequence "not idle for too long" "" "GET 10 POST GET" "$ok $ok $ok" 1:GET/1,1:POST/2,1:GET/3
sequence "idle for too long, and there is nobody else" 200:stop "GET 150 POST GET" \
	"$ok $ok $ok" 1:GET/1,1:POST/2,1:GET/3 idle
policy "keep_alive_hints = true;"
sequence "idle for longer than the server says" "200:Keep-Alive=timeout=1" "GET 600 POST" \
	"$ok $ok" 1:GET/1,2:POST/2 idle
sequence "the last request that the server takes" "200 200:Keep-Alive=max=1" "GET GET POST" \
	"$ok $ok $ok" 1:GET/1,1:GET/2,2:POST/3 max-requests
policy "max_requests = 2;"
sequence "as many requests as the server takes" "" "GET GET POST" \
	"$ok $ok $ok" 1:GET/1,1:GET/2,2:POST/3 max-requests

# A response that does not begin in time is asked for once more.
policy 'on = ["stale", "reset", "eof", "response-timeout"]; response_timeout_ms = 150;'
sequence "no answer in time" "200 hang" "GET GET GET" \
	"$ok $ok $ok" 1:GET/1,1:GET/2,2:GET/2,2:GET/3 response-timeout
sequence "no answer in time to the first request" hang "GET GET" \
	"$ok $ok" 1:GET/1,2:GET/1,2:GET/2 response-timeout
sequence "no answer in time to a POST is waited for" "200 200:late=400" "GET POST GET" \
	"$ok $ok $ok" 1:GET/1,1:POST/2,1:GET/3
sequence "an answer in time" "200 200:late=50 200:late=50" "GET GET GET" \
	"$ok $ok $ok" 1:GET/1,1:GET/2,1:GET/3
sequence "no answer in time, and nobody else: it is waited for" "200:stop 200:late=400" \
	"GET GET GET" "$ok $ok $ok" 1:GET/1,1:GET/2,1:GET/3 response-timeout

# Copies that are sent again say so, and have the id of the first.
policy 'attempt_header = "X-Attempt"; add_request_id = true;'
sequence "headers that are added" "200 200 503 reset" "GET GET GET POST" \
	"$ok $ok $ok $ok" 1:GET/1a,1:GET/2b,1:GET/3c,2:GET/3+2c,3:GET/3+3c,3:POST/4d status

# The lines are those of plain HTTP, to a report as well.
counted=$(scripts/redial report --json "$dir/log" | /usr/bin/python3 -c '
import json, sys
for row in json.load(sys.stdin)["rows"]:
    print(row["host"], row["method"], row["attempts"], row["recovered"], row["causes"])')
same "a report of them" "localhost GET 2 1 {'reset': 1, 'status': 1}" "$counted"

# What a response says of being sent again, in headers that the policy names.
policy 'after_headers = ["x-wait:ms"]; veto_headers = ["x-no"];'
sequence "a header that says how long to wait" "200 503:x-wait=50" "GET GET" \
	"$ok $ok" 1:GET/1,1:GET/2,2:GET/2 status

# as_bare STATEMENT WORDS REQUESTS REASON [SENT]: the program gets what it gets bare, and the log says why;
# a request that is not the server's first was sent so often.
as_bare() {
	statement=$1 words=$2 asked=$3 reason=$4 often=${5-1}
	for way in block epoll own,poll tls12; do
		order $words
		wanted=$(bare $way $asked)
		order $words
		got=$(redial $way $asked)
		seen
		times=$(printf '%s\n' "$requests" | tr ',' '\n' | grep -c /2)
		told=$(logged "tls=1.[23]" | sed "s/^0$/nothing/")
		[ "$reason" = nothing ] || told=$(sed -n "s/.*reason=\([a-z-]*\) .*/\1/p" "$dir/log")
		same "$way, $statement" "$wanted, $reason told, sent $often times" \
			"$got, $told told, sent $times times"
	done
}
as_bare "a header that says: too long" "200 503:x-wait=60000" "GET GET GET" retry-after
as_bare "a header that says: no" "200 503:x-no=1" "GET GET GET" veto
as_bare "a 503 to a POST" "200 503" "GET POST GET" method
as_bare "an early hint, and a reset" "200 103" "GET GET" response-started
order 200 503:after=30 503:after=30 503
got=$(redial block GET path/x path/x path/x)
equal "a program that sends such requests again by itself is left to it" 1 \
	"$(logged reason=program-retries)"

# A 408 that came as the server closed an idle connection is its end.
policy
sequence "a 408 of an idle connection" "200 408:close" "GET GET GET" \
	"$ok $ok $ok" 1:GET/1,1:GET/2,2:GET/2,2:GET/3 eof
order 200 408:close
got=$(redial poll GET POST)
seen
same "a 408 to a POST is the program's" "$ok 408 6 b73a0178 , 1:GET/1,1:POST/2" "$got, $requests"
as_bare "a 408 of a connection that goes on to be used" "200 408" "GET GET GET" nothing

# What serves once was used up by the first sending, if the server says so.
sequence "a single-use token that still serves" "200 reset" "GET OAUTH GET" \
	"$ok $ok $ok" 1:GET/1,1:GET/2,2:GET/2,2:GET/3 reset
as_bare "a single-use token that was used up" "200 reset 401:size=50000" "GET OAUTH" single-use-auth 2
as_bare "a single-use token that was used up before the end" "200 close 401" "GET OAUTH" single-use-auth 2

# What has worked for long may have done its work.
policy "late_ms = 100;"
as_bare "a connection that is lost late" "200 reset:late=300" "GET GET" late
as_bare "one that ends late" "200 close:late=300" "GET GET" late

# clients CLIENT...: prints what each gets of three requests, the second of which is answered by 503.
client() {
	words=$1
	shift
	order $words
	got=$(timeout 60 env LD_PRELOAD="$preload" REDIAL_POLICY="$dir/redial.cfg" "$@" 2>"$dir/err" |
		tr '\n' ' ')
	seen
}
policy
for name in $clients; do
	case $name in
	curl)
		at=https://localhost:$tls_port
		set -- curl -sS --cacert "$dir/trusted.pem" -o "$dir/body" -w '%{http_code} %{size_download}\n' \
			"$at/1" -o "$dir/body" "$at/2" -o "$dir/body" "$at/3"
		;;
	libcurl*) set -- build/tests/tls/$name "$dir" "$tls_port" ;;
	*) set -- /usr/bin/python3 tests/tls/gets.py $name "$dir" "$tls_port" 3 ;;
	esac
	good="200 6 200 6 200 6 "
	bad="200 6 503 6 200 6 "
	[ "${name#libcurl}" = "$name" ] || good="hello hello hello " bad=$good
	preload=
	client "200 503" "$@"
	same "$name, a 503, bare" "$bad, 1:GET/1,1:GET/2,1:GET/3" "$got, $requests"
	preload=$lib
	client "200 503" "$@"
	same "$name, a 503" "$good, 1:GET/1,1:GET/2,2:GET/2,2:GET/3" "$got, $requests"
	client "200 503:size=40000,drip=7000 503 200" "$@"
	same "$name, a 503 in pieces, and another" "$good, 1:GET/1,1:GET/2,2:GET/2,3:GET/2,3:GET/3" \
		"$got, $requests"
	[ "${name#libcurl}" != "$name" ] || {
		client "200 503:size=50000,drip=7000,after=30" "$@"
		same "$name, a long 503 that asks for patience" "200 6 503 50000 200 6 , 1 connections" \
			"$got, $connections connections"
	}
done
if [ "$library" = gnutls ]; then
	check_end
	exit
fi
policy 'on = ["stale", "reset", "eof", "response-timeout"]; response_timeout_ms = 150;
	attempt_header = "X-Attempt";'
for name in http.client timeout requests; do
	client "200 hang" /usr/bin/python3 tests/tls/gets.py $name "$dir" "$tls_port" 3
	same "$name, no answer in time" "200 6 200 6 200 6 , 1:GET/1,1:GET/2,2:GET/2+2,2:GET/3" \
		"$got, $requests"
done
policy "address_max_age_ms = 1;"
preload=
client "200 reset" /usr/bin/python3 tests/tls/gets.py http.client "$dir" "$tls_port" 2
wanted=$got
preload=$lib
client "200 reset" /usr/bin/python3 tests/tls/gets.py http.client "$dir" "$tls_port" 2
same "an address that is too old is not dialed again" "$wanted, 1:GET/1,1:GET/2" "$got, $requests"
equal "an address that is too old: it is told" 1 "$(logged reason=address-age)"

check_end
