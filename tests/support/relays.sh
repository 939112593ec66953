# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# Relays that keep connections to their server, driven by ab; to be sourced from the top of the tree
# once $dir is a folder of the caller's. They alone are preloaded. Each listens at a loopback address
# that is this shell's own, so that no port has to be chosen.

relay=
relay_at=127.$(($$ / 65536 % 128 + 64)).$(($$ / 256 % 256)).$(($$ % 254 + 1))
PATH=$PATH:/usr/sbin:/sbin:/usr/lib/squid

# stunnel SERVER: TLS in front, plain behind; a connection behind for each in front.
begin_stunnel() {
	[ -f "$dir/both.pem" ] ||
		openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=relay \
			-keyout "$dir/both.pem" -out "$dir/cert.pem" 2>"$dir/openssl" || return 1
	[ ! -f "$dir/cert.pem" ] || { cat "$dir/cert.pem" >>"$dir/both.pem" && rm "$dir/cert.pem"; }
	cat >"$dir/stunnel.conf" <<-END
		foreground = yes
		pid =
		debug = err
		cert = $dir/both.pem
		[relay]
		accept = $relay_at:4080
		connect = $1
	END
	relay_url=https://$relay_at:4080
	LD_PRELOAD=$relay_lib stunnel "$dir/stunnel.conf" >"$dir/said" 2>&1 &
}

begin_apache() {
	modules=/usr/lib/apache2/modules
	rm -f "$dir/apache.pid"
	cat >"$dir/apache.conf" <<-END
		ServerRoot $dir
		ServerName relay
		PidFile $dir/apache.pid
		ErrorLog $dir/apache.log
		LogLevel crit
		Listen $relay_at:4080
		User www-data
		Group www-data
		LoadModule mpm_event_module $modules/mod_mpm_event.so
		LoadModule authz_core_module $modules/mod_authz_core.so
		LoadModule proxy_module $modules/mod_proxy.so
		LoadModule proxy_http_module $modules/mod_proxy_http.so
		StartServers 1
		ServerLimit 1
		ThreadLimit 32
		ThreadsPerChild 32
		MaxRequestWorkers 32
		MaxSpareThreads 32
		MaxKeepAliveRequests 0
		ProxyPass / http://$1/ retry=0
	END
	relay_url=http://$relay_at:4080
	LD_PRELOAD=$relay_lib apache2 -X -f "$dir/apache.conf" >"$dir/said" 2>&1 &
}

begin_squid() {
	cat >"$dir/squid.conf" <<-END
		http_port $relay_at:4080 accel
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
		http_access allow all
		shutdown_lifetime 0 seconds
		cache_peer ${1%:*} parent ${1#*:} 0 no-query no-digest no-netdb-exchange originserver
	END
	relay_url=http://$relay_at:4080
	# What it shares in /dev/shm is named after it, and another check may have one at the same time.
	LD_PRELOAD=$relay_lib squid -N -n "relay$$" -f "$dir/squid.conf" >"$dir/said" 2>&1 &
}

# start_relay KIND LIBRARY SERVER: LIBRARY may be empty. Sets relay_url.
start_relay() {
	relay_lib=$2
	chmod 777 "$dir"
	"begin_$1" "$3" || return 1
	relay=$!
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do
		curl -ksf --max-time 5 -o /dev/null "$relay_url/up" && return 0
		kill -0 "$relay" 2>/dev/null || break
		sleep 0.1
	done
	cat "$dir/said" >&2
	return 1
}

stop_relay() {
	[ -z "$relay" ] || { kill "$relay"; wait "$relay"; } 2>/dev/null
	relay=
}

# load_relay REQUESTS: prints how many failed, and the requests per second.
load_relay() {
	timeout 120 ab -q -r -k -c 20 -n "$1" "$relay_url/bytes/200" >"$dir/ab" 2>&1
	awk -v wanted="$1" '
		/^Complete requests:/ { complete = $3 }
		/^Failed requests:/ { failed = $3 }
		/^Non-2xx responses:/ { failed += $3 }
		/^Requests per second:/ { rate = $4 }
		END { print wanted - complete + failed, rate + 0 }' "$dir/ab"
}

# resets_of_relay KIND LIBRARY REQUESTS: the same against a server that resets one in fifty of the
# requests on connections that it has served before; its log is $dir/server.log.
resets_of_relay() {
	rm -f "$dir/server.log"
	start_server --log "$dir/server.log" --fault reset@2+,every:50
	start_relay "$1" "$2" "127.0.0.1:$port" && load_relay "$3"
	stop_relay
}
