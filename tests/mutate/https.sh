#!/bin/sh
# SPDX-License-Identifier: MIT
# Usage: sh tests/mutate/https.sh openssl|gnutls
# The heart of check_https.sh and check_gnutls.sh, in seconds: saved where it is the same server, not
# a byte but a ClientHello where it is another one.
cd "$(dirname "$0")/../.." || exit 1
. tests/support/check.sh
# shellcheck source=tests/support/tls.sh
. tests/support/tls.sh
tls_library=$1
# shellcheck source=tests/support/https.sh
. tests/support/https.sh

case $tls_library in
openssl) clients="block poll own-poll" ;;
gnutls) clients="gnutls-block gnutls-poll gnutls-checked" ;;
esac
for client in $clients; do
	saved "$client" second:close 1.3 same
	saved "$client" idle:close 1.2 same
	for later in key name authority; do
		refused "$client" second:close 1.2 $later tls-certificate
		refused "$client" second:close 1.3 $later tls-certificate
	done
	refused "$client" second:reset 1.3 lower tls-version
done
[ "$tls_library" = gnutls ] || refused alpn second:close 1.3 alpn tls-alpn
check_end
