# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# For tests/check_https_proxies.sh, to be sourced behind tls.sh: tests/tls/proxy.py, and real proxies.
# Commands that are no user's lie in folders of their own.
PATH=$PATH:/usr/sbin:/sbin

proxy_pids=
# shellcheck disable=SC2086 # a list
stop_proxies() {
	exec 6>&- 7<&-
	[ -z "$proxy_pids" ] || kill $proxy_pids 2>/dev/null
	stop_tls
}
trap stop_proxies EXIT

# lead_to PORT: sets proxy_port, of one that leads there.
lead_to() {
	exec 6>&- 7<&-
	rm -f "$dir/proxy-orders" "$dir/proxy-answers"
	mkfifo "$dir/proxy-orders" "$dir/proxy-answers"
	/usr/bin/python3 tests/tls/proxy.py "$1" <"$dir/proxy-orders" >"$dir/proxy-answers" \
		8>&- 9<&- &
	exec 6>"$dir/proxy-orders" 7<"$dir/proxy-answers"
	read -r proxy_port <&7
}
lead_to "$tls_port"

# proxy LATER [ASKS]: proxy.py has the words.
proxy() {
	echo "$@" >&6
	read -r _ <&7
}

# proxied: sets led, openings and behind.
# shellcheck disable=SC2034 # for the caller
proxied() {
	echo seen >&6
	read -r led openings behind <&7
}

free_port() {
	/usr/bin/python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

begin_squid() {
	cat >"$dir/squid.conf" <<-END
		http_port 127.0.0.1:$1
		icp_port 0
		pid_filename none
		cache deny all
		cache_log $dir/squid.log
		access_log none
		cache_store_log none
		netdb_filename none
		pinger_enable off
		coredump_dir $dir
		cache_effective_user proxy
		cache_mem 8 MB
		acl all_of_it src all
		http_access allow all_of_it
		shutdown_lifetime 0 seconds
	END
	# What it shares in /dev/shm is named after it, and another check may have one at the same time.
	squid -N -n "proxy$$" -f "$dir/squid.conf" >"$dir/said" 2>&1 &
}

begin_tinyproxy() {
	printf 'Listen 127.0.0.1\nPort %s\nTimeout 60\nMaxClients 20\nLogLevel Error\n' "$1" \
		>"$dir/tinyproxy.conf"
	tinyproxy -d -c "$dir/tinyproxy.conf" >"$dir/said" 2>&1 &
}

begin_microsocks() {
	microsocks -i 127.0.0.1 -p "$1" >"$dir/said" 2>&1 &
}

begin_stunnel() {
	cat "$dir/same.pem" "$dir/same.key" >"$dir/both.pem"
	cat >"$dir/stunnel.conf" <<-END
		foreground = yes
		pid =
		debug = err
		cert = $dir/both.pem
		[proxy]
		accept = 127.0.0.1:$1
		connect = 127.0.0.1:$proxy_port
	END
	stunnel "$dir/stunnel.conf" >"$dir/said" 2>&1 &
}

# start_proxy KIND: sets real_port. false, and why is told: there is none here.
start_proxy() {
	if [ -z "$(command -v "$1")" ]; then
		echo "     no $1 here: it was not looked at"
		return 1
	fi
	chmod 777 "$dir"
	real_port=$(free_port)
	"begin_$1" "$real_port"
	proxy_pids="$proxy_pids $!"
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do
		/usr/bin/python3 - "$real_port" 2>/dev/null <<-END && return 0
			import socket, sys
			socket.create_connection(("127.0.0.1", int(sys.argv[1])))
		END
		sleep 0.1
	done
	fail "$1 does not start" "$(cat "$dir/said")"
	return 1
}
