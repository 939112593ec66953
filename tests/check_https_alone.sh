#!/bin/sh
# SPDX-License-Identifier: MIT
# TLS sessions that no other one can stand in for, and libraries that are none which is known: they
# are left alone, and the program gets what it gets bare.
cd "$(dirname "$0")/.." || exit 1
. tests/support/check.sh
# shellcheck source=tests/support/tls.sh
. tests/support/tls.sh
# shellcheck source=tests/support/older.sh
. tests/support/older.sh

make_policy

# with WORD... -- NAME=VALUE...: what it prints, in one line.
bare() {
	REDIAL_DISABLE=1 timeout 60 "$@" 2>"$dir/err" | tr '\n' ' '
}
redial() {
	REDIAL_POLICY=${policy:-$dir/redial.cfg} LD_PRELOAD=$lib timeout 60 "$@" 2>"$dir/err" | tr '\n' ' '
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
	# An answer that was read by the handle is not asked for again behind the next write.
	conversation later:reset $version bare "$alone" by-handle "$dir" "$tls_port"
	wanted=$got
	conversation later:reset $version redial "$alone" by-handle "$dir" "$tls_port"
	same "by-handle, TLS $version, that writes to a dead connection, is as bare" "$wanted" "$got"
	# Those are found out when there is something to rescue.
	for way in quiet-shutdown shutdown kernel-sends kernel-receives child-goes-on; do
		left_alone $way $version
		none "$way, TLS $version: nothing is sent" "$(grep -v event=refused "$dir/log")"
		case $way in
		shutdown | kernel-*)
			at_least "$way, TLS $version: that the session is left alone is told" 1 \
				"$(grep -c 'event=refused reason=tls-session ' "$dir/log")"
			;;
		esac
	done
	saved kernel-neither $version
	saved child-exits $version
done
# In a callback of the library's nothing begins, nor is anything lost of what the call is about.
for version in 1.2 1.3; do
	order second:close 2 $version same
	got=$(redial "$alone" nests "$dir" "$tls_port")
	seen
	same "a session that is turned to in another one's call, TLS $version, is as bare, that one saved" \
		"hello other hello other nothing hello hello , 3 connections, 1:GET/1,2:GET/1,2:GET/2,1:GET/2,3:GET/2,3:GET/3" \
		"$got, $connections connections, $requests"
done
left_alone export-early 1.3
left_alone key-update 1.3
left_alone renegotiate 1.2
left_alone renegotiate-abbreviated 1.2

# Early data was sent before the server was known; a session that was resumed without is saved, by
# a full handshake.
early=build/tests/tls/early
: >"$dir/log"
same "a session with early data is as bare" "$(bare "$early" "$dir" early)" \
	"$(redial "$early" "$dir" early)"
none "a session with early data: nothing is told of it" "$(cat "$dir/log")"
same "one that was resumed is saved" "hello hello hello 3 connections, 1 resumed " \
	"$(redial "$early" "$dir" resumed)"

# both_came: the rescue's connection too, which is not to be taken for the next program's.
both_came() {
	tries=200
	seen
	while [ "$connections" -lt 2 ] && [ $tries -gt 0 ]; do
		tries=$((tries - 1))
		sleep 0.01
		seen
	done
}

# The program may turn to its session while the new server keeps it waiting: then the rescue ends.
for way in amid-finished amid-set-fd amid-key-update amid-clear; do
	for version in 1.2 1.3; do
		order second:close 1 $version slow
		wanted=$(bare "$alone" $way "$dir" "$tls_port")
		order second:close 1 $version slow
		got=$(redial "$alone" $way "$dir" "$tls_port")
		both_came
		same "$way, TLS $version, is as bare" "$wanted, 1:GET/1,1:GET/2" "$got, $requests"
	done
done
order second:close 1 1.3 slow
same "while it only waits it is saved" "hello hello hello " \
	"$(redial "$alone" amid-nothing "$dir" "$tls_port")"
# Its goodbye is as on a socket that has taken it: the library would call it a mistake amid a handshake.
for version in 1.2 1.3; do
	order second:close 1 $version slow
	same "a goodbye meanwhile, TLS $version, is no error" "hello goodbye 0, errors 0 " \
		"$(redial "$alone" amid-shutdown "$dir" "$tls_port" | sed 's/errors 0 .*/errors 0 /')"
done

# A session whose rescue has failed may be used for another connection: it judges whom it meets there,
# and its callbacks have been told of the program's own handshakes alone.
for way in memory memory-kept socket; do
	for version in 1.2 1.3; do
		for later in authority key; do
			for fault in second:close idle:reset; do
				order $fault 1 $version $later
				wanted=$(bare build/tests/tls/anew $way "$dir" "$tls_port")
				order $fault 1 $version $later
				same "$way, another $later, $fault, TLS $version, begun anew, is as bare" \
					"$wanted" "$(redial build/tests/tls/anew $way "$dir" "$tls_port")"
				at_least "of which is told" 1 "$(grep -c result=exhausted "$dir/log")"
			done
		done
	done
done

# What is nobody's business is in no line, though the request was sent again; and its keys are told
# to the program, of both connections.
for version in 1.2 1.3; do
	: >"$dir/keys"
	order second:close 1 $version same
	got=$(redial "$alone" secrets "$dir" "$tls_port")
	seen
	same "a request with secrets, TLS $version" "hello hello hello , 2 connections" \
		"$got, $connections connections"
	equal "it is told with its path alone: lines" 2 "$(grep -c 'path=/2 ' "$dir/log")"
	equal "the program has had keys of two connections" 2 \
		"$(cut -d' ' -f2 "$dir/keys" | sort -u | grep -c .)"
	cut -d' ' -f3 "$dir/keys" | sort -u >"$dir/secrets"
	at_least "keys that were looked for" 2 "$(wc -l <"$dir/secrets")"
	none "secrets, TLS $version: not one of them is in the log" \
		"$(grep -i -e SECRET -e Bearer -e Cookie -f "$dir/secrets" "$dir/log")"
done

# What of it can be seen from outside.
order second:close 0 1.3 same
mkfifo "$dir/go" "$dir/came"
scripts/redial --policy "$dir/redial.cfg" $alone stays "$dir" "$tls_port" \
	<"$dir/go" >"$dir/came" &
stays=$!
exec 6>"$dir/go" 7<"$dir/came"
read -r _ <&7
build/redial-doctor --pid "$stays" >"$dir/told"
at_least "doctor tells of the session that is followed" 1 \
	"$(grep -c 'https  *1 TLS session is followed right now' "$dir/told")"
at_least "and so does stat" 1 \
	"$(scripts/redial stat "$stays" | grep -c 'sessions  *1 ')"
echo >&6
exec 6>&- 7<&-
wait "$stays"

# What is not https in the ordinary way: by programs that speak it in Python.
certificate client trusted client >"$dir/openssl" 2>&1
mkfifo "$dir/odd-orders" "$dir/odd-answers"
/usr/bin/python3 tests/tls/odd.py serve "$dir" <"$dir/odd-orders" >"$dir/odd-answers" &
odd_server=$!
exec 6>"$dir/odd-orders" 7<"$dir/odd-answers"
read -r odd_port <&7

# odd RUN WAY: sets $got.
odd() {
	echo "$2" >&6 && read -r _ <&7
	: >"$dir/log"
	got=$($1 /usr/bin/python3 tests/tls/odd.py "$2" "$dir" "$odd_port")
	echo seen >&6 && read -r connections brought <&7
	got="$got, $connections connections, $brought"
}

for way in smtp postgres greeted binary h2 inside; do
	odd bare $way
	wanted=$got
	odd redial $way
	same "$way is as bare" "$wanted" "$got"
	none "$way: nothing is told of it" "$(cat "$dir/log")"
done
odd redial certificate
same "a client's certificate is shown again" \
	"hello hello hello , 2 connections, 1:/1=client,1:/2=client,2:/2=client,2:/3=client" "$got"
odd redial later
same "what is shown behind the handshake is not, unless it is asked for again" \
	"hello hello hello , 2 connections, 1:/1=-,1:/2=client,2:/2=-,2:/3=client" "$got"
exec 6>&-
wait "$odd_server"
exec 7<&-

# A library that comes with a plug-in, behind the connect, and goes, and comes again.
plugin() {
	name=$1
	shift
	gcc -O2 -shared -fPIC -o "$dir/$name.so" tests/tls/plugin.c "$@" -lssl -lcrypto
}
opens=$dir/opens # which has none itself
gcc -O2 -D_GNU_SOURCE -o "$opens" tests/tls/opens.c -ldl

# opened STATEMENT WANT WORD...
opened() {
	statement=$1 wanted=$2
	shift 2
	order second:close 0 1.3 odd
	got=$(redial "$opens" "$dir" "$tls_port" "$@")
	seen
	same "$statement" "$wanted" "$got, $connections connections"
}

six="hello hello hello hello hello hello , 4 connections"
plugin first
plugin second
plugin now -Wl,-z,now
opened "a library that is loaded behind the connect" "hello hello hello , 2 connections" \
	"$dir/first.so"
opened "a plug-in that is opened again" "$six" "$dir/first.so" close "$dir/first.so"
opened "one that is opened behind another one" "$six" "$dir/first.so" "$dir/second.so"
opened "one that is opened where another one was" "$six" "$dir/first.so" close "$dir/now.so"
opened "a plug-in opened with RTLD_DEEPBIND is as bare" "hello lost , 1 connections" \
	deep "$dir/first.so"

older=build/tests/older-openssl
if fetch_older "$older" libssl1.1 libssl-dev >"$dir/said" 2>&1; then
	from=$(echo "$PWD/$older"/root/usr/lib/*-linux-gnu)
	plugin older -I"$older/root/usr/include" -I"$older/root/usr/include/${from##*/}" \
		-L"$from" -Wl,-rpath,"$from",--no-as-needed
	opened "two libraries in one process" "$six" "$dir/first.so" "$dir/older.so"
	opened "the other way round" "$six" "$dir/older.so" "$dir/now.so"
	opened "the older one where the newer one was" "$six" "$dir/first.so" close "$dir/older.so"
else
	echo "     OpenSSL 1.1.1 could not be fetched: two libraries in one process were not looked at"
fi

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
		${cc:-gcc} -w -shared -fPIC -fno-builtin -o "$dir/in/lib$of.so.3" "$dir/in/$of.c" \
			-Wl,-soname,lib$of.so.3 -Wl,--no-as-needed $link
	done
	${cc:-gcc} -O2 -o "$dir/in/program" tests/tls/stand_in.c "$dir/in/libssl.so.3" \
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

# musl counts what is loaded later, not what a program is started with.
if [ -n "$(command -v musl-gcc)" ]; then
	build/redial-policy compile "$dir/redial.cfg" -o "$dir/compiled"
	cc=musl-gcc policy=$dir/compiled
	told "a libssl that a program is started with, under musl, is looked at" \
		"$left\"it lacks SSL_clear\"" "OpenSSL 3.0.0" SSL_clear
	cc='' policy=''
else
	echo "     there is no musl-gcc: a program of musl's was not looked at"
fi

# NSS has that name, and nothing in common with the others.
stand_in "OpenSSL 3.0.0" SSL_clear
gcc -w -shared -fPIC -fno-builtin -o "$dir/in/libssl3.so" "$dir/in/ssl.c" -Wl,-soname,libssl3.so \
	-Wl,--no-as-needed "$dir/in/libcrypto.so.3"
gcc -O2 -o "$dir/in/program" tests/tls/stand_in.c "$dir/in/libssl3.so" -Wl,-rpath,"$dir/in" \
	-Wl,--disable-new-dtags
order hello:alert 2 1.3 same
redial "$dir/in/program" "$tls_port" >/dev/null
none "of a libssl3.so, as NSS is called, nothing is told" "$(cat "$dir/log")"

check_end
