#!/bin/sh
# SPDX-License-Identifier: MIT
# redial rehearse as its user meets it: the failures are made, redial saves them, bare the program has
# them; no request reaches the server twice that may not; table, page and exit statuses are right.
cd "$(dirname "$0")/.." || exit 1
. tests/support/check.sh
export LC_ALL=C
unset LD_PRELOAD REDIAL_POLICY REDIAL_DISABLE REDIAL_LIBDIR REDIAL_SHARED REDIAL_LOG REDIAL_REHEARSE

dir=$(mktemp -d) || exit 1
server=
# shellcheck disable=SC2317,SC2329 # called by the trap
clean() {
	[ -z "$server" ] || kill "$server" 2>/dev/null
	rm -rf "$dir"
}
trap clean EXIT
trap 'exit 2' INT TERM
export TMPDIR="$dir"

# start [PEM]: a server that counts what reaches it; sets port.
start() {
	[ -z "$server" ] || kill "$server"
	mkfifo "$dir/said"
	python3 -B tests/rehearse/server.py "$@" >"$dir/said" 2>"$dir/server" &
	server=$!
	read -r port <"$dir/said"
	rm "$dir/said"
	url=http://127.0.0.1:$port
}

# rehearsed OPTION... -- COMMAND...: sets status; its table in $dir/table, its JSON in $dir/json.
rehearsed() {
	timeout 60 scripts/redial rehearse --report "$dir/json" --html "$dir/page.html" "$@" \
		>"$dir/out" 2>"$dir/table"
	status=$?
}

# json EXPRESSION: of the report.
json() { python3 -c 'import json, sys
report = json.load(open(sys.argv[1]))
print(eval(sys.argv[2]))' "$dir/json" "$1"; }

# repeated METHOD: requests of that method that have reached the server more than once; forgets all.
repeated() {
	curl -s "$url/counts" | awk -v method="$1" '$1 == method && $3 > 1'
	curl -s "$url/forget" >/dev/null
}

# saves WHAT COMMAND...: at every 4th chance, and nothing reaches the program.
saves() {
	what=$1
	shift
	rehearsed --fault stale@every:4 --fault reset@every:5 --fault eof@every:6 -- "$@"
	equal "$what: exit status" 0 "$status"
	at_least "$what: failures made" 3 "$(json 'report["made"]')"
	equal "$what: failures given to it" 0 "$(json 'report["given"]')"
	equal "$what: it says" "all well" "$(tail -n 1 "$dir/out")"
	none "$what: no POST reached the server twice" "$(repeated POST)"
}

# meets WHAT COMMAND...: the same bare, and the program sees them.
meets() {
	what=$1
	shift
	rehearsed --bare --fault stale@every:4 --fault reset@every:5 --fault eof@every:6 -- "$@"
	equal "$what, bare: exit status" 1 "$status"
	at_least "$what, bare: failures given to it" 3 "$(json 'report["given"]')"
	equal "$what, bare: none is said to be saved" 0 "$(json 'report["saved"]')"
	equal "$what, bare: it says" "failed" "$(tail -n 1 "$dir/out" | cut -d' ' -f1)"
	none "$what, bare: no POST reached the server twice" "$(repeated POST)"
}

check_clients() {
	saves "http.client" python3 -B tests/rehearse/client.py "$url" 40
	meets "http.client" python3 -B tests/rehearse/client.py "$url" 40
	if [ -x build/venv/bin/python ] && build/venv/bin/python -c 'import requests' 2>/dev/null; then
		saves "requests" build/venv/bin/python -B tests/rehearse/session.py "$url" 40
		meets "requests" build/venv/bin/python -B tests/rehearse/session.py "$url" 40
	elif python3 -c 'import requests' 2>/dev/null; then
		saves "requests" python3 -B tests/rehearse/session.py "$url" 40
		meets "requests" python3 -B tests/rehearse/session.py "$url" 40
	else
		echo "     requests is not installed: it was not looked at"
	fi
	if command -v node >/dev/null; then
		saves "Node's http.Agent" node tests/rehearse/agent.js "$port" 40
		meets "Node's http.Agent" node tests/rehearse/agent.js "$port" 40
	else
		echo "     node is not installed: it was not looked at"
	fi
	saves "four threads" python3 -B tests/rehearse/client.py "$url" 30 4
}

# curl repeats a GET by itself when a used connection fails: what it had is told by the table alone.
check_curl() {
	rehearsed -- curl -s "$url/c[1-30]"
	equal "curl: exit status" 0 "$status"
	at_least "curl: failures made" 4 "$(json 'report["made"]')"
	equal "curl: saved are all" "$(json 'report["made"]')" "$(json 'report["saved"]')"
	equal "curl: its own output is left alone" "$(printf 'hello%.0s' $(seq 30))" "$(cat "$dir/out")"
	rehearsed -- curl -s "$url/once"
	equal "exit status if no connection is used again" 3 "$status"
	rehearsed --fault reset@every:1000 -- curl -s "$url/c[1-5]"
	equal "exit status if no fault came about" 2 "$status"
	rehearsed --fault stale@every:3 -- sh -c 'for i in 1 2 3 4; do curl -s "$0/a" "$0/b"; done' "$url"
	equal "processes have their chances together: failures made" 1 "$(json 'report["made"]')"
}

# Blocking, and waiting by poll, select and edges of epoll; bare each has what it met in its output.
check_c() {
	for kind in blocking poll select epollet; do
		program=build/tests/clients/${kind}_client
		rehearsed --fault stale@every:4 --fault reset@every:5 --fault eof@every:6 -- \
			"$program" "$url/$kind" 40
		equal "a C client ($kind): exit status" 0 "$status"
		at_least "a C client ($kind): failures made" 6 "$(json 'report["made"]')"
		equal "a C client ($kind): saved are all" "$(json 'report["made"]')" \
			"$(json 'report["saved"]')"
		rehearsed --bare --fault stale@every:4 -- "$program" "$url/$kind" 40
		equal "a C client ($kind), bare: exit status" 1 "$status"
	done
}

# It goes into the same processes as libredial.so, and is to load wherever that does.
check_library() {
	library=build/libredial-rehearse.so
	none "it needs no library" "$(readelf -dW $library | grep '(NEEDED)')"
	none "it references no version" "$(readelf -SW $library | grep '\.gnu\.version_r')"
	none "it references only what every libc has" "$(readelf -W --dyn-syms $library |
		awk '$7 == "UND" && $8 { sub(/@.*/, "", $8); print $8, $5 }' | grep -vxE \
		'__errno_location GLOBAL|(dlsym|__libc_dlsym|__libc_dlopen_mode|environ|clock_gettime|dl_iterate_phdr) WEAK')"
	none "what it exports is hooked by libredial.so as well" "$(readelf -W --dyn-syms $library |
		awk '$7 ~ /^[0-9]+$/ && $5 != "LOCAL" { print $8 }' | while read -r name; do
		sh preload/hooks/exports.sh names preload/hooks/symbols.def | grep -qx "$name" ||
			echo "$name"
	done)"
	none "nothing of it is in libredial.so" "$(strings -a build/libredial.so | grep REDIAL_REHEARSE)"
}

check_lost() {
	printf 'retry = { max_attempts = 1; };\n' >"$dir/one.cfg"
	rehearsed --policy "$dir/one.cfg" -- python3 -B tests/rehearse/client.py "$url" 40
	equal "exit status if something is lost that could be saved" 1 "$status"
	log=$(sed -n 's/^the log *//p' "$dir/table")
	at_least "the log is kept, with so many faults" 1 "$(grep -c event=fault "$log")"
	printf 'retry = { on = ["reset", "eof"]; };\n' >"$dir/on.cfg"
	rehearsed --policy "$dir/on.cfg" --fault stale -- \
		python3 -B tests/rehearse/client.py "$url" 40
	equal "exit status if the policy gives it to the program" 0 "$status"
	at_least "the reason is the policy's" 1 "$(grep -c 'cause [0-9]' "$dir/table")"
	printf 'nonsense\n' >"$dir/bad.cfg"
	rehearsed --policy "$dir/bad.cfg" -- true
	equal "exit status of a bad policy is the launcher's" 78 "$status"
	rehearsed -- "$dir/missing"
	equal "exit status of a missing command is the launcher's" 127 "$status"
	scripts/redial rehearse --fault nonsense -- true 2>/dev/null
	equal "exit status of wrong usage" 64 $?
}

check_other_faults() {
	cc -D_GNU_SOURCE -o "$dir/names" tests/rehearse/names.c || return
	printf 'retry = { on = ["stale", "reset", "eof", "connect", "dns", "response-timeout"];
		response_timeout_ms = 200; };\n' >"$dir/more.cfg"
	rehearsed --policy "$dir/more.cfg" --fault connect@every:3 -- sh -c \
		'for i in 1 2 3 4; do curl -s "$0/connect"; done' "$url"
	equal "connect: saved" "1 of 1" "$(json '"%d of %d" % (report["saved"], report["made"])')"
	rehearsed --fault connect@every:3 -- sh -c 'for i in 1 2 3; do curl -s "$0/c"; done' "$url"
	equal "connect, of which the policy says nothing: given" 1 "$(json 'report["given"]')"
	equal "connect, of which the policy says nothing: exit status" 0 "$status"
	rehearsed --policy "$dir/more.cfg" --fault dns@every:1 -- python3 -c \
		'import socket; socket.getaddrinfo("localhost", 80)'
	equal "dns: saved" "1 of 1" "$(json '"%d of %d" % (report["saved"], report["made"])')"
	for call in gethostbyname gethostbyname2 gethostbyname_r gethostbyname2_r; do
		rehearsed --policy "$dir/more.cfg" --fault dns@every:1 -- "$dir/names" $call
		equal "dns, by $call: saved, and what it has" "1 of 1 127.0.0.1" \
			"$(json '"%d of %d" % (report["saved"], report["made"])') $(cat "$dir/out")"
		rehearsed --bare --fault dns@every:1 -- "$dir/names" $call
		equal "dns, by $call, bare" "for the moment" "$(cat "$dir/out")"
	done
	rehearsed --bare --fault dns@every:1 -- python3 -c \
		'import socket; socket.getaddrinfo("localhost", 80)'
	equal "dns, bare: the command's exit status is told" 1 \
		"$(sed -n 's/^the command *exit status //p' "$dir/table")"
	rehearsed --policy "$dir/more.cfg" --fault silent@every:8 -- \
		python3 -B tests/rehearse/client.py "$url" 20
	at_least "silent: saved" 1 "$(json 'report["saved"]')"
	equal "silent: exit status" 0 "$status"
}

check_ends() {
	# On a busy machine the command's start alone may take longer.
	for seconds in 0.6 3 15; do
		rehearsed --for $seconds --fault stale@every:2 -- \
			python3 -B tests/rehearse/client.py "$url" 1000000
		[ "$(json 'report["made"]')" = 0 ] || break
	done
	equal "--for: exit status" 0 "$status"
	at_least "--for: failures made" 1 "$(json 'report["made"]')"
	equal "--for: it is told" 1 "$(grep -c 'its time was over' "$dir/table")"
	curl -s "$url/forget" >/dev/null
	# What a shell starts in the background has SIGINT ignored: Ctrl-C is for what has not.
	python3 -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])' \
		scripts/redial rehearse --fault stale@every:2 --report "$dir/json" -- \
		python3 -B tests/rehearse/client.py "$url" 1000000 >"$dir/out" 2>"$dir/table" &
	rehearsal=$!
	i=0
	while [ $i -lt 200 ] && ! curl -s "$url/counts" | grep -q 'POST /20 '; do
		i=$((i + 1))
		sleep 0.05
	done
	kill -INT $rehearsal
	wait $rehearsal
	equal "Ctrl-C: exit status" 0 $?
	at_least "Ctrl-C: failures made" 1 "$(json 'report["made"]')"
	equal "Ctrl-C: it is told" 1 "$(grep -c 'as asked' "$dir/table")"
}

# The key itself, at a terminal, which tells all of its foreground.
check_terminal() {
	curl -s "$url/forget" >/dev/null
	equal "Ctrl-C at a terminal: exit status, table, judgement" "0 1 1" \
		"$(timeout 60 python3 -B tests/rehearse/terminal.py "$url" scripts/redial rehearse \
			--fault stale@every:2 -- \
			python3 -B tests/rehearse/client.py "$url" 1000000)"
	curl -s "$url/forget" >/dev/null
}

# Is there a browser? Then it draws the page.
browser() {
	for name in chromium chromium-browser google-chrome; do
		command -v $name && return
	done
}

check_page() {
	rehearsed --fault stale@every:3 -- python3 -B tests/rehearse/client.py "$url" 40 '<&">'
	at_least "the page has so many bars" 1 "$(grep -c '<rect class="saved" x' "$dir/page.html")"
	none "the page fetches nothing and runs nothing" \
		"$(grep -inE 'https?://[^1]|<script|<link|<img|src=|url\(' "$dir/page.html")"
	equal "the page shows words as they are" 1 "$(grep -c '&lt;&amp;&quot;&gt;' "$dir/page.html")"
	equal "the page has the judgement" 1 \
		"$(grep -cF "$(tail -n 1 "$dir/table")" "$dir/page.html")"
	program=$(browser)
	if [ -z "$program" ]; then
		echo "     no browser is installed: the page was not drawn"
		return
	fi
	timeout 60 "$program" --headless --no-sandbox --disable-gpu --user-data-dir="$dir/browser" \
		--dump-dom "file://$dir/page.html" >"$dir/dom" 2>"$dir/browser.err"
	at_least "a browser has so many bars of it" 1 "$(grep -c '<rect class="saved" x' "$dir/dom")"
	equal "a browser has its table" 1 "$(grep -c '<tbody>' "$dir/dom")"
}

# Of TLS records alone are seen, and nothing but stale is made.
check_tls() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
		-addext subjectAltName=DNS:localhost -addext basicConstraints=CA:TRUE \
		-keyout "$dir/key" -out "$dir/cert" 2>/dev/null
	cat "$dir/key" "$dir/cert" >"$dir/pem"
	start "$dir/pem"
	url=https://localhost:$port
	export SSL_CERT_FILE="$dir/cert" CURL_CA_BUNDLE="$dir/cert"
	rehearsed -- curl --http1.1 -s "$url/tls[1-30]"
	equal "curl by https: exit status" 0 "$status"
	at_least "curl by https: failures made" 3 "$(json 'report["made"]')"
	equal "curl by https: the table says of which kind alone" 1 "$(grep -c '^TLS .* stale alone' "$dir/table")"
	equal "curl by https: saved are all" "$(json 'report["made"]')" "$(json 'report["saved"]')"
	saves_tls
}

saves_tls() {
	rehearsed -- python3 -B tests/rehearse/client.py "$url" 40
	equal "http.client by https: it says" "all well" "$(tail -n 1 "$dir/out")"
	equal "http.client by https: exit status" 0 "$status"
	at_least "http.client by https: saved" 3 "$(json 'report["saved"]')"
	none "http.client by https: no POST reached the server twice" "$(repeated POST)"
	rehearsed --bare -- python3 -B tests/rehearse/client.py "$url" 40
	equal "http.client by https, bare: it says" "failed" \
		"$(tail -n 1 "$dir/out" | cut -d' ' -f1)"
	none "http.client by https, bare: no POST reached the server twice" "$(repeated POST)"
}

start
check_clients
check_curl
check_c
check_library
check_lost
check_other_faults
check_ends
check_terminal
check_page
check_tls
check_end
