# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# For findings/*.sh, to be sourced: a temporary folder, packages into it, a server, and what is
# expected. No redial here: what is recorded is what the packages do by themselves.

unset LD_PRELOAD
support=$(cd "$(dirname "$0")/support" && pwd) || exit 1
tmp=$(mktemp -d) || exit 1
changed=0
server=
started=

stop_server() {
	[ -z "$server" ] || kill "$server" 2>/dev/null
	[ -z "$server" ] || wait "$server" 2>/dev/null
	server=
}

stop_all() {
	for pid in $started; do
		kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
	done
	stop_server
}

trap 'stop_all; rm -rf "$tmp"' EXIT
trap 'exit 1' INT TERM

need() {
	"$@" >"$tmp/need" 2>&1 && return
	echo "could not set up: $*"
	tail -5 "$tmp/need"
	exit 1
}

# get_pip PACKAGE==VERSION...: for $python.
get_pip() {
	need python3 -m venv "$tmp/venv"
	python=$tmp/venv/bin/python
	need "$python" -m pip install -q --disable-pip-version-check "$@"
	echo "$("$python" -V), $*"
}

# get_npm PACKAGE@VERSION...: for scripts run in $tmp.
get_npm() {
	need npm install --silent --no-audit --no-fund --prefix "$tmp" "$@"
	echo "Node $(node -v), $*"
}

# get_maven GROUP:ARTIFACT:VERSION...: into $tmp/lib.
get_maven() {
	{
		echo '<project><modelVersion>4.0.0</modelVersion><groupId>find</groupId>'
		echo '<artifactId>find</artifactId><version>1</version><dependencies>'
		for artifact; do
			echo '<dependency>'
			echo "$artifact" | awk -F: '{
				print "<groupId>" $1 "</groupId><artifactId>" $2 "</artifactId>"
				print "<version>" $3 "</version>" }'
			echo '</dependency>'
		done
		echo '</dependencies></project>'
	} >"$tmp/pom.xml"
	need mvn -q -B -f "$tmp/pom.xml" dependency:copy-dependencies "-DoutputDirectory=$tmp/lib"
	java -version 2>&1 | head -1
	[ $# -eq 0 ] || echo "$*"
}

# get_cargo 'CRATE = SPEC' <main.rs: builds $tmp/crate/target/debug/find.
get_cargo() {
	mkdir -p "$tmp/crate/src"
	cat >"$tmp/crate/src/main.rs"
	printf '[package]\nname = "find"\nversion = "0.0.0"\nedition = "2021"\n[dependencies]\n%s\n' \
		"$1" >"$tmp/crate/Cargo.toml"
	need env CARGO_TARGET_DIR="$tmp/crate/target" \
		cargo build -q --manifest-path "$tmp/crate/Cargo.toml"
	echo "$(cargo -V), $1"
}

# get_deb PACKAGE=VERSION...: of Debian 12, unpacked in $tmp/deb, not installed, their libraries in
# $libs; what they need of other packages must be named or be there. After `apt-get update`.
get_deb() {
	mkdir -p "$tmp/deb"
	(cd "$tmp/deb" && need apt-get -qq download "$@") || exit 1
	for package in "$tmp/deb/"*.deb; do
		need dpkg -x "$package" "$tmp/deb"
	done
	libs=$(echo "$tmp"/deb/usr/lib/*-linux-gnu*)
	export libs
	echo "Debian $(cat /etc/debian_version), $*"
}

# get_go PACKAGE@VERSION... <main.go: builds $tmp/go/find.
get_go() {
	mkdir -p "$tmp/go"
	cat >"$tmp/go/main.go"
	printf 'module find\n' >"$tmp/go/go.mod"
	for package; do
		(cd "$tmp/go" && need go get "$package") || exit 1
	done
	(cd "$tmp/go" && need go build -o find .) || exit 1
	echo "$(go env GOVERSION), $*"
}

# start PORT COMMAND...: runs it until the end of the script; returns once PORT is open.
start() {
	start_port=$1
	shift
	"$@" >"$tmp/started" 2>&1 &
	started="$started $!"
	until python3 -c 'import socket, sys
socket.create_connection(("127.0.0.1", sys.argv[1]))' "$start_port" 2>"$tmp/null"; do
		sleep 0.1
		kill -0 $! 2>/dev/null && continue
		echo "could not set up: $*"
		tail -5 "$tmp/started"
		exit 1
	done
}

free_port() {
	python3 -c 'import socket
s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1])'
}

# serve <HANDLER: starts peer.py, waits until it listens; its port in $port. Starts the log anew.
serve() {
	stop_server
	rm -f "$tmp/port" "$tmp/seen"
	cat >"$tmp/handler.py"
	python3 "$support/peer.py" "$tmp/handler.py" "$tmp/port" "$tmp/seen" &
	server=$!
	until [ -s "$tmp/port" ]; do
		kill -0 "$server" 2>/dev/null || exit 1
		sleep 0.05
	done
	port=$(cat "$tmp/port")
	export port
}

# run COMMAND...: in the temporary folder, at most a minute.
run() {
	(cd "$tmp" && timeout 60 "$@" 2>&1)
}

# run_java FILE.java [ARGUMENT...]: one source file, with the artifacts of get_maven.
run_java() {
	run java -cp "$tmp/lib/*" "$@" | grep -v SLF4J
}

# reads METHOD PATH: how often the server has read such a request; conns PATH: over how many
# connections its requests came.
reads() {
	awk -v m="$1" -v p="$2" '$3 == m && $4 == p { n++ } END { print n + 0 }' "$tmp/seen"
}

conns() {
	awk -v p="$1" '$4 == p { seen[$1] = 1 } END { for (c in seen) n++; print n + 0 }' "$tmp/seen"
}

# expect STATEMENT WANT GOT
expect() {
	if [ "$2" = "$3" ]; then
		printf 'as recorded: %s: %s\n' "$1" "$3"
	else
		changed=1
		printf 'CHANGED: %s: %s (recorded: %s)\n' "$1" "$3" "$2"
	fi
}

find_end() {
	exit $changed
}
