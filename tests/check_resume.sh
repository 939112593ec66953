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

megabytes=${RESUME_MB:-200}
lib=$PWD/build/libredial.so
where=http://127.0.0.1
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

make_file
sum=$(sha256sum <"$dir/www/file" | cut -d' ' -f1)
cat >"$dir/policy.cfg" <<-END
	retry = { resume = true; };
	log = { sink = "file:$dir/redial.log"; };
END
# shellcheck disable=SC2119 # it is http
start_nginx
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
apache2 -X -f "$dir/apache.conf" >"$dir/said" 2>&1 &
pids="$pids $!"
listening "http://$at:4081/file"
listening "http://$at:4082/file"

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

seed=0
for server in nginx:4081 apache:4082; do
	for program in curl wget requests node apt; do
		seed=$((seed + 1))
		cut_off $program "${server%:*}" "${server#*:}" $seed $cuts
	done
done
changes_meanwhile

# Answers of all kinds, to programs that wait in all ways.
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
each_wait

# Bodies in chunks, which break off anywhere; by all calls, and by a few bytes at a time.
in_chunks="c-data c-data?reset c-last c-end c-cr c-next c-head c-twice c-close c-gzip"
torn="c-size c-ext c-trailer c-less c-less?reset c-over c-coding c-weak c-full c-tag c-place c-chunked c-date c-star
	c-part"
for how in block poll epoll edge select block:1000:readv poll:97:recvmsg epoll:31:read edge:30001 \
	select:5000:peek; do
	policy 5000
	# shellcheck disable=SC2086 # lists
	asked "$lib" $how $in_chunks >"$dir/got"
	equal "$how: bodies in chunks that go on to their end" "$(echo "$in_chunks" | wc -w)" \
		"$(grep -c ' 300000 right whole$' "$dir/got")"
done
asked "$lib" edge:1 c-cr c-data >"$dir/got"
equal "a body in chunks, byte by byte" 2 "$(grep -c ' 300000 right whole$' "$dir/got")"
# Who waits for all that it has room for waits for the end of the connection at last.
asked "$lib" block:4099:all c-close >"$dir/got"
equal "a body in chunks, MSG_WAITALL" "c-close 300000 right whole" "$(cat "$dir/got")"
for how in block epoll; do
	# shellcheck disable=SC2086
	asked "" $how $torn >"$dir/bare"
	policy 500
	# shellcheck disable=SC2086
	asked "$lib" $how $torn >"$dir/got"
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
		equal "$program under redial, the same" whole "$(run "$lib" $program)"
	done
done

check_end
