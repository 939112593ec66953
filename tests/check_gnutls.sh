#!/bin/sh
# SPDX-License-Identifier: MIT
# HTTPS in programs that use GnuTLS, each in its own way, against a server that ends connections:
# as check_https.sh has it for OpenSSL. Some of them dial anew by themselves: there the log tells
# whose doing it was.
cd "$(dirname "$0")/.." || exit 1
. tests/support/check.sh
# shellcheck source=tests/support/tls.sh
. tests/support/tls.sh
tls_library=gnutls
# shellcheck source=tests/support/https.sh
. tests/support/https.sh

faults="second:reset second:close second:notify idle:reset idle:close idle:notify"
ways="block poll epoll own own-poll own-polls early checked again threads"
clients=$(printf 'gnutls-%s ' $ways)libcurl-gnutls

# Which of the programs there are.
programs=
[ ! -x build/tests/tls/neon-gnutls ] || programs="$programs neon-gnutls"
[ -z "$(command -v wget)" ] || ! ldd "$(command -v wget)" | grep -q gnutls || programs="$programs wget"
[ ! -x /usr/lib/apt/methods/https ] || programs="$programs apt"
! /usr/bin/python3 -c 'import gi; gi.require_version("Soup", "3.0")' 2>/dev/null ||
	programs="$programs soup"

recovered() { same "$1, TLS $2, $3: it was saved by redial" 1 "$(logged "result=recovered.* path=/2 .* tls=$2")"; }

for client in $clients; do
	for fault in $faults; do
		saved $client $fault 1.3 same
	done
	saved $client second:close 1.2 same
	saved $client second:reset 1.3 slow
	recovered $client 1.3 second:reset
done
for fault in $faults; do
	saved gnutls-poll $fault 1.2 same
done

# These look before they write, and dial anew where the end has come while they were idle.
for client in $programs; do
	for fault in second:reset second:close second:notify; do
		saved $client $fault 1.3 same
		recovered $client 1.3 $fault
	done
	saved $client second:close 1.2 same
	recovered $client 1.2 second:close
done

# What has taken the session's place is replaced as well.
for client in gnutls-block gnutls-poll gnutls-threads libcurl-gnutls $programs; do
	order second:close 2 1.3 same
	got=$(redial $client)
	seen
	same "$client, twice" \
		"hello hello hello , 3 connections, 1:GET/1,1:GET/2,2:GET/2,2:GET/3,3:GET/3, 2 recovered" \
		"$got, $connections connections, $requests, $(logged result=recovered) recovered"
done

# A living one that has become too old is replaced though another thread waits in a read of it.
sed 's/retry = {/& max_idle_ms = 1;/' "$dir/redial.cfg" >"$dir/young.cfg"
for client in gnutls-threads gnutls-listens; do
	for version in 1.2 1.3; do
		order idle:close 0 $version same
		got=$(with $client GET REDIAL_POLICY="$dir/young.cfg" REDIAL_PRELOAD="$lib")
		seen
		same "$client, TLS $version, has another connection for each request" \
			"hello hello hello , 1:GET/1,2:GET/2,3:GET/3" "$got, $requests"
	done
done

for client in gnutls-block gnutls-poll; do
	for fault in $faults; do
		posted_once "$client" "$fault"
	done
done
case $programs in
*wget*)
	order second:close 1 1.3 same
	got=$(redial wget-post)
	seen
	same "wget --post-data" "hello hello , 1:POST/1,1:POST/2,2:POST/3" "$got, $requests"
	;;
esac

for client in gnutls-block gnutls-poll gnutls-checked libcurl-gnutls; do
	for version in 1.2 1.3; do
		for later in key name authority; do
			refused $client second:close $version $later tls-certificate
		done
	done
	refused $client second:notify 1.3 key tls-certificate
	refused $client second:reset 1.3 lower tls-version
done
refused gnutls-alpn second:close 1.3 alpn tls-alpn
saved gnutls-alpn second:close 1.3 same

# The programs go there by themselves then, and find out: the connection between was redial's.
for client in $programs; do
	for later in name authority; do
		order second:close 1 1.3 $later
		wanted=$(bare $client)
		order second:close 1 1.3 $later
		got=$(redial $client)
		seen
		same "$client, then $later" \
			"$wanted, 1 told, 1:GET/1,1:GET/2" \
			"$got, $(logged "result=exhausted.*reason=tls-certificate") told, $requests"
	done
done

# The program's own functions are for its own handshake alone.
order second:close 1 1.3 same
got=$(redial gnutls-hooks)
seen
same "functions of the program's are not called in a rescue" \
	"certificate verify hello hello hello , 2 connections" "$got, $connections connections"

# What is the session's own no other has, and what is written past redial cannot be held.
for way in prf finished corked; do
	untouched gnutls-$way second:close
done

# What is left of an answer is the program's, and so is what cannot be read.
for client in gnutls-block gnutls-poll libcurl-gnutls $programs; do
	for how in half flip part; do
		order second:$how 1 1.3 same
		wanted=$(bare $client)
		seen
		wanted="$wanted, $connections connections, $requests"
		order second:$how 1 1.3 same
		got=$(redial $client)
		seen
		same "$client, $how of an answer, is as bare" "$wanted" \
			"$got, $connections connections, $requests"
	done
done

# In a forked child as in its parent.
order second:close 2 1.3 same
got=$(redial gnutls-forked)
seen
same "a child of a program that has a session" "hello hello hello hello , 3 connections" \
	"$got, $connections connections"

# git reads one file after the other from a server that knows nothing of git, and dials anew where
# it must: with redial on its side it never has to.
if ldd /usr/lib/git-core/git-remote-https 2>/dev/null | grep -q libcurl-gnutls; then
	{
		git init -q "$dir/repository" && cd "$dir/repository" || exit 1
		for i in 1 2 3 4 5 6; do
			echo $i >file && git add file && git -c user.name=a -c user.email=a@b commit -qm $i
		done
		git update-server-info
		cd "$OLDPWD" || exit 1
	} >"$dir/said" 2>&1
	mkfifo "$dir/end" "$dir/port"
	/usr/bin/python3 tests/tls/files.py "$dir" "$dir/repository/.git" <"$dir/end" >"$dir/port" &
	exec 6>"$dir/end" 7<"$dir/port"
	read -r port <&7
	: >"$dir/log"
	GIT_SSL_CAINFO=$dir/trusted.pem LD_PRELOAD=$lib REDIAL_POLICY=$dir/redial.cfg \
		git clone -q "https://localhost:$port/" "$dir/clone" >>"$dir/said" 2>&1
	exec 6>&-
	read -r connections unanswered <&7
	exec 7<&-
	same "git clone, whose connections end: what it got" 6 "$(cat "$dir/clone/file")"
	at_least "git clone: requests that were left without an answer" 2 "$unanswered"
	equal "git clone: they were saved by redial" "$unanswered" "$(logged result=recovered)"
fi

# Switched off it is off.
order second:close 1 1.3 same
wanted=$(bare gnutls-block)
order second:close 1 1.3 same
same "tls = [] is as bare" "$wanted" \
	"$(with gnutls-block GET REDIAL_POLICY="$dir/off.cfg" REDIAL_PRELOAD="$lib")"
none "tls = []: nothing is told" "$(cat "$dir/log")"

check_end
