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
tls_library=openssl
# shellcheck source=tests/support/https.sh
. tests/support/https.sh
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

faults="second:reset second:close second:notify idle:reset idle:close idle:notify"
clients=$(sh tests/tls/three.sh list)

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

# However the library is called, and however much it reads at once; beside sessions that are left
# alone, in thousands; and behind a call to it that has never returned.
for fault in second:reset second:close idle:close; do
	for version in 1.2 1.3; do
		saved peeks $fault $version same
		saved ahead $fault $version same
		saved crowd $fault $version same
		for client in jumps jumps-peek; do
			order $fault 2 $version same
			got=$(redial $client)
			seen
			twice=2:GET/1,2:GET/2,3:GET/2,3:GET/3
			[ "${fault%:*}" = second ] || twice=2:GET/1,3:GET/2,3:GET/3
			same "$client, TLS $version, $fault, is saved" \
				"hello hello hello , 3 connections, $twice" \
				"$got, $connections connections, $requests"
		done
	done
done

# The error that a program has asked for is told behind the answer that came before it.
saved asks-late idle:reset 1.3 same

for client in block poll own-poll; do
	for fault in $faults; do
		posted_once "$client" "$fault"
	done
done

# Of an upload more comes than is held while the new connection is made: the call that brings it waits.
sed 's/retry = {/& max_idle_ms = 1;/' "$dir/redial.cfg" >"$dir/young.cfg"
for client in block poll epoll own-poll; do
	for version in 1.2 1.3; do
		order idle:close 1 $version slow
		got=$(redial $client UPLOAD)
		seen
		same "$client, TLS $version, an upload to a dead connection, is saved" \
			"hello hello hello , 1:GET/1,2:POST/2,2:GET/3" "$got, $requests"
		order idle:close 0 $version slow
		got=$(with $client UPLOAD REDIAL_POLICY="$dir/young.cfg" REDIAL_PRELOAD="$lib")
		seen
		same "$client, TLS $version, an upload to one that is too old, is no worse than bare" \
			"hello hello hello , 1:GET/1,2:POST/2,3:GET/3" "$got, $requests"
	done
done

# Further connections that end as well are no reason to come back later: of a blocking socket's session
# nobody waits for that.
for client in block poll epoll own-poll; do
	for fault in second:close second:reset idle:close; do
		for version in 1.2 1.3; do
			order $fault 1 $version same
			wanted=$(bare $client)
			order $fault 1 $version empty
			got=$(redial $client)
			seen
			at_least "$client, TLS $version, $fault: connections" 2 "$connections"
			same "$client, TLS $version, $fault again and again, is as bare" "$wanted" "$got"
		done
	done
done

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

# Nor where it fails: by what is left the library looks for the end that the program is told of.
for version in 1.2 1.3; do
	for later in empty key gone; do
		order second:close 1 $version $later
		wanted=$(bare callbacks)
		order second:close 1 $version $later
		same "callbacks behind a rescue that fails, TLS $version, $later, are as bare" \
			"$wanted" "$(redial callbacks)"
	done
done

# The call that finds it dead is the one that fails, where it waits for the rescue.
for method in GET POST; do
	for version in 1.2 1.3; do
		for later in gone key; do
			order idle:reset 1 $version $later
			wanted=$(bare block $method)
			order idle:reset 1 $version $later
			same "block, TLS $version, $method, idle:reset, then $later, fails in the same call" \
				"$wanted" "$(redial block $method)"
		done
	done
done

# What is not rescued has its own error, though the kernel has told redial of it already: after that
# it says EPIPE, and kills who does not expect that.
sed 's/retry = {/& on = ["eof"];/' "$dir/redial.cfg" >"$dir/eof.cfg"
for client in block poll epoll own-poll memory; do
	for version in 1.2 1.3; do
		order idle:reset 1 $version same
		wanted=$(bare $client)
		order idle:reset 1 $version same
		same "$client, TLS $version, a reset that is not rescued, is as bare" "$wanted" \
			"$(with $client GET REDIAL_POLICY="$dir/eof.cfg" REDIAL_PRELOAD="$lib")"
	done
done

# Nothing can vouch for another session.
untouched finished second:close

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
