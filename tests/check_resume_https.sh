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
# shellcheck disable=SC2034 # for tls.sh
tls_program=../resume/server.py
# shellcheck source=tests/support/tls.sh
. tests/support/tls.sh

megabytes=${RESUME_MB:-50}
where=https://localhost
pids=
# shellcheck disable=SC2317,SC2329 # called by the trap
clean() {
	# shellcheck disable=SC2086 # a list
	[ -z "$pids" ] || kill $pids 2>/dev/null
	stop_tls
}
trap clean EXIT
chmod 755 "$dir"

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
each_wait

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
make_file
start_nginx ssl "ssl_protocols TLSv1.2 TLSv1.3; ssl_certificate $dir/same.pem; \
	ssl_certificate_key $dir/same.key;"
listening "https://$at:4081/file"

export REQUESTS_CA_BUNDLE="$dir/trusted.pem"
# shellcheck disable=SC2086 # curl's options
get() {
	case $1 in
	curl*) curl -4 -sS ${1#curl} --cacert "$dir/trusted.pem" -o "$2" "$url" ;;
	requests) /usr/bin/python3 tests/resume/get.py "$url" "$2" ;;
	esac
}

seed=0
for program in curl 'curl --tls-max 1.2' requests; do
	seed=$((seed + 1))
	cut_off "$program" nginx 4081 $seed $((cuts - 2))
	at_least "$program under redial: rests by https" $((cuts - 2)) \
		"$(grep -c 'event=attempt.*cause=body.*tls=1' "$dir/redial.log")"
done
changes_meanwhile

check_end
