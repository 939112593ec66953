#!/bin/sh
# SPDX-License-Identifier: MIT
# A download that breaks off goes on under retry.resume: nobody who asks nginx or Apache for a large
# file through a relay that cuts them off twenty times notices, and all have the right bytes. Where
# the rest cannot be proved to be of the same bytes, a program has what it has bare: its error, after
# exactly the bytes that it had.
cd "$(dirname "$0")/.." || exit 1
. tests/support/check.sh
# shellcheck source=tests/support/resume.sh
. tests/support/resume.sh
unset LD_PRELOAD REDIAL_POLICY REDIAL_DISABLE REDIAL_SHARED REDIAL_LOG REDIAL_STATE
PATH=$PATH:/usr/sbin:/sbin

megabytes=${RESUME_MB:-200}
bytes=$((megabytes * 1000000))
cuts=20
dir=$(mktemp -d) || exit 1
chmod 755 "$dir"
pids=
# shellcheck disable=SC2317,SC2329 # called by the trap
clean() {
	# shellcheck disable=SC2086 # a list
	[ -z "$pids" ] || kill $pids 2>/dev/null
	wait 2>/dev/null
	rm -rf "$dir"
}
trap clean EXIT
trap 'exit 2' INT TERM

# come FILE: waits for what a server writes once it listens.
come() {
	tries=0
	while [ ! -s "$1" ] && [ $tries -lt 200 ]; do
		sleep 0.05
		tries=$((tries + 1))
	done
	cat "$1"
}

mkdir "$dir/www"
head -c "$bytes" /dev/urandom >"$dir/www/file"
touch -d '2 days ago' "$dir/www/file"
sum=$(sha256sum <"$dir/www/file" | cut -d' ' -f1)
cat >"$dir/policy.cfg" <<-END
	retry = { resume = true; };
	log = { sink = "file:$dir/redial.log"; };
END

# A loopback address of this shell's own, so that no port has to be chosen.
at=127.$(($$ / 65536 % 128 + 64)).$(($$ / 256 % 256)).$(($$ % 254 + 1))
cat >"$dir/nginx.conf" <<-END
	daemon off;
	master_process off;
	pid $dir/nginx.pid;
	events {}
	http {
		access_log off;
		client_body_temp_path $dir/nginx-body;
		proxy_temp_path $dir/nginx-proxy;
		fastcgi_temp_path $dir/nginx-fastcgi;
		uwsgi_temp_path $dir/nginx-uwsgi;
		scgi_temp_path $dir/nginx-scgi;
		server {
			listen $at:4081;
			root $dir/www;
		}
	}
END
modules=/usr/lib/apache2/modules
cat >"$dir/apache.conf" <<-END
	ServerRoot $dir
	ServerName resume
	PidFile $dir/apache.pid
	ErrorLog $dir/apache.log
	LogLevel crit
	Listen $at:4082
	User www-data
	Group www-data
	LoadModule mpm_event_module $modules/mod_mpm_event.so
	LoadModule authz_core_module $modules/mod_authz_core.so
	DocumentRoot $dir/www
	StartServers 1
	ServerLimit 1
	ThreadLimit 8
	ThreadsPerChild 8
	MaxRequestWorkers 8
	MaxSpareThreads 8
END
nginx -c "$dir/nginx.conf" -e "$dir/nginx.log" >"$dir/said" 2>&1 &
pids="$pids $!"
apache2 -X -f "$dir/apache.conf" >"$dir/said" 2>&1 &
pids="$pids $!"
for port in 4081 4082; do
	curl -s --retry 50 --retry-connrefused --retry-delay 0 --retry-max-time 10 -I -o "$dir/said" \
		"http://$at:$port/file"
done

# cutter SERVER_PORT BYTES CUTS SEED: sets url.
cutter() {
	rm -f "$dir/port"
	python3 tests/resume/cutter.py "$dir/port" "$at:$1" "$2" "$3" "$4" &
	relay=$!
	url=http://127.0.0.1:$(come "$dir/port")/file
}

stop_cutter() {
	kill "$relay"
	wait "$relay" 2>/dev/null
}

get() {
	case $1 in
	curl) curl -sS -o "$2" "$url" ;;
	wget) wget -q --tries=1 -O "$2" "$url" ;;
	requests) /usr/bin/python3 tests/resume/get.py "$url" "$2" ;;
	node) node tests/resume/get.js "$url" "$2" ;;
	apt)
		/usr/lib/apt/apt-helper -q -o Acquire::Retries=0 -o APT::Sandbox::User=root \
			download-file "$url" "$2" "SHA256:$sum"
		;;
	esac
}

# run LIBRARY PROGRAM: "whole" or "broken"; what it has is in $dir/got.
run() (
	rm -f "$dir/got"
	export LD_PRELOAD="$1" REDIAL_POLICY="$dir/policy.cfg"
	# The shell itself is not to be preloaded: only what it starts is.
	get "$2" "$dir/got" >"$dir/said" 2>&1
	ended=$?
	unset LD_PRELOAD
	if [ $ended -eq 0 ] && cmp -s "$dir/got" "$dir/www/file"; then echo whole; else echo broken; fi
)

library=$PWD/build/libredial.so
seed=0
for server in nginx:4081 apache:4082; do
	for program in curl wget requests node apt; do
		seed=$((seed + 1))
		cutter "${server#*:}" $((bytes / 100 * 98)) $cuts $seed
		equal "$program bare, ${server%:*}, $megabytes MB, cut off $cuts times" broken \
			"$(run "" $program)"
		stop_cutter
		: >"$dir/redial.log"
		cutter "${server#*:}" $((bytes / 100 * 98)) $cuts $seed
		equal "$program under redial, the same" whole "$(run "$library" $program)"
		at_least "$program under redial: rests that were asked for" $cuts \
			"$(grep -c 'event=attempt.*cause=body.*resumed_at=' "$dir/redial.log")"
		stop_cutter
	done
done

# A file that another one replaces meanwhile, under the same name: not a byte of that.
size_of() { wc -c <"$dir/got"; }
cp -p "$dir/www/file" "$dir/before"
head -c "$bytes" /dev/urandom >"$dir/other"
touch -d '1 day ago' "$dir/other"
: >"$dir/redial.log"
cutter 4081 $((bytes / 10 * 8)) 1 0
rm -f "$dir/got"
LD_PRELOAD="$library" REDIAL_POLICY="$dir/policy.cfg" \
	curl -sS --limit-rate $((bytes / 2)) -o "$dir/got" "$url" 2>"$dir/said" &
program=$!
come "$dir/got" >/dev/null
mv "$dir/other" "$dir/www/file"
wait "$program"
# 56 is a reset, 18 an end before the end.
equal "a file that changes meanwhile: curl's exit status" 56 $?
at_least "a file that changes meanwhile: bytes that it has" $((bytes / 10 * 3)) "$(size_of)"
equal "a file that changes meanwhile: its bytes are those of before" 0 \
	"$(cmp -s -n "$(size_of)" "$dir/got" "$dir/before"; echo $?)"
equal "a file that changes meanwhile: the reason in the log" 1 \
	"$(grep -c 'result=exhausted.*reason=not-the-rest' "$dir/redial.log")"
stop_cutter

# Answers of all kinds, to programs that wait in all ways.
# policy TOTAL_TIMEOUT_MS
policy() {
	cat >"$dir/policy.cfg" <<-END
		retry = { resume = true; total_timeout_ms = $1; statuses = [503]; backoff = { base_ms = 5; }; };
		log = { sink = "file:$dir/redial.log"; };
	END
}
rm -f "$dir/port"
python3 tests/resume/server.py "$dir/port" &
pids="$pids $!"
port=$(come "$dir/port")

# asked LIBRARY HOW WAY...: "WAY BYTES right|WRONG ENDING" each.
asked() (
	export LD_PRELOAD="$1" REDIAL_POLICY="$dir/policy.cfg"
	shift
	timeout 60 python3 -B tests/resume/ask.py "$port" "$@"
)

goes_on="good good?reset date close http10 own own?reset gzip slow hints busy tail tail?reset"
ends="weak weak?reset young none nolength coding full gone tag tag?reset notag total total?reset place
	short chunked dead dead?reset never never?reset"
each_wait "$library"

# Bodies in chunks, which break off anywhere; by all calls, and by a few bytes at a time.
in_chunks="c-data c-data?reset c-last c-end c-cr c-next c-head c-twice c-close c-gzip"
torn="c-size c-ext c-trailer c-less c-less?reset c-over c-coding c-weak c-full c-tag c-place c-chunked c-date c-star
	c-part"
for how in block poll epoll edge select block:1000:readv poll:97:recvmsg epoll:31:read edge:30001 \
	select:5000:peek; do
	policy 5000
	# shellcheck disable=SC2086 # lists
	asked "$library" $how $in_chunks >"$dir/got"
	equal "$how: bodies in chunks that go on to their end" "$(echo "$in_chunks" | wc -w)" \
		"$(grep -c ' 300000 right whole$' "$dir/got")"
done
asked "$library" edge:1 c-cr c-data >"$dir/got"
equal "a body in chunks, byte by byte" 2 "$(grep -c ' 300000 right whole$' "$dir/got")"
# Who waits for all that it has room for waits for the end of the connection at last.
asked "$library" block:4099:all c-close >"$dir/got"
equal "a body in chunks, MSG_WAITALL" "c-close 300000 right whole" "$(cat "$dir/got")"
for how in block epoll; do
	# shellcheck disable=SC2086
	asked "" $how $torn >"$dir/bare"
	policy 500
	# shellcheck disable=SC2086
	asked "$library" $how $torn >"$dir/got"
	none "$how: bodies in chunks that cannot be gone on with end as bare" \
		"$(diff "$dir/bare" "$dir/got")"
	equal "$how: with the right bytes" "$(echo "$torn" | wc -w)" "$(grep -c right "$dir/got")"
done
policy 5000
python3 -c 'import sys
sys.path.insert(0, "tests/resume")
from server import BODY
sys.stdout.buffer.write(BODY)' >"$dir/www/file"
for program in curl wget requests node; do
	for way in c-data c-data?reset c-end c-twice; do
		url=http://127.0.0.1:$port/$way
		equal "$program, a body in chunks, $way, bare" broken "$(run "" $program)"
		equal "$program under redial, the same" whole "$(run "$library" $program)"
	done
done

check_end
