#!/bin/sh
# SPDX-License-Identifier: MIT
# three.sh CLIENT FOLDER PORT [METHOD]: three requests on one connection by that client, with
# $REDIAL_PRELOAD preloaded; older-CLIENT: with OpenSSL 1.1.1. three.sh list: the clients that
# there are; list memory: those that have the bytes of TLS in memory.
client=$1 dir=$2 port=$3 method=${4:-GET}
clients=build/tests/tls

if [ "$client $dir" = "list memory" ]; then
	echo memory memory-poll memory-pair asyncio aiohttp httpx
	[ ! -x "$clients/client-1.1" ] || echo older-memory older-memory-poll
	! /usr/bin/python3 -c "import OpenSSL, service_identity, twisted" 2>/dev/null || echo twisted
	! perl -MAnyEvent::HTTP -MNet::SSLeay -e 1 2>/dev/null || echo anyevent
	[ ! -e build/node/done ] || echo node fetch
	exit
elif [ "$client" = list ]; then
	echo block poll epoll asks own own-poll own-polls own-selects own-epolls own-spins libcurl python python-timeout
	[ ! -x "$clients/client-1.1" ] || echo older-block older-poll older-own older-own-poll
	[ ! -x "$clients/neon" ] || echo neon
	[ ! -x "$clients/poco" ] || echo poco
	[ -z "$(command -v ruby)" ] || echo ruby
	[ -z "$(command -v php)" ] || echo php
	! perl -MIO::Socket::SSL -e 1 2>/dev/null || echo perl
	exit
fi

LD_PRELOAD=$REDIAL_PRELOAD
export LD_PRELOAD
case $client in
libcurl) exec "$clients/libcurl" "$dir" "$port" ;;
python) exec /usr/bin/python3 tests/tls/three.py "$dir" "$port" ;;
python-timeout) exec /usr/bin/python3 tests/tls/three.py "$dir" "$port" 15 ;;
asyncio | aiohttp | httpx) exec /usr/bin/python3 tests/tls/three_async.py "$client" "$dir" "$port" "$method" ;;
twisted) exec /usr/bin/python3 -W ignore tests/tls/three_twisted.py "$dir" "$port" "$method" ;;
anyevent) exec perl tests/tls/three_anyevent.pl "$dir" "$port" "$method" ;;
ruby) exec ruby tests/tls/three.rb "$dir" "$port" ;;
php) exec php tests/tls/three.php "$dir" "$port" ;;
perl) exec perl tests/tls/three.pl "$dir" "$port" ;;
wget | wget-post)
	set -- -q -O- --tries=1 --ca-certificate="$dir/trusted.pem"
	[ "$client" = wget ] || set -- "$@" --post-data=x
	exec wget "$@" "https://localhost:$port/1" "https://localhost:$port/2" "https://localhost:$port/3"
	;;
apt) exec /usr/bin/python3 tests/tls/apt.py "$dir" "$port" ;;
soup) exec /usr/bin/python3 tests/tls/three.soup.py "$dir" "$port" "$method" ;;
poco | neon) exec "$clients/$client" "$dir" "$port" "$method" ;;
neon-gnutls) exec "$clients/neon-gnutls" "$dir" "$port" "$method" ;;
libcurl-gnutls) exec "$clients/libcurl-gnutls" "$dir" "$port" ;;
gnutls-*) exec "$clients/gnutls" "${client#gnutls-}" "$dir" "$port" "$method" ;;
node) exec build/node/bin/node tests/tls/three.js "$dir" "$port" "$method" ;;
fetch) NODE_EXTRA_CA_CERTS=$dir/trusted.pem exec build/node/bin/node tests/tls/three_fetch.mjs "$port" "$method" ;;
older-*) exec "$clients/client-1.1" "${client#older-}" "$dir" "$port" "$method" ;;
*) exec "$clients/client" "$client" "$dir" "$port" "$method" ;;
esac
