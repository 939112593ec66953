#!/bin/sh
# SPDX-License-Identifier: MIT
# HTTPS through proxies, by CONNECT and by SOCKS: a tunnel that has died is opened again with the same
# bytes, and the program saved as over a direct connection. Whatever a proxy says but that it leads
# on, the program has what it has bare, and not a byte is sent behind it.
cd "$(dirname "$0")/.." || exit 1
. tests/support/check.sh
# shellcheck source=tests/support/tls.sh
. tests/support/tls.sh
# shellcheck source=tests/support/proxies.sh
. tests/support/proxies.sh
# shellcheck source=tests/support/debian_node.sh
. tests/support/debian_node.sh

fetch_debian_node >"$dir/said" 2>&1 ||
	echo "     Debian's Node could not be fetched: it was not looked at"

# A rule for the host behind the proxy, which nothing else here matches.
cat >"$dir/redial.cfg" <<END
retry = { on = []; backoff = { base_ms = 5; }; };
rules = ( { host = "localhost"; on = ["stale", "reset", "eof"]; } );
budget = { enabled = false; };
breaker = { enabled = false; };
log = { sink = "file:$dir/log"; };
END
sed 's/on = \[\]/on = ["tls-handshake"]/; /^rules/d' "$dir/redial.cfg" >"$dir/handshake.cfg"
policy=$dir/redial.cfg
user=user:secret
http=http://127.0.0.1:$proxy_port

# What it prints, in one line: CLIENT PROXY METHOD.
with() {
	client=$1 url=$2 method=$3
	shift 3
	timeout 60 env "$@" sh tests/tls/proxied.sh "$client" "$dir" "$tls_port" "$url" "$method" \
		2>"$dir/err" | tr '\n' ' '
}
bare() { with "$1" "$2" "${3:-GET}" REDIAL_DISABLE=1; }
redial() { with "$1" "$2" "${3:-GET}" REDIAL_POLICY="$policy" REDIAL_PRELOAD="$lib"; }

# same STATEMENT WANT GOT
same() {
	if [ "$2" = "$3" ]; then
		pass "$1: $3"
	else
		fail "$1: ${3:-nothing}, ${2:-nothing} wanted" "$(cat "$dir/err" "$dir/log")"
	fi
}

logged() { grep -c "$1" "$dir/log"; }

# attempt FAULT LATER [ASKS]: orders both.
attempt() {
	order "$1" 1 1.3 same
	proxy "$2" ${3+"$3"}
}

faults="second:reset second:close second:notify idle:reset idle:close idle:notify"
second=1:GET/1,1:GET/2,2:GET/2,2:GET/3
idle=1:GET/1,2:GET/2,2:GET/3

# saved CLIENT URL FAULT LATER [ASKS]
saved() {
	attempt "$3" "$4" ${5+"$5"}
	got=$(redial "$1" "$2")
	seen
	proxied
	wanted=$second
	[ "${3%%:*}" = second ] || wanted=$idle
	same "$1 by ${2%%:*}, $3, the proxy then ${4}" \
		"hello hello hello , 2 tunnels, 1 opening, 0 bytes astray, $wanted" \
		"$got, $led tunnels, $openings opening, $behind bytes astray, $requests"
}

for client in $(sh tests/tls/proxied.sh list http); do
	OPENING='CONNECT localhost:PORT HTTP/1.1\n|Host: localhost:PORT\n\n'
	export OPENING
	for fault in $faults; do
		# These look before they write, and dial anew by themselves once they are told of an end.
		case $client:${fault%:*} in
		ruby:idle | requests:idle | perl:idle | wget:idle | aiohttp:idle | node:idle) continue ;;
		esac
		saved "$client" "$http" "$fault" same
	done
	[ "$client" = plain ] || saved "$client" "http://$user@127.0.0.1:$proxy_port" second:close same Basic
	none "$client: what the proxy was told is not told" \
		"$(grep -i "secret\|dXNlcjpzZWNyZXQ\|connect " "$dir/log")"
done

for client in $(sh tests/tls/proxied.sh list socks); do
	for kind in socks5 socks5h socks4 socks4a; do
		case $client:$kind in requests:socks4*) continue ;; esac
		for fault in $faults; do
			# Of the kinds that are much the same half is enough.
			case $client:${fault%:*}:$kind in requests:idle:* | *:idle:socks5 | *:idle:socks4) continue ;; esac
			saved "$client" "$kind://127.0.0.1:$proxy_port" "$fault" same
		done
	done
	saved "$client" "socks5h://$user@127.0.0.1:$proxy_port" second:reset same
	saved "$client" "socks5h://127.0.0.1:$proxy_port" second:reset longer
done
same "the peer is the proxy, the host the one behind it" 1 \
	"$(logged "result=recovered.*host=localhost:$tls_port path=/2 peer=127.0.0.1:$proxy_port")"
for later in longer pieces; do
	saved libcurl "$http" second:close $later
	saved http.client "$http" idle:reset $later
done

# How the proxy is asked, on a socket of the program's own: what may be said again, and what not.
asked() {
	OPENING="CONNECT localhost:PORT HTTP/1.1\nHost: localhost:PORT\n$1\n"
	[ -z "${2-}" ] || OPENING="CONNECT localhost:PORT HTTP/1.1\n\n||$OPENING"
	export OPENING
}
token=$(printf 'x%.0s' 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 | sed 's/x/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef/g')
for header in "Proxy-Authorization: Bearer $token" "Proxy-Connection: keep-alive" "User-Agent: x|y"; do
	asked "$header\n"
	saved plain "$http" second:close same
done
asked "Proxy-Authorization: Basic abc\n" once
saved plain "$http" second:close same Basic
none "no credentials are told" "$(grep -i "basic\|bearer\|0123456789" "$dir/log")"
for header in "Proxy-Authorization: NTLM abc" "proxy-authorization: Negotiate abc" \
	"Proxy-Authorization: Digest username=\"x\"" "Proxy-Authorization: Basic a\nProxy-Authorization: NTLM b" \
	"Content-Length: 1\n|\nx"; do
	asked "$header\n"
	attempt second:close same
	wanted=$(bare plain "$http")
	attempt second:close same
	got=$(redial plain "$http")
	proxied
	same "asked with ${header%% a*} it is as bare" "$wanted, 1 tunnels, " "$got, $led tunnels, $(cat "$dir/log")"
done
asked "Proxy-Authorization: NTLM abc\n" once
attempt second:close same NTLM
got=$(redial plain "$http")
proxied
same "NTLM in two steps is as bare" "hello RemoteDisconnected , 1 tunnels, " \
	"$got, $led tunnels, $(cat "$dir/log")"

# curl asks twice where it is not told by which scheme, as git does; what dies it would send again by
# itself, on another tunnel: the log tells whose work it was.
if [ -n "$(command -v curl)" ]; then
	for how in "basic Basic 1" "anyauth Basic 1" "ntlm NTLM 0"; do
		scheme=${how#* }
		attempt second:close same "${scheme% *}"
		got=$(timeout 60 env REDIAL_POLICY="$policy" LD_PRELOAD="$lib" curl -s --http1.1 \
			--cacert "$dir/trusted.pem" --proxy-"${how%% *}" -U $user -x "$http" \
			"https://localhost:$tls_port/[1-3]" 2>"$dir/err" | tr '\n' ' ')
		seen
		proxied
		same "curl --proxy-${how%% *}" "hello hello hello , 2 tunnels, $second, ${how##* } recovered" \
			"$got, $led tunnels, $requests, $(logged result=recovered) recovered"
	done
fi

# refused CLIENT URL LATER REASON [TUNNELS]
refused() {
	attempt second:close "$3"
	wanted=$(bare "$1" "$2")
	attempt second:close "$3"
	got=$(redial "$1" "$2")
	seen
	proxied
	lines=$(logged "result=exhausted.*reason=$4")
	same "$1 by ${2%%:*}, the proxy then $3" \
		"$wanted, told why, ${5:-2} tunnels, 1 opening, 0 bytes astray, 0 requests" \
		"$got, $([ "$lines" = 1 ] && echo told why), $led tunnels, $openings opening, $behind bytes astray, $(printf '%s\n' "$requests" | tr ',' '\n' | grep -c ^2:) requests"
}
asked ""
for client in libcurl http.client plain; do
	for later in 407 403 502 keeps interim trailing garbage; do
		refused $client "$http" $later proxy
	done
	for later in close reset hang; do
		refused $client "$http" $later attempts 3
	done
done
for later in refuse close reset hang; do
	refused libcurl "socks5h://127.0.0.1:$proxy_port" $later attempts 3
done
refused libcurl "socks5h://127.0.0.1:$proxy_port" trailing proxy

# Behind the proxy it is another server.
for client in libcurl http.client $(sh tests/tls/proxied.sh list http | grep -x wget); do
	dialed=2
	[ "$client" != wget ] || dialed=3 # by itself for its third
	for version in 1.2 1.3; do
		for later in key name authority; do
			order second:close 1 $version $later
			proxy same
			wanted=$(bare "$client" "$http")
			order second:close 1 $version $later
			proxy same
			got=$(redial "$client" "$http")
			seen
			proxied
			same "$client, TLS $version, behind the proxy another $later" \
				"$wanted, $dialed tunnels, 1 told, 0 records behind the ClientHello" \
				"$got, $led tunnels, $(logged "result=exhausted.*reason=tls-certificate") told, $extra records behind the ClientHello"
		done
	done
done

# A POST is sent again only if none of its bytes was.
for fault in $faults; do
	case $fault in
	idle:*) wanted="hello hello hello , 2 tunnels, 1 POSTs" ;;
	*)
		attempt $fault same
		wanted="$(bare http.client "$http" POST), 1 tunnels, 1 POSTs"
		;;
	esac
	attempt $fault same
	got=$(redial http.client "$http" POST)
	seen
	proxied
	same "a POST, $fault" "$wanted" \
		"$got, $led tunnels, $(printf '%s\n' "$requests" | tr ',' '\n' | grep -c POST) POSTs"
done

# In the handshake: the tunnel is opened again, and the same hello sent through it before the server's
# first byte, another one behind that.
policy=$dir/handshake.cfg
for client in $(sh tests/tls/proxied.sh list http | grep "aiohttp\|node"); do
	for fault in hello:reset hello:close; do
		attempt $fault same
		got=$(redial "$client" "$http")
		seen
		proxied
		same "$client, $fault" "hello hello hello , 2 tunnels, 1 opening, 2:GET/1,2:GET/2,2:GET/3" \
			"$got, $led tunnels, $openings opening, $requests"
	done
done
for url in "$http" "socks5h://127.0.0.1:$proxy_port"; do
	for fault in hello:reset hello:close shake:reset shake:close; do
		attempt $fault same
		got=$(redial libcurl "$url")
		seen
		proxied
		same "by ${url%%:*}, $fault" \
			"hello hello hello , 2 tunnels, 1 opening, 2:GET/1,2:GET/2,2:GET/3, 1 recovered" \
			"$got, $led tunnels, $openings opening, $requests, $(logged "result=recovered") recovered"
	done
done
for fault in hello:close shake:close; do
	attempt $fault 502
	wanted=$(bare libcurl "$http")
	attempt $fault 502
	got=$(redial libcurl "$http")
	proxied
	same "$fault, the proxy then 502, is as bare" "$wanted, 2 tunnels, 0 bytes astray" \
		"$got, $led tunnels, $behind bytes astray"
done
policy=$dir/redial.cfg

# CONNECT inside a session: what comes then is not looked at.
if has=$(sh tests/tls/proxied.sh list http | grep -x requests) && start_proxy stunnel; then
	for fault in second:close second:reset; do
		attempt $fault same
		wanted=$(bare "$has" "https://localhost:$real_port")
		attempt $fault same
		got=$(redial "$has" "https://localhost:$real_port")
		proxied
		same "a proxy that is spoken to by https, $fault, is as bare" "$wanted, 1 tunnels, " \
			"$got, $led tunnels, $(cat "$dir/log")"
	done
fi

# by_real CLIENT URL: through a proxy that is one.
by_real() {
	for fault in $faults; do
		case $1:${fault%:*} in requests:idle) continue ;; esac
		order $fault 1 1.3 same
		got=$(redial "$1" "$2")
		seen
		wanted=$second
		[ "${fault%%:*}" = second ] || wanted=$idle
		same "$1 through $kind, $fault" "hello hello hello , 2 connections, $wanted" \
			"$got, $connections connections, $requests"
	done
}
for kind in squid tinyproxy; do
	start_proxy $kind || continue
	for client in libcurl http.client requests; do
		by_real $client "http://127.0.0.1:$real_port"
	done
done
kind=microsocks
if start_proxy microsocks; then
	by_real libcurl "socks5h://127.0.0.1:$real_port"
fi

# A response that is held back, while the tunnel is opened for another sending.
policy=$dir/statuses.cfg
sed 's/on = \[\]/statuses = [503]/; /^rules/d' "$dir/redial.cfg" >"$policy"
mkfifo "$dir/words" "$dir/said-so"
/usr/bin/python3 tests/tls/answers.py "$dir" <"$dir/words" >"$dir/said-so" 6>&- 7<&- 8>&- 9<&- &
exec 4>"$dir/words" 5<"$dir/said-so"
read -r tls_port <&5
lead_to "$tls_port"
# held LATER WANT ANSWER...
held() {
	later=$1 want=$2
	shift 2
	for client in libcurl http.client; do
		echo "$@" >&4
		read -r _ <&5
		proxy "$later"
		: >"$dir/log"
		got=$(redial $client "http://127.0.0.1:$proxy_port")
		proxied
		echo seen >&4
		read -r _ requests _ <&5
		same "$client, answered by $*, the proxy then $later" "hello hello hello , $want" \
			"$got, $led tunnels, $requests"
	done
}
held same "2 tunnels, 1:GET/1,1:GET/2,2:GET/2,2:GET/3" 200 503 200
held longer "2 tunnels, 1:GET/1,1:GET/2,2:GET/2,2:GET/3" 200 503 200
held same "3 tunnels, 1:GET/1,1:GET/2,2:GET/2,3:GET/2,3:GET/3" 200 503 503 200
held 502 "2 tunnels, 1:GET/1,1:GET/2,1:GET/3" 200 503 200
exec 4>&- 5<&-

check_end
