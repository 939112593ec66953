# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# Relays that speak TLS to the server behind them, and keep connections to it; to be sourced from the
# top of the tree behind tests/support/tls.sh. The relay alone is preloaded. It listens at a loopback
# address that is this shell's own, so that no port has to be chosen, and accepts the authority
# trusted and the name localhost alone.

relay=
relay_at=127.$(($$ / 65536 % 128 + 64)).$(($$ / 256 % 256)).$(($$ % 254 + 1))
relay_url=http://$relay_at:4080
PATH=$PATH:/usr/sbin:/sbin

# preloaded COMMAND...: with $relay_env, what to preload and under which policy.
preloaded() {
	# shellcheck disable=SC2086 # a word each
	exec env $relay_env "$@"
}

relay_nginx() {
	cat >"$dir/nginx.conf" <<-END
		daemon off;
		master_process off;
		pid $dir/nginx.pid;
		error_log $dir/relay.log info;
		events { worker_connections 64; }
		http {
			access_log off;
			client_body_temp_path $dir/nginx-body;
			proxy_temp_path $dir/nginx-proxy;
			fastcgi_temp_path $dir/nginx-fastcgi;
			uwsgi_temp_path $dir/nginx-uwsgi;
			scgi_temp_path $dir/nginx-scgi;
			upstream behind {
				server 127.0.0.1:$tls_port;
				keepalive 4;
			}
			server {
				listen $relay_at:4080;
				location / {
					proxy_pass https://behind;
					proxy_http_version 1.1;
					proxy_set_header Connection "";
					proxy_next_upstream off;
					proxy_ssl_server_name on;
					proxy_ssl_name localhost;
					proxy_ssl_verify on;
					proxy_ssl_trusted_certificate $dir/trusted.pem;
					proxy_ssl_protocols TLSv1.2 TLSv1.3;
				}
			}
		}
	END
	preloaded nginx -c "$dir/nginx.conf" -e "$dir/relay.log"
}

relay_haproxy() {
	cat >"$dir/haproxy.conf" <<-END
		global
			maxconn 64
			nbthread 1
		defaults
			mode http
			timeout connect 5s
			timeout client 20s
			timeout server 20s
			retries 0
			http-reuse always
		frontend front
			bind $relay_at:4080
			default_backend behind
		backend behind
			server one 127.0.0.1:$tls_port ssl verify required ca-file $dir/trusted.pem sni str(localhost) verifyhost localhost
	END
	preloaded haproxy -db -f "$dir/haproxy.conf"
}

relay_apache() {
	modules=/usr/lib/apache2/modules
	rm -f "$dir/apache.pid"
	cat >"$dir/apache.conf" <<-END
		ServerRoot $dir
		ServerName relay
		PidFile $dir/apache.pid
		ErrorLog $dir/relay.log
		LogLevel info
		Listen $relay_at:4080
		User www-data
		Group www-data
		LoadModule mpm_event_module $modules/mod_mpm_event.so
		LoadModule authz_core_module $modules/mod_authz_core.so
		LoadModule proxy_module $modules/mod_proxy.so
		LoadModule proxy_http_module $modules/mod_proxy_http.so
		LoadModule ssl_module $modules/mod_ssl.so
		StartServers 1
		ServerLimit 1
		ThreadLimit 4
		ThreadsPerChild 4
		MaxRequestWorkers 4
		MinSpareThreads 1
		MaxSpareThreads 4
		MaxKeepAliveRequests 0
		SSLProxyEngine on
		SSLProxyVerify require
		SSLProxyCACertificateFile $dir/trusted.pem
		SSLProxyCheckPeerName on
		ProxyPass / https://localhost:$tls_port/ retry=0
	END
	preloaded apache2 -X -f "$dir/apache.conf"
}

relay_squid() {
	cat >"$dir/squid.conf" <<-END
		http_port $relay_at:4080 accel
		icp_port 0
		pid_filename none
		cache deny all
		cache_log $dir/relay.log
		access_log none
		cache_store_log none
		netdb_filename none
		pinger_enable off
		coredump_dir $dir
		cache_effective_user proxy
		cache_mem 8 MB
		http_access allow all
		shutdown_lifetime 0 seconds
		cache_peer 127.0.0.1 parent $tls_port 0 no-query no-digest no-netdb-exchange originserver tls tls-cafile=$dir/trusted.pem ssldomain=localhost
	END
	# What it shares in /dev/shm is named after it, and another check may have one at the same time.
	preloaded "$squid" -N -n "tls$$" -f "$dir/squid.conf"
}

# Of a package that cannot be installed beside squid: Debian's other one knows GnuTLS alone.
fetch_squid() {
	in=build/tests/squid-openssl
	squid=$PWD/$in/usr/sbin/squid
	[ ! -x "$squid" ] || return 0
	command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null && command -v squid || return 1
	mkdir -p "$in"
	(cd "$in" && timeout 120 apt-get -qq -o APT::Sandbox::User=root download squid-openssl &&
		dpkg-deb -x squid-openssl_*.deb . && rm -rf ./*.deb etc usr/share usr/lib)
}

# start_relay KIND [NAME=VALUE...]: with that in its environment.
start_relay() {
	relay_kind=$1
	shift
	relay_env=$*
	chmod 777 "$dir"
	: >"$dir/relay.log"
	chmod 666 "$dir/log" "$dir/relay.log"
	("relay_$relay_kind") >"$dir/said" 2>&1 &
	relay=$!
	/usr/bin/python3 tests/tls/there.py "$relay_at" 4080 "$relay" && return 0
	cat "$dir/said" "$dir/relay.log" >&2
	return 1
}

stop_relay() {
	[ -z "$relay" ] || { kill -9 "$relay"; wait "$relay"; } 2>/dev/null
	relay=
}
