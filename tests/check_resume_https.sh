#!/bin/sh
# SPDX-License-Identifier: MIT
# A download by https that breaks off goes on under retry.resume, in programs whose OpenSSL uses a
# socket or a BIO of their own: amid a record, by reset, by an end or by close_notify. Where the rest
# cannot be proved to be of the same bytes, or another server answers, a program has what it has bare:
# its error, after exactly the bytes that it had.
cd "$(dirname "$0")/.." || exit 1
. tests/support/check.sh
# shellcheck source=tests/support/resume.sh
. tests/support/resume.sh
unset LD_PRELOAD REDIAL_POLICY REDIAL_DISABLE REDIAL_SHARED REDIAL_LOG REDIAL_STATE
PATH=$PATH:/usr/sbin:/sbin
# shellcheck disable=SC2034 # for tls.sh
tls_program=../resume/server.py
# shellcheck source=tests/support/tls.sh
. tests/support/tls.sh

megabytes=${RESUME_MB:-50}
bytes=$((megabytes * 1000000))
cuts=20
pids=
# shellcheck disable=SC2317,SC2329 # called by the trap
clean() {
	# shellcheck disable=SC2086 # a list
	[ -z "$pids" ] || kill $pids 2>/dev/null
	stop_tls
}
trap clean EXIT
chmod 755 "$dir"

# policy TOTAL_TIMEOUT_MS
policy() {
	cat >"$dir/policy.cfg" <<-END
		retry = { resume = true; total_timeout_ms = $1; statuses = [503]; backoff = { base_ms = 5; }; };
		log = { sink = "file:$dir/redial.log"; };
	END
}

# server COMMAND: prints how many requests there were since the last one.
server() {
	echo "$*" >&8
	read -r answer <&9
	echo "$answer"
}

# Answers of all kinds, to programs that wait in all ways.
# asked LIBRARY HOW WAY...: "WAY BYTES right|WRONG ENDING" each.
asked() (
	export LD_PRELOAD="$1" REDIAL_POLICY="$dir/policy.cfg"
	shift
	timeout 60 /usr/bin/python3 -B tests/resume/ask.py "$tls_port:$dir" "$@"
)

goes_on="good good?reset good?notify good?part date close http10 own own?reset own?part gzip slow
	slow?part hints busy busy?notify tail tail?reset tail?notify tail?part"
ends="weak weak?reset weak?notify weak?part young none nolength coding full full?notify gone tag
	tag?reset tag?notify tag?part notag total total?reset place short chunked dead dead?reset
	dead?notify never never?reset never?notify"
each_wait "$lib"

# A program in C: however it calls the library, over a BIO of its own as well.
policy 5000
# called LIBRARY WAY PATH
called() (
	export LD_PRELOAD="$1" REDIAL_POLICY="$dir/policy.cfg"
	timeout 60 build/tests/tls/ask "$2" "$dir" "$tls_port" "path/$3" 2>&1 | tr '\n' ' '
)
whole="200 300000 $(called "" block whole | cut -d' ' -f3) "
for way in block poll epoll tls12 tls12,poll peek peek,poll small,poll pending own own,poll own,peek \
	own,tls12 own,pending ahead ahead,poll ahead,own,tls12; do
	for end in "" reset notify part; do
		told="$way, ended by ${end:-an end}"
		bare=$(called "" "$way" "good?$end")
		[ "$bare" != "$whole" ] || fail "$told: is broken off bare"
		got=$(called "$lib" "$way" "good?$end")
		none "$told: goes on" "$([ "$got" = "$whole" ] || echo "$got")"
		got=$(called "$lib" "$way" "tail?$end")
		none "$told: so it does where all of the rest is behind its head" \
			"$([ "$got" = "$whole" ] || echo "$got")"
		got=$(called "$lib" "$way" "tag?$end")
		none "$told: another file does not, and the error is that of bare" \
			"$([ "$got" = "$bare" ] || echo "$got; bare: $bare")"
	done
done

# Another server in its place: it gets no byte but a ClientHello.
for way in block poll own own,poll tls12; do
	for other in key name authority; do
		for end in reset part notify; do
			bare=$(called "" "$way" "good?$end")
			server certificate same >/dev/null
			got=$(called "$lib" "$way" "swap-$other?$end")
			none "$way, $end, the $other of another server: the error is that of bare" \
				"$([ "$got" = "$bare" ] || echo "$got; bare: $bare")"
			equal "$way, $end, the $other of another server: requests" 1 \
				"$(server certificate same)"
		done
	done
done

# A large file of nginx, through a relay that cuts it off.
mkdir "$dir/www"
head -c "$bytes" /dev/urandom >"$dir/www/file"
touch -d '2 days ago' "$dir/www/file"
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
			listen $at:4081 ssl;
			ssl_protocols TLSv1.2 TLSv1.3;
			ssl_certificate $dir/same.pem;
			ssl_certificate_key $dir/same.key;
			root $dir/www;
		}
	}
END
nginx -c "$dir/nginx.conf" -e "$dir/nginx.log" >"$dir/said" 2>&1 &
pids="$pids $!"
curl -s --retry 50 --retry-connrefused --retry-delay 0 --retry-max-time 10 -k -I -o "$dir/said" \
	"https://$at:4081/file"

# cutter BYTES CUTS SEED: sets url.
cutter() {
	rm -f "$dir/port"
	python3 tests/resume/cutter.py "$dir/port" "$at:4081" "$1" "$2" "$3" &
	relay=$!
	tries=0
	while [ ! -s "$dir/port" ] && [ $tries -lt 200 ]; do
		sleep 0.05
		tries=$((tries + 1))
	done
	url=https://localhost:$(cat "$dir/port")/file
}

stop_cutter() {
	kill "$relay"
	wait "$relay" 2>/dev/null
}

# run LIBRARY PROGRAM: "whole" or "broken"; what it has is in $dir/got.
run() (
	rm -f "$dir/got"
	export LD_PRELOAD="$1" REDIAL_POLICY="$dir/policy.cfg" REQUESTS_CA_BUNDLE="$dir/trusted.pem"
	# shellcheck disable=SC2086 # curl's options
	case $2 in
	curl*) curl -4 -sS ${2#curl} --cacert "$dir/trusted.pem" -o "$dir/got" "$url" ;;
	requests) /usr/bin/python3 tests/resume/get.py "$url" "$dir/got" ;;
	esac >"$dir/said" 2>&1
	ended=$?
	unset LD_PRELOAD
	if [ $ended -eq 0 ] && cmp -s "$dir/got" "$dir/www/file"; then echo whole; else echo broken; fi
)

seed=0
for program in curl 'curl --tls-max 1.2' requests; do
	seed=$((seed + 1))
	cutter $((bytes / 100 * 98)) $cuts $seed
	equal "$program bare, nginx, $megabytes MB, cut off $cuts times" broken "$(run "" "$program")"
	stop_cutter
	: >"$dir/redial.log"
	cutter $((bytes / 100 * 98)) $cuts $seed
	equal "$program under redial, the same" whole "$(run "$lib" "$program")"
	at_least "$program under redial: rests that were asked for" $((cuts - 2)) \
		"$(grep -c 'event=attempt.*cause=body.*resumed_at=.*tls=1' "$dir/redial.log")"
	stop_cutter
done

# A file that another one replaces meanwhile, under the same name: not a byte of that.
size_of() { wc -c <"$dir/got"; }
cp -p "$dir/www/file" "$dir/before"
head -c "$bytes" /dev/urandom >"$dir/other"
touch -d '1 day ago' "$dir/other"
: >"$dir/redial.log"
cutter $((bytes / 10 * 8)) 1 0
rm -f "$dir/got"
LD_PRELOAD="$lib" REDIAL_POLICY="$dir/policy.cfg" \
	curl -4 -sS --cacert "$dir/trusted.pem" --limit-rate $((bytes / 2)) -o "$dir/got" "$url" \
	2>"$dir/said" &
program=$!
tries=0
while [ ! -s "$dir/got" ] && [ $tries -lt 200 ]; do
	sleep 0.05
	tries=$((tries + 1))
done
mv "$dir/other" "$dir/www/file"
wait "$program"
equal "a file that changes meanwhile: curl's exit status" 56 $?
at_least "a file that changes meanwhile: bytes that it has" $((bytes / 10 * 3)) "$(size_of)"
equal "a file that changes meanwhile: its bytes are those of before" 0 \
	"$(cmp -s -n "$(size_of)" "$dir/got" "$dir/before"; echo $?)"
equal "a file that changes meanwhile: the reason in the log" 1 \
	"$(grep -c 'result=exhausted.*reason=not-the-rest' "$dir/redial.log")"
stop_cutter

check_end
