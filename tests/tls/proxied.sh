#!/bin/sh
# SPDX-License-Identifier: MIT
# proxied.sh CLIENT FOLDER PORT PROXY [METHOD]: three requests on one connection through the proxy at
# that URL, with $REDIAL_PRELOAD preloaded. proxied.sh list KIND: the clients that there are for a
# proxy that speaks HTTP or SOCKS.
client=$1 dir=$2 port=$3 proxy=$4 method=${5:-GET}

# has MODULE
has() { /usr/bin/python3 -c "import $1" 2>/dev/null; }

if [ "$client" = list ]; then
	echo libcurl
	if [ "$2" = http ]; then
		echo http.client plain requests
		[ -z "$(command -v ruby)" ] || echo ruby
		! perl -MLWP::Protocol::https -e 1 2>/dev/null || echo perl
		! ldd "$(command -v wget)" | grep -q libgnutls || echo wget
		! has aiohttp || echo aiohttp
		[ ! -x build/node/bin/node ] || echo node
	elif has socks; then
		echo requests
	fi
	exit
fi

LD_PRELOAD=$REDIAL_PRELOAD
export LD_PRELOAD
case $client in
libcurl) https_proxy=$proxy exec build/tests/tls/libcurl "$dir" "$port" ;;
ruby) exec ruby tests/tls/proxied.rb "$dir" "$port" "$proxy" ;;
perl) exec perl tests/tls/proxied.pl "$dir" "$port" "$proxy" ;;
node) exec build/node/bin/node tests/tls/proxied.js "$dir" "$port" "$proxy" ;;
wget) https_proxy=$proxy exec wget -q -O - --tries=1 --ca-certificate="$dir/trusted.pem" \
	"https://localhost:$port/1" "https://localhost:$port/2" "https://localhost:$port/3" ;;
curl) exec curl -s --proxy "$proxy" --cacert "$dir/trusted.pem" --http1.1 \
	"https://localhost:$port/1" "https://localhost:$port/2" "https://localhost:$port/3" ;;
*) exec /usr/bin/python3 tests/tls/proxied.py "$client" "$dir" "$port" "$proxy" "$method" ;;
esac
