#!/bin/sh
# SPDX-License-Identifier: MIT
# proxy.sh nginx WORKERS | haproxy THREADS | apache 1 | squid 1 | varnish 1, then the
# arguments that every client takes. The proxy keeps its connections to the server alive and, where it
# can be told so, never tries again; it alone is preloaded. Each request comes from a curl of its own,
# over a Unix socket where the proxy has one: no port to choose, none to collide.
kind=$1 parallel=$2 base=$3 count=$4 method=${5-GET} pause=${6-0}
preload=${LD_PRELOAD-}
unset LD_PRELOAD
host=${base#http://} path=/${base#*://*/}
host=${host%%/*}
dir=$(mktemp -d) || exit 2
proxy=
# shellcheck disable=SC2317,SC2329 # called by the trap
clean() {
	[ -z "$proxy" ] || { kill "$proxy" && wait "$proxy"; } 2>/dev/null
	rm -rf "$dir"
}
trap clean EXIT
trap 'exit 2' INT TERM
PATH=$PATH:/usr/sbin:/sbin

start_nginx() {
	cat >"$dir/conf" <<-END
		daemon off;
		worker_processes $parallel;
		user $(id -un);
		pid $dir/pid;
		error_log $dir/error.log;
		events { }
		http {
			access_log off;
			client_body_temp_path $dir;
			proxy_temp_path $dir;
			fastcgi_temp_path $dir;
			uwsgi_temp_path $dir;
			scgi_temp_path $dir;
			upstream server { server $host; keepalive 8; }
			server {
				listen unix:$dir/front;
				location = /up { return 204; }
				location / {
					proxy_pass http://server;
					proxy_http_version 1.1;
					proxy_set_header Connection "";
					proxy_next_upstream off;
				}
			}
		}
	END
	LD_PRELOAD=$preload nginx -p "$dir" -c "$dir/conf" &
}

start_haproxy() {
	cat >"$dir/conf" <<-END
		global
			nbthread $parallel
		defaults
			mode http
			retries 0
			timeout connect 5s
			timeout client 20s
			timeout server 20s
		frontend front
			bind unix@$dir/front
			http-request return status 204 if { path /up }
			default_backend server
		backend server
			http-reuse always
			server one $host
	END
	LD_PRELOAD=$preload haproxy -db -f "$dir/conf" &
}

free_port() {
	python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

start_apache() {
	port=$(free_port)
	cat >"$dir/conf" <<-END
		ServerRoot $dir
		ServerName test
		PidFile $dir/pid
		ErrorLog $dir/error.log
		DefaultRuntimeDir $dir
		Mutex file:$dir default
		LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
		LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
		LoadModule proxy_module /usr/lib/apache2/modules/mod_proxy.so
		LoadModule proxy_http_module /usr/lib/apache2/modules/mod_proxy_http.so
		Listen 127.0.0.1:$port
		User www-data
		Group www-data
		StartServers 1
		ServerLimit 1
		ThreadsPerChild 4
		MaxRequestWorkers 4
		DocumentRoot $dir
		ProxyPass /up !
		ProxyPass / http://$host/ max=1
	END
	LD_PRELOAD=$preload apache2 -X -f "$dir/conf" &
}

start_squid() {
	port=$(free_port)
	cat >"$dir/conf" <<-END
		http_port 127.0.0.1:$port accel defaultsite=test no-vhost
		cache_peer ${host%:*} parent ${host#*:} 0 no-query no-digest originserver
		acl up urlpath_regex ^/up
		http_access deny up
		http_access allow all
		cache deny all
		pid_filename none
		access_log none
		cache_log $dir/error.log
		netdb_filename none
		pinger_enable off
		max_filedescriptors 1024
		workers 1
		shutdown_lifetime 0 seconds
	END
	LD_PRELOAD=$preload squid -N -f "$dir/conf" &
}

start_varnish() {
	port=
	cat >"$dir/conf" <<-END
		vcl 4.1;
		backend server { .host = "${host%:*}"; .port = "${host#*:}"; }
		sub vcl_recv {
			if (req.url == "/up") { return (synth(204)); }
			return (pass);
		}
	END
	LD_PRELOAD=$preload varnishd -F -j none -n "$dir/work" -a "$dir/front" -f "$dir/conf" &
}

fetch() {
	case $kind in
	apache | squid) curl -s --max-time 20 --connect-to "::127.0.0.1:$port" "$@" ;;
	*) curl -s --max-time 20 --unix-socket "$dir/front" "$@" ;;
	esac
}

# Those of the processes that forward; nginx's first one does not.
open_fds() {
	workers=$(cat "/proc/$proxy/task/$proxy/children")
	n=0
	for pid in ${workers:-$proxy}; do
		for fd in "/proc/$pid/fd/"*; do
			[ -e "$fd" ] || [ -L "$fd" ] && n=$((n + 1))
		done
	done
	echo "$n"
}

# Those that run as somebody else write here too.
[ "$kind" != squid ] || chmod 777 "$dir"
"start_$kind" >"$dir/said" 2>&1
proxy=$!
until fetch -o "$dir/body" http://proxy/up; do
	kill -0 "$proxy" 2>/dev/null || { cat "$dir/said" "$dir/error.log"; exit 2; }
	sleep 0.01
done

i=1 failed=0
while [ "$i" -le "$count" ]; do
	set -- -X "$method" -H "X-Request-Id: $i" -o "$dir/body" -w '%{http_code}'
	[ "$method" = POST ] && set -- "$@" --data-raw "payload-$i"
	status=$(fetch "$@" "http://test$path-$i")
	case "$status $(cat "$dir/body")" in
	"200 "*"\"path\":\"$path-$i\""*) echo "ok $i $status" ;;
	*)
		failed=$((failed + 1))
		echo "error $i status $status"
		;;
	esac
	: >"$dir/body"
	[ "$i" -eq 2 ] && start=$(open_fds)
	i=$((i + 1))
	[ "$i" -gt "$count" ] || [ "$pause" -eq 0 ] || sleep "0.$(printf %03d "$pause")"
done
echo "fds ${start-0} $(open_fds)"
[ "$failed" -eq 0 ]
