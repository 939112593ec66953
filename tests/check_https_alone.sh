#!/bin/sh
# SPDX-License-Identifier: MIT
# TLS sessions that no other one can stand in for, and libraries that are none which is known: they
# are left alone, and the program gets what it gets bare.
cd "$(dirname "$0")/.." || exit 1
. tests/support/check.sh
# shellcheck source=tests/support/tls.sh
. tests/support/tls.sh

cat >"$dir/redial.cfg" <<END
retry = { backoff = { base_ms = 5; }; };
budget = { enabled = false; };
breaker = { enabled = false; };
log = { sink = "file:$dir/log"; };
END

# with WORD... -- NAME=VALUE...: what it prints, in one line.
bare() {
	REDIAL_DISABLE=1 timeout 60 "$@" 2>"$dir/err" | tr '\n' ' '
}
redial() {
	REDIAL_POLICY=$dir/redial.cfg LD_PRELOAD=$lib timeout 60 "$@" 2>"$dir/err" | tr '\n' ' '
}

# same STATEMENT WANT GOT
same() {
	if [ "$2" = "$3" ]; then
		pass "$1: $3"
	else
		fail "$1: ${3:-nothing}, ${2:-nothing} wanted" "$(cat "$dir/err" "$dir/log")"
	fi
}

# conversation FAULT VERSION RUN WORD...: what is printed, and what the server has seen.
conversation() {
	order "$1" 1 "$2" same
	ran=$3
	shift 3
	got=$($ran "$@")
	seen
	got="$got, $connections connections, $requests"
}

alone=build/tests/tls/alone
three="hello hello hello , 2 connections, 1:GET/1,1:GET/2,2:GET/2,2:GET/3"

# left_alone WAY VERSION
left_alone() {
	conversation second:close "$2" bare "$alone" "$1" "$dir" "$tls_port"
	wanted=$got
	conversation second:close "$2" redial "$alone" "$1" "$dir" "$tls_port"
	same "$1, TLS $2, is as bare" "$wanted" "$got"
}

saved() {
	conversation second:close "$2" redial "$alone" "$1" "$dir" "$tls_port"
	same "$1, TLS $2, is saved" "$three" "$got"
}

for version in 1.2 1.3; do
	saved nothing $version
	for way in export finished peer-finished set-fd set-rfd set-wfd set-bio set0-bios \
		set0-rbio set0-wbio early-data early-data-late sendfile by-handle; do
		left_alone $way $version
		none "$way, TLS $version: nothing is told of it" "$(cat "$dir/log")"
	done
	# Those are found out when there is something to rescue.
	for way in quiet-shutdown shutdown kernel-sends kernel-receives child-goes-on; do
		left_alone $way $version
		none "$way, TLS $version: nothing is sent" "$(grep -v event=refused "$dir/log")"
	done
	saved kernel-neither $version
	saved child-exits $version
done
left_alone export-early 1.3
left_alone key-update 1.3
left_alone renegotiate 1.2
left_alone renegotiate-abbreviated 1.2

# names LIST: of a list of functions in tls/library.h.
names() {
	awk -v list="$1" '$0 ~ "^#define " list "\\(X\\)" { inside = 1 } inside {
		if (match($0, /X\([^,]*, [A-Za-z0-9_]+/)) {
			name = substr($0, RSTART, RLENGTH)
			sub(/.*, /, "", name)
			print name
		}
		if ($0 !~ /\\$/) inside = 0 }' preload/tls/library.h
}

# stand_in VERSION [NAME]: a libssl and a libcrypto that say they are of that version, and lack NAME.
stand_in() {
	rm -rf "$dir/in" && mkdir "$dir/in"
	for part in "crypto TLS_CALLED_OF_CRYPTO" "ssl TLS_HOOKED TLS_CALLED"; do
		of=${part%% *}
		for list in ${part#* }; do names "$list"; done | grep -vx -e OpenSSL_version -e "${2:--}" |
			sed 's/.*/int &(void) { return 0; }/' >"$dir/in/$of.c"
		if [ "$of" = crypto ]; then
			echo "const char *OpenSSL_version(void) { return \"$1\"; }" >>"$dir/in/crypto.c"
			link=
		else
			echo 'int SSL_get_peer_certificate(void) { return 0; }' >>"$dir/in/ssl.c"
			link=$dir/in/libcrypto.so.3
		fi
		gcc -w -shared -fPIC -fno-builtin -o "$dir/in/lib$of.so.3" "$dir/in/$of.c" \
			-Wl,-soname,lib$of.so.3 -Wl,--no-as-needed $link
	done
	gcc -O2 -o "$dir/in/program" tests/tls/stand_in.c "$dir/in/libssl.so.3" \
		-Wl,-rpath,"$dir/in" -Wl,--disable-new-dtags
}

# told STATEMENT WANT VERSION [NAME]: the lines of a program with that stand-in.
told() {
	stand_in "$3" "${4-}"
	order hello:alert 2 1.3 same
	redial "$dir/in/program" "$tls_port" >/dev/null
	came=$(sed 's/.*event=/event=/; s/ program=.*//' "$dir/log")
	same "$1" "$2" "$came"
}

left="event=tls result=left-alone file=$dir/in/libssl.so.3 error="
stand_in "OpenSSL 3.0.0"
at_least "functions of a stand-in" 30 "$(grep -c int "$dir/in/ssl.c")"
told "a libssl that has all is none to be told of" "" "OpenSSL 3.0.0"
for name in SSL_peek_ex SSL_clear BIO_s_mem; do
	told "a libssl without $name is told of once" "$left\"it lacks $name\"" "OpenSSL 3.0.0" $name
done
for version in "LibreSSL 3.6.0" "BoringSSL" "OpenSSL 1.1.1 (compatible; AWS-LC 1.40.0)" \
	"OpenSSL 1.0.2u" "OpenSSL 4.0.0"; do
	told "$version is told of once" "$left\"it is $version\"" "$version"
done

check_end
