#!/bin/sh
# SPDX-License-Identifier: MIT
# redial off, on and reload, one after the other, on curl, requests, Node and nginx at work: each of
# their requests is answered, or reset and then lost by leave of the switch or of the safety rule; none
# reaches the server twice without a reset, no POST twice at all, and nobody hangs. Then one process
# alone, and other users' launches.
cd "$(dirname "$0")/.." || exit 1
. tests/support/check.sh
. tests/support/server.sh
export LC_ALL=C
unset LD_PRELOAD REDIAL_POLICY REDIAL_DISABLE REDIAL_LIBDIR REDIAL_SHARED REDIAL_STATE
PATH=$PATH:/usr/sbin:/sbin

count=500
dir=$(mktemp -d) || exit 1
chmod 755 "$dir"
launched=
nginx=127.$(($$ / 65536 % 128 + 64)).$(($$ / 256 % 256)).$(($$ % 254 + 1))
# shellcheck disable=SC2317,SC2329 # called by the trap
clean() {
	[ ! -s "$dir/nginx.pid" ] || kill "$(cat "$dir/nginx.pid")" 2>/dev/null
	[ -z "$launched" ] || kill "$launched" 2>/dev/null
	stop_server
	rm -rf "$dir"
}
trap clean EXIT
trap 'exit 2' INT TERM

write_nginx() {
	for kind in body proxy fastcgi uwsgi scgi; do
		echo "${kind}_temp_path $dir/nginx-$kind;"
	done | sed 's/^body_/client_body_/' >"$dir/nginx-paths"
	cat >"$dir/nginx.conf" <<-END
		daemon off;
		worker_processes 2;
		pid $dir/nginx.pid;
		error_log $dir/nginx.log crit;
		events { worker_connections 64; }
		http {
			access_log off;
			include $dir/nginx-paths;
			upstream behind { server 127.0.0.1:$port; keepalive 8; }
			server {
				listen $nginx:4080;
				location / {
					proxy_pass http://behind;
					proxy_http_version 1.1;
					proxy_set_header Connection "";
					proxy_next_upstream off;
				}
			}
		}
	END
}

# What the launch runs: all of them at once, and nginx until the others, and who asks it, have ended.
write_programs() {
	cat >"$dir/programs" <<-END
		nginx -c "$dir/nginx.conf" -e "$dir/nginx.log" &
		nginx=\$!
		curl -s -w '%{http_code}\n' --max-time 60 -o /dev/null \
			"http://127.0.0.1:$port/curl/[1-$count]" >"$dir/curl" &
		curl=\$!
		python3 -B tests/switch/many.py $port requests $count >"$dir/requests" &
		requests=\$!
		node tests/switch/many.js $port node $count >"$dir/node" &
		wait \$curl \$requests \$!
		read -r _ <"$dir/asked"
		kill \$nginx
		wait \$nginx
	END
}

ask_nginx() {
	tries=0
	until curl -s -o /dev/null "http://$nginx:4080/up" || [ $((tries += 1)) -gt 200 ]; do sleep 0.05; done
	NODE_HOST=$nginx node tests/switch/many.js 4080 nginx $count >"$dir/nginx"
	echo over >"$dir/asked"
}

turn_on_and_off() {
	turns=0
	while [ -d "/proc/$launched" ] && ! grep -q '^State:.*Z' "/proc/$launched/status"; do
		for turn in off on "reload --policy $dir/b.cfg" "reload --policy $dir/a.cfg"; do
			# shellcheck disable=SC2086 # words on purpose
			scripts/redial $turn "$launched" >/dev/null 2>&1 && turns=$((turns + 1))
			sleep 0.1
		done
	done 2>/dev/null
}

# held CLIENT: what became of its requests. Those that curl lost it asked again by itself.
held() {
	answered=$(grep -c '^200$' "$dir/$1")
	left=$(grep "path=/$1/" "$dir/log" | grep -c 'event=refused\|result=exhausted')
	[ "$1" != curl ] || left=0
	equal "$1: answered, or left to it by switch and rule" $count $((answered + left))
	none "$1: reasons but those two" "$(grep "path=/$1/" "$dir/log" |
		grep 'event=refused\|result=exhausted' | grep -v 'reason=disabled\|reason=method')"
	none "$1: seen twice without a reset" "$(grep "^request.* path=/$1/" "$dir/seen" |
		grep -v 'fault=reset' | sed 's/.* path=\([^ ]*\).*/\1/' | sort | uniq -d)"
	none "$1: POSTs seen twice" "$(grep "^request.* method=POST.* path=/$1/" "$dir/seen" |
		sed 's/.* path=\([^ ]*\).*/\1/' | sort | uniq -d)"
}

check_storm() {
	start_server --log "$dir/seen" --fault reset@every:9 --fault delay=5@1+
	rules='on = ["stale", "reset", "eof", "first-use"]; max_attempts = 8; total_timeout_ms = 20000;'
	rest='budget = { enabled = false; }; breaker = { enabled = false; };'
	echo "retry = { $rules backoff = { base_ms = 2; }; }; $rest" >"$dir/a.cfg"
	echo "retry = { $rules statuses = [503]; attempt_header = \"X-Try\"; }; $rest" >"$dir/b.cfg"
	write_nginx
	write_programs
	mkfifo "$dir/asked"
	: >"$dir/log"
	chmod 666 "$dir/log"
	scripts/redial --policy "$dir/a.cfg" --log "file:$dir/log" timeout 120 sh "$dir/programs" 2>"$dir/errors" &
	launched=$!
	ask_nginx &
	asker=$!
	turn_on_and_off
	wait "$launched"
	equal "nobody hangs: exit status" 0 $?
	launched=
	wait "$asker"
	at_least "turns" 12 "$turns"
	for client in curl requests node nginx; do
		at_least "saved of $client" 5 "$(grep -c "result=recovered.* path=/$client/" "$dir/log")"
	done
	at_least "left to the programs while it was off" 20 "$(grep -c reason=disabled "$dir/log")"
	for client in curl requests node nginx; do held $client; done
}

# told STATEMENT WANT SCRIPT-WORD...: what tests/switch/alone.py says, line by line.
told() {
	statement=$1 want=$2
	shift 2
	equal "$statement" "$want" "$(python3 -B tests/switch/alone.py "$@" "$port" "$dir" 2>&1 | paste -sd, | sed 's/,/, /g')"
}

# Two processes of a launch, of which one is asked, and then the launch.
check_one() {
	start_server --fault reset@every:5
	echo 'retry = { on = ["stale", "reset", "eof", "first-use"]; };' >"$dir/a.cfg"
	told "requests lost, by process: as begun; one off, alone; on again; all off; one of them on" \
		"none none, some none, none none, some some, none some" processes
}

# What they run has to be where any user may read it.
check_users() {
	if [ "$(id -u)" -ne 0 ] || ! command -v setpriv >/dev/null; then
		echo "     not root: other users' launches were not looked at"
		return
	fi
	mkdir "$dir/lib"
	cp build/libredial.so build/libredial-policy.so build/redial-policy build/redial-switch scripts/redial \
		tests/switch/asks.py "$dir/lib/"
	chmod -R a+rX "$dir/lib"
	told "another user's launch, switched off by root: status, requests lost; on again" \
		"0 some, 0 none" users 54321 0
	told "root's launch, by another user: status, requests lost; and the same" "3 none, 3 none" users 0 54321
	equal "who is refused is told why" 2 \
		"$(grep -c "is another user's: only that user and root can switch it" "$dir/refused")"
	told "a user's launch, by another one: status, requests lost" "3 none, 3 none" users 54321 54322
}

command -v nginx >/dev/null || fail "nginx is there"
check_storm
check_one
check_users
check_end
