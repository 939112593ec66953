#!/bin/sh
# SPDX-License-Identifier: MIT
# HTTPS in programs that use OpenSSL, each in its own way, against a server that ends connections:
# where they fail bare they are saved with tls = ["openssl"], unless it is another server that
# answers, or one that says it in other terms: that one gets no byte but a ClientHello, and the
# program what it gets bare.
cd "$(dirname "$0")/.." || exit 1
. tests/support/check.sh
# shellcheck source=tests/support/tls.sh
. tests/support/tls.sh
# shellcheck source=tests/support/older.sh
. tests/support/older.sh

# The client once more, for OpenSSL 1.1.1.
older=build/tests/older-openssl
older_client() {
	fetch_older "$older" libssl1.1 libssl-dev || return 1
	from=$(echo "$PWD/$older"/root/usr/lib/*-linux-gnu)
	gcc -O2 -I"$older/root/usr/include" -I"$older/root/usr/include/${from##*/}" \
		-o build/tests/tls/client-1.1 tests/tls/client.c -L"$from" -Wl,-rpath,"$from" -lssl -lcrypto
}
if ! older_client >"$dir/said" 2>&1; then
	echo "     OpenSSL 1.1.1 could not be fetched, or not be built with: it was not looked at"
	sed 's/^/     /' "$dir/said" | head -n 3
fi

cat >"$dir/redial.cfg" <<END
tls = ["openssl"];
retry = { backoff = { base_ms = 5; }; };
budget = { enabled = false; };
breaker = { enabled = false; };
log = { sink = "file:$dir/log"; };
END
sed 's/"openssl"//' "$dir/redial.cfg" >"$dir/off.cfg"

# What it prints, in one line.
with() {
	client=$1 method=$2
	shift 2
	timeout 60 env "$@" sh tests/tls/three.sh "$client" "$dir" "$tls_port" "$method" \
		2>"$dir/err" | tr '\n' ' '
}
bare() { with "$1" "${2:-GET}" REDIAL_DISABLE=1; }
redial() { with "$1" "${2:-GET}" REDIAL_POLICY="$dir/redial.cfg" REDIAL_PRELOAD="$lib"; }

# same STATEMENT WANT GOT
same() {
	if [ "$2" = "$3" ]; then
		pass "$1: $3"
	else
		fail "$1: ${3:-nothing}, ${2:-nothing} wanted" "$(cat "$dir/err" "$dir/log")"
	fi
}

# logged FRAGMENT...: how many lines have them, in this order.
logged() { grep -c "$1" "$dir/log"; }

faults="second:reset second:close second:notify idle:reset idle:close idle:notify"
clients=$(sh tests/tls/three.sh list)

# saved CLIENT FAULT VERSION LATER
saved() {
	order "$2" 1 "$3" "$4"
	got=$(redial "$1")
	seen
	twice=1:GET/1,1:GET/2,2:GET/2,2:GET/3
	[ "${2%%:*}" = second ] || twice=1:GET/1,2:GET/2,2:GET/3
	same "$1, TLS $3, $2, then $4" "hello hello hello , 2 connections, $twice, 0 resumed" \
		"$got, $connections connections, $requests, $resumed resumed"
}

for client in $clients; do
	for fault in $faults; do
		# Ruby looks before it writes, and dials anew by itself once it is told of an end.
		[ "$client ${fault%:*}" != "ruby idle" ] || continue
		saved $client $fault 1.3 same
		case $client in
		block | poll | libcurl | python-timeout) saved $client $fault 1.2 same ;;
		esac
	done
	saved $client second:reset 1.3 slow
	same "$client: what was recovered is told" 1 "$(logged "result=recovered.* path=/2 .* tls=1.3")"
done

# A POST is sent again only if none of its bytes was.
for client in block poll own-poll; do
	for fault in $faults; do
		order $fault 1 1.3 same
		got=$(redial $client POST)
		seen
		posts=$(printf '%s\n' "$requests" | tr ',' '\n' | grep -c POST)
		if [ "${fault%%:*}" = idle ]; then
			same "$client, a POST, $fault" "hello hello hello , 1 POSTs" "$got, $posts POSTs"
		else
			order $fault 1 1.3 same
			same "$client, a POST, $fault, is as bare" "$(bare $client POST), 1 POSTs" \
				"$got, $posts POSTs"
		fi
	done
done

# refused CLIENT FAULT VERSION LATER REASON [RECORDS]
refused() {
	order "$2" 1 "$3" "$4"
	wanted=$(bare "$1")
	order "$2" 1 "$3" "$4"
	got=$(redial "$1")
	seen
	lines=$(logged "result=exhausted.*reason=$5")
	behind=$(printf '%s\n' "$requests" | tr ',' '\n' | grep -c ^2:)
	same "$1, TLS $3, $2, then $4" \
		"$wanted, $5 told, 2 connections, 0 requests and 0 records behind the ClientHello" \
		"$got, $([ "$lines" = 1 ] && echo "$5") told, $connections connections, $behind requests and $extra records behind the ClientHello"
}

older=$(printf '%s\n' $clients | grep -x older-own-poll)
for client in block poll own-poll own-polls own-spins $older python-timeout libcurl; do
	for version in 1.2 1.3; do
		for later in key name authority; do
			refused $client second:close $version $later tls-certificate
		done
	done
	refused $client second:notify 1.3 key tls-certificate
	refused $client second:reset 1.3 lower tls-version
done
refused alpn second:close 1.3 alpn tls-alpn
saved alpn second:close 1.3 same

# The program's own callbacks are for its own handshake alone.
order second:close 1 1.3 same
got=$(redial callbacks)
seen
same "callbacks of the program's are not called in a rescue" \
	"info verify verify hello hello hello , 2 connections" "$got, $connections connections"

# Nothing can vouch for another session, nor is one followed whose bytes lie in memory.
untouched() {
	order "$2" 1 1.3 same
	wanted=$(bare "$1")
	seen
	wanted="$wanted, $connections connections, $requests"
	order "$2" 1 1.3 same
	got=$(redial "$1")
	seen
	same "$1, $2, is as bare" "$wanted" "$got, $connections connections, $requests"
	none "$1, $2: nothing is told of it" "$(cat "$dir/log")"
}
untouched finished second:close
for fault in $faults; do
	untouched asyncio $fault
	# Idle, it mostly hears of the end in time and dials anew.
	[ "${fault%:*}" != second ] || [ -z "$(command -v node)" ] || untouched node $fault
done

# What is left of an answer is the program's, and so is what cannot be read, or was not asked for.
for client in block poll libcurl python; do
	for how in half flip part; do
		order second:$how 1 1.3 same
		wanted=$(bare $client)
		order second:$how 1 1.3 same
		got=$(redial $client)
		seen
		same "$client, $how of an answer, is as bare" "$wanted, 1 connections" \
			"$got, $connections connections"
	done
done

# Switched off it is off.
order second:close 1 1.3 same
wanted=$(bare block)
order second:close 1 1.3 same
same "tls = [] is as bare" "$wanted" \
	"$(with block GET REDIAL_POLICY="$dir/off.cfg" REDIAL_PRELOAD="$lib")"
none "tls = []: nothing is told" "$(cat "$dir/log")"

check_end
