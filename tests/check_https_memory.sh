#!/bin/sh
# SPDX-License-Identifier: MIT
# The same as check_https.sh for programs that carry the bytes of TLS between the socket and OpenSSL
# themselves, as event loops do: their calls to the library touch no socket, those on the socket no
# library.
cd "$(dirname "$0")/.." || exit 1
. tests/support/check.sh
# shellcheck source=tests/support/tls.sh
. tests/support/tls.sh
tls_library=openssl
# shellcheck source=tests/support/https.sh
. tests/support/https.sh
# shellcheck source=tests/support/debian_node.sh
. tests/support/debian_node.sh

# A POST is sent again only if none of its bytes was.
# post CLIENT FAULT
post() {
	order "$2" 1 1.3 same
	got=$(redial "$1" POST)
	seen
	posts=$(printf '%s\n' "$requests" | tr ',' '\n' | grep -c POST)
	if [ "${2%%:*}" != second ]; then
		same "$1, a POST, $2" "hello hello hello , 1 POSTs" "$got, $posts POSTs"
	else
		order "$2" 1 1.3 same
		same "$1, a POST, $2, is as bare" "$(bare "$1" POST), 1 POSTs" "$got, $posts POSTs"
	fi
}

# What is left of an answer is the program's, and so is what cannot be read, or was not asked for.
# spoiled CLIENT HOW
spoiled() {
	order "second:$2" 1 1.3 same
	wanted=$(bare "$1")
	seen
	wanted="$wanted, $connections connections"
	order "second:$2" 1 1.3 same
	got=$(redial "$1")
	seen
	same "$1, $2 of an answer, is as bare" "$wanted" "$got, $connections connections"
}

if ! fetch_debian_node >"$dir/said" 2>&1; then
	echo "     Debian's Node could not be fetched: it was not looked at"
	sed 's/^/     /' "$dir/said" | head -n 3
fi
clients=$(sh tests/tls/three.sh list memory)
# What comes with the answer a loop hears of with that, and is told of it: there is no request then.
faults="second:reset second:close second:notify rest:reset rest:close rest:notify"

# Twisted hears of an end before it sends what it has written.
hears_first() { [ "$1" = twisted ] && [ "${2%%:*}" = rest ]; }

for client in $clients; do
	for fault in $faults; do
		! hears_first $client $fault || continue
		saved $client $fault 1.3 same
		case $client in
		memory | memory-poll | asyncio | node) saved $client $fault 1.2 same ;;
		esac
	done
	saved $client second:reset 1.3 slow
	same "$client: what was recovered is told" 1 "$(logged "result=recovered.* path=/2 .* tls=1.3")"
done

for client in $clients; do
	for fault in $faults; do
		hears_first $client $fault || post $client $fault
	done
done

for client in $clients; do
	for version in 1.2 1.3; do
		refused $client second:close $version key tls-certificate
	done
	refused $client second:reset 1.3 lower tls-version
done
for client in memory memory-poll memory-pair asyncio; do
	for version in 1.2 1.3; do
		for later in name authority; do
			refused $client second:close $version $later tls-certificate
		done
	done
	# It shuts a pair down at the socket's end, of which the others tell their library.
	[ $client = memory-pair ] || refused $client second:notify 1.3 key tls-certificate
	for how in half flip part; do
		spoiled $client $how
	done
done

check_end
