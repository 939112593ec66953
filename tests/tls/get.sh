#!/bin/sh
# SPDX-License-Identifier: MIT
# get.sh CLIENT FOLDER URL: GETs it by that client, with $REDIAL_PRELOAD preloaded, trusting
# FOLDER/trusted.pem, and prints the body. get.sh list FOLDER: the clients that there are.
client=$1 dir=$2 url=$3
host=${url#https://}
host=${host%/}

if [ "$client" = list ]; then
	echo curl python python-timeout asyncio s_client
	[ -z "$(command -v wget)" ] || echo wget
	[ -z "$(command -v node)" ] || echo node
	if [ -n "$(command -v javac)" ]; then
		keytool -importcert -noprompt -file "$dir/trusted.pem" -storetype PKCS12 \
			-keystore "$dir/trust" -storepass changeit 2>/dev/null
		javac -d "$dir" tests/tls/Get.java && echo java
	fi
	exit
fi

LD_PRELOAD=$REDIAL_PRELOAD
export LD_PRELOAD
case $client in
curl) exec curl -sS --cacert "$dir/trusted.pem" "$url" ;;
python) exec /usr/bin/python3 tests/tls/get.py "$dir/trusted.pem" "$url" ;;
python-timeout) exec /usr/bin/python3 tests/tls/get.py "$dir/trusted.pem" "$url" 30 ;;
asyncio) exec /usr/bin/python3 tests/tls/get_async.py "$dir/trusted.pem" "$url" | tail -n 1 ;;
s_client)
	printf 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' |
		openssl s_client -quiet -CAfile "$dir/trusted.pem" -verify_return_error \
			-connect "$host" | tail -n 1
	;;
wget) exec wget -qO- --tries=1 --ca-certificate="$dir/trusted.pem" "$url" ;;
node) exec node tests/tls/get.js "$dir/trusted.pem" "$url" ;;
java)
	java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp "$dir" \
		-Djavax.net.ssl.trustStore="$dir/trust" \
		-Djavax.net.ssl.trustStorePassword=changeit Get "$url" | tail -n 1
	;;
esac
