# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# For tests/check_tls.sh and check_https.sh, to be sourced from the top of the tree: certificates made
# for this run, and tests/tls/server.py with them, or another one ($tls_program).
export LC_ALL=C

dir=$(mktemp -d) || exit 1
tls_server=
stop_tls() {
	exec 8>&- 9<&-
	[ -z "$tls_server" ] || wait "$tls_server"
	rm -rf "$dir"
}
trap stop_tls EXIT
trap 'exit 2' INT TERM
lib=${REDIAL_TEST_LIBRARY:-$PWD/build/libredial.so}

make_key() {
	openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"
}

# authority NAME
authority() {
	make_key "$dir/$1" &&
		openssl req -x509 -new -key "$dir/$1.key" -days 2 -subj "/CN=$1" -out "$dir/$1.pem" \
			-addext basicConstraints=critical,CA:TRUE -addext keyUsage=keyCertSign
}

# certificate NAME AUTHORITY HOST
certificate() {
	printf 'subjectAltName=DNS:%s\nbasicConstraints=CA:FALSE\nauthorityKeyIdentifier=keyid\n' "$3" \
		>"$dir/extensions"
	make_key "$dir/$1" &&
		openssl req -new -key "$dir/$1.key" -subj "/CN=$3" -out "$dir/request" &&
		openssl x509 -req -in "$dir/request" -CA "$dir/$2.pem" -CAkey "$dir/$2.key" \
			-CAcreateserial -days 2 -extfile "$dir/extensions" -out "$dir/$1.pem"
}

{
	authority trusted && authority untrusted && certificate same trusted localhost &&
		certificate key trusted localhost && certificate name trusted elsewhere &&
		certificate authority untrusted localhost
} >"$dir/openssl" 2>&1 || { cat "$dir/openssl"; exit 1; }

mkfifo "$dir/orders" "$dir/answers"
/usr/bin/python3 -B "tests/tls/${tls_program:-server.py}" "$dir" <"$dir/orders" >"$dir/answers" &
tls_server=$!
exec 8>"$dir/orders" 9<"$dir/answers"
read -r tls_port <&9

# make_policy [LINE]: in $dir/redial.cfg: quick, with no end of attempts, and what it says in $dir/log.
make_policy() {
	cat >"$dir/redial.cfg" <<-END
		${1-}
		retry = { backoff = { base_ms = 5; }; };
		budget = { enabled = false; };
		breaker = { enabled = false; };
		log = { sink = "file:$dir/log"; };
	END
}

# order FAULT COUNT VERSION LATER: server.py has the words.
order() {
	echo "$@" >&8
	read -r _ <&9
	: >"$dir/log"
}

# seen: sets connections, requests, extra and resumed.
# shellcheck disable=SC2034 # for the caller
seen() {
	echo seen >&8
	read -r connections requests extra resumed <&9
}
