# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# For tests/check_resume*.sh, to be sourced behind check.sh: bodies that break off, read in each way of
# waiting, and large files that a relay cuts off. Of the caller's are $dir, $lib, $pids, and $megabytes
# of a file; `get PROGRAM FILE`, which fetches $url; and $where, what stands before the port in that.

unset LD_PRELOAD REDIAL_POLICY REDIAL_DISABLE REDIAL_SHARED REDIAL_LOG REDIAL_STATE
PATH=$PATH:/usr/sbin:/sbin
cuts=20
# A loopback address of this shell's own, so that no port has to be chosen.
at=127.$(($$ / 65536 % 128 + 64)).$(($$ / 256 % 256)).$(($$ % 254 + 1))

# policy TOTAL_TIMEOUT_MS
policy() {
	cat >"$dir/policy.cfg" <<-END
		retry = { resume = true; total_timeout_ms = $1; statuses = [503]; backoff = { base_ms = 5; }; };
		log = { sink = "file:$dir/redial.log"; };
	END
}

# come FILE: waits for what is written to it.
come() {
	tries=0
	while [ ! -s "$1" ] && [ $tries -lt 200 ]; do
		sleep 0.05
		tries=$((tries + 1))
	done
	cat "$1"
}

# each_wait: of tests/resume/server.py's bodies those of $goes_on go on under redial, and those of
# $ends end as bare. `asked` is the caller's.
each_wait() {
	for how in block poll epoll select; do
		# shellcheck disable=SC2086 # lists
		asked "" $how $goes_on $ends >"$dir/bare"
		policy 5000
		# shellcheck disable=SC2086
		asked "$lib" $how $goes_on >"$dir/got"
		equal "$how: bodies that go on to their end" "$(echo "$goes_on" | wc -w)" \
			"$(grep -c ' 300000 right whole$\| 299000 right whole$' "$dir/got")"
		policy 500
		# shellcheck disable=SC2086
		asked "$lib" $how $ends >"$dir/got"
		none "$how: what cannot be gone on with ends as bare: the same bytes, the same error" \
			"$(grep -vxFf "$dir/bare" "$dir/got")"
		equal "$how: so many were asked" "$(echo "$ends" | wc -w)" "$(grep -c right "$dir/got")"
	done
}

# make_file: $dir/www/file, which nginx and Apache are to serve.
make_file() {
	bytes=$((megabytes * 1000000))
	mkdir "$dir/www"
	head -c "$bytes" /dev/urandom >"$dir/www/file"
	touch -d '2 days ago' "$dir/www/file"
}

# start_nginx [LISTENS] [MORE]: at port 4081; what stands behind that, and further lines.
start_nginx() {
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
				listen $at:4081 ${1-};
				${2-}
				root $dir/www;
			}
		}
	END
	nginx -c "$dir/nginx.conf" -e "$dir/nginx.log" >"$dir/said" 2>&1 &
	pids="$pids $!"
}

# listening URL: waits until that answers.
listening() {
	curl -s --retry 50 --retry-connrefused --retry-delay 0 --retry-max-time 10 -k -I \
		-o "$dir/said" "$1"
}

# cutter SERVER_PORT BYTES CUTS SEED: sets url.
cutter() {
	rm -f "$dir/port"
	python3 tests/resume/cutter.py "$dir/port" "$at:$1" "$2" "$3" "$4" &
	relay=$!
	url=$where:$(come "$dir/port")/file
}

stop_cutter() {
	kill "$relay"
	wait "$relay" 2>/dev/null
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

# cut_off PROGRAM SERVER PORT SEED RESTS: the file breaks off bare, and comes whole under redial, by at
# least so many rests.
cut_off() {
	cutter "$3" $((bytes / 100 * 98)) $cuts "$4"
	equal "$1 bare, $2, $megabytes MB, cut off $cuts times" broken "$(run "" "$1")"
	stop_cutter
	: >"$dir/redial.log"
	cutter "$3" $((bytes / 100 * 98)) $cuts "$4"
	equal "$1 under redial, the same" whole "$(run "$lib" "$1")"
	at_least "$1 under redial: rests that were asked for" "$5" \
		"$(grep -c 'event=attempt.*cause=body.*resumed_at=' "$dir/redial.log")"
	stop_cutter
}

# The file is replaced by another one meanwhile, under the same name: not a byte of that.
changes_meanwhile() {
	cp -p "$dir/www/file" "$dir/before"
	head -c "$bytes" /dev/urandom >"$dir/other"
	touch -d '1 day ago' "$dir/other"
	: >"$dir/redial.log"
	cutter 4081 $((bytes / 10 * 8)) 1 0
	rm -f "$dir/got"
	LD_PRELOAD="$lib" REDIAL_POLICY="$dir/policy.cfg" curl -4 -sS --cacert "$dir/trusted.pem" \
		--limit-rate $((bytes / 2)) -o "$dir/got" "$url" 2>"$dir/said" &
	program=$!
	come "$dir/got" >/dev/null
	mv "$dir/other" "$dir/www/file"
	wait "$program"
	# 56 is a reset, 18 an end before the end.
	equal "a file that changes meanwhile: curl's exit status" 56 $?
	has=$(wc -c <"$dir/got")
	at_least "a file that changes meanwhile: bytes that it has" $((bytes / 10 * 3)) "$has"
	equal "a file that changes meanwhile: its bytes are those of before" 0 \
		"$(cmp -s -n "$has" "$dir/got" "$dir/before"; echo $?)"
	equal "a file that changes meanwhile: the reason in the log" 1 \
		"$(grep -c 'result=exhausted.*reason=not-the-rest' "$dir/redial.log")"
	stop_cutter
}
