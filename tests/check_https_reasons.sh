#!/bin/sh
# SPDX-License-Identifier: MIT
# Reasons that only an https connection can give: each is what a program's own request is refused for,
# by OpenSSL and by GnuTLS. The log has it by name, no request goes to the other server, and the program
# gets what it gets bare.
cd "$(dirname "$0")/.." || exit 1
. tests/support/check.sh
# shellcheck source=tests/support/tls.sh
. tests/support/tls.sh
tls_library=openssl
# shellcheck source=tests/support/https.sh
. tests/support/https.sh
sed -i 's/^tls = .*/tls = ["openssl", "gnutls"];/' "$dir/redial.cfg"

# A certificate between the server's and the authority that is trusted: with it, and without.
{
	make_key "$dir/middle" &&
		printf 'basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign\n' >"$dir/extensions" &&
		openssl req -new -key "$dir/middle.key" -subj /CN=middle -out "$dir/request" &&
		openssl x509 -req -in "$dir/request" -CA "$dir/trusted.pem" -CAkey "$dir/trusted.key" \
			-CAcreateserial -days 2 -extfile "$dir/extensions" -out "$dir/middle.pem" &&
		certificate unlinked middle localhost && cp "$dir/unlinked.key" "$dir/linked.key" &&
		cat "$dir/unlinked.pem" "$dir/middle.pem" >"$dir/linked.pem"
} >"$dir/openssl" 2>&1 || { cat "$dir/openssl"; exit 1; }

# The chain does not lead to the authority any more: of a program whose own callback has judged it.
for version in 1.2 1.3; do
	refused judges second:close $version unlinked tls-verify
	refused gnutls-checked second:close $version unlinked tls-verify
done

# Fewer bits.
for client in block poll own-poll python gnutls-block gnutls-poll; do
	refused $client second:close 1.2 weaker tls-cipher
done

# given CLIENT FAULT VERSION REASON: as bare, on one connection, and that is why.
given() {
	order "$2" 1 "$3" same
	wanted=$(bare "$1")
	seen
	wanted="$wanted, $connections connections, $requests"
	order "$2" 1 "$3" same
	got=$(redial "$1")
	seen
	same "$1, TLS $3, $2, is as bare" "$wanted" "$got, $connections connections, $requests"
	at_least "$1, TLS $3, $2: refused for $4" 1 "$(logged "event=refused.*reason=$4")"
}

# Half a record has come: what is between the library and the socket is nobody's to ask for again.
for client in block poll own-poll python gnutls-block gnutls-poll; do
	for version in 1.2 1.3; do
		given $client second:half $version tls-in-flight
	done
done

check_end
