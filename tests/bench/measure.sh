# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# What can be counted of redial's cost, bare against preloaded; to be sourced from the top of the
# tree by tests/check_counts.sh and tests/bench/bench.sh. Each function prints numbers.

export LC_ALL=C
unset LD_PRELOAD REDIAL_POLICY REDIAL_DISABLE
export REDIAL_LOG=none
bench=build/tests/bench
lib=$PWD/build/libredial.so
tmp=$(mktemp -d) || exit 1
servers=
# shellcheck disable=SC2086,SC2154 # a list of pids; servers is set above
trap '[ -z "$servers" ] || kill $servers 2>/dev/null; rm -rf "$tmp"' EXIT

# start_server [FAULTD'S ARGUMENTS]: sets $port.
start_server() {
	: >"$tmp/listening"
	build/faultd --parent "$@" >"$tmp/listening" &
	servers="$servers $!"
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		port=$(awk '/^listening/ { print $3 }' "$tmp/listening")
		[ -z "$port" ] || return 0
		sleep 0.05
	done
	echo "faultd does not start" >&2
	exit 1
}

# Sets $https_port; its certificate is nobody's business.
start_https_server() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
		-subj /CN=localhost -keyout "$tmp/key" -out "$tmp/certificate" 2>"$tmp/said" || return 1
	$bench/https_server "$tmp/certificate" "$tmp/key" >"$tmp/https_port" &
	servers="$servers $!"
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		[ ! -s "$tmp/https_port" ] || break
		sleep 0.05
	done
	read -r https_port <"$tmp/https_port"
}

# traced LIBRARY PROGRAM [ARG]...: how many system calls it makes; a list of them in $tmp/calls.
traced() {
	traced_lib=$1
	shift
	timeout 60 strace -f -qq -o "$tmp/strace" ${traced_lib:+-E "LD_PRELOAD=$traced_lib"} \
		"$@" >"$tmp/out" 2>&1 || { cat "$tmp/out" >&2 && return 1; }
	awk '$2 ~ /^[a-z_0-9]+\(/ { sub(/\(.*/, "", $2); print $2 }' "$tmp/strace" |
		sort >"$tmp/calls"
	wc -l <"$tmp/calls"
}

# extra_between A B [PROGRAM [ARG]...]: the calls that B more of a thing cost preloaded over bare, A
# being there already: (preloaded B - preloaded A) - (bare B - bare A). A and B are the last
# arguments of the client, or of another program.
extra_between() {
	extra_a=$1 extra_b=$2
	shift 2
	[ $# -gt 0 ] || set -- $bench/client "$port"
	# shellcheck disable=SC2086 # lists of arguments
	{
		bare_a=$(traced "" "$@" $extra_a) &&
			bare_b=$(traced "" "$@" $extra_b) &&
			redial_a=$(traced "$lib" "$@" $extra_a) &&
			redial_b=$(traced "$lib" "$@" $extra_b) &&
			echo $((redial_b - redial_a - bare_b + bare_a))
	}
}

# It begins when a byte comes.
extra_calls_of_200_https_gets() {
	# shellcheck disable=SC2016 # the other shell's
	extra_between 2 202 sh -c 'echo | "$0" get "$@"' $bench/https "$https_port"
}

extra_calls_of_200_requests() { extra_between "$1 2" "$1 202"; }
# Where malloc puts an arena, and how many calls that takes, is drawn by lot otherwise.
extra_calls_of_200_gets_from() { extra_between 20 220 setarch -R $bench/memory "$port" "$1"; }
extra_calls_of_20_gets_from() { extra_between 0 20 setarch -R $bench/memory "$port" "$1"; }
extra_calls_of_4000_gets_on_40_threads() { extra_between 20 120 $bench/waits "$port" 40; }
extra_calls_of_20_connections() { extra_between "GET 1 1" "GET 1 21"; }
extra_calls_of_20_local_connections() { extra_between 1 21 $bench/local "$tmp/socket"; }

# rescue_calls CLIENT: what a rescue of a GET that gets no answer takes of system calls, the most of
# three: those from the one that has told of the end to the one that sends the request
# again, it included; and all until the one by which the program reads the answer. Of the clients
# that are here none makes a call of its own in between.
rescue_calls() {
	traced "$lib" "build/tests/clients/$1" "http://127.0.0.1:$port/r" 4 >"$tmp/count" &&
		awk '/revents=[A-Z|]*(POLLERR|POLLRDHUP)|ECONNRESET \(/ { n = out = 0; on = 1; next }
			on { n++ }
			on && !out && /send[a-z]*\(.*"GET / { out = n }
			on && out && /(read|recv[a-z]*)\(.*"HTTP\/1/ {
				most = out > most ? out : most
				all = n - 1 > all ? n - 1 : all
				on = 0
			}
			END { print most, all }' "$tmp/strace"
}

# start_instructions [NAME=VALUE]...: what a start costs more, the loader's work for the file
# included.
start_instructions() {
	counted "" start.bare $bench/nothing && (
		for set in "$@"; do export "${set?}"; done
		counted "$lib" start.redial $bench/nothing
	) && echo $(($(totals "$tmp/start.redial") - $(totals "$tmp/start.bare")))
}

# start_beside_an_empty_one COUNT POLICY: what spawn prints of so many starts with a preload that has
# nothing in it, with redial, and with that and a compiled policy.
start_beside_an_empty_one() {
	gcc -shared -fPIC -o "$tmp/empty.so" -x c /dev/null &&
		timeout 60 $bench/spawn "$1" $bench/nothing "LD_PRELOAD=$tmp/empty.so" \
			"LD_PRELOAD=$lib" "LD_PRELOAD=$lib,REDIAL_POLICY=$2"
}

# Page faults that a start takes more than with an empty preload, and those with a compiled policy.
start_faults() {
	start_beside_an_empty_one 101 "$1" |
		awk 'NR == 1 { empty = $3 } NR > 1 { print $3 - empty }' | tr '\n' ' '
}

# What the loader makes up of memory for a library behind what is in the file, in bytes.
bytes_beside_the_file() {
	readelf -lW "$lib" | awk '$1 == "LOAD" { print $5, $6 }' |
		while read -r in_file in_memory; do echo $((in_memory - in_file)); done |
		awk '{ sum += $1 } END { print sum }'
}

# Words of it that the loader writes into.
relocations() { readelf -rW "$lib" | grep -cE '^[0-9a-f]+ +[0-9a-f]+ R_'; }

# From the first of what every start writes to, where a page begins, to the last (layout.ld).
bytes_written_at_start() {
	echo $((0x$(nm "$lib" | awk '$3 == "start_end" { print $1 }') - 0x$(readelf -SW "$lib" |
		sed -n 's/.* \.init_array  *[A-Z_]*  *\([0-9a-f]*\) .*/\1/p')))
}

# 20 forks and 20 vforks beside a connection.
extra_calls_of_40_forks() {
	bare_a=$(traced "" $bench/forks 1) && bare_b=$(traced "" $bench/forks 21) &&
		redial_a=$(traced "$lib" $bench/forks 1) &&
		redial_b=$(traced "$lib" $bench/forks 21) &&
		echo $((redial_b - redial_a - bare_b + bare_a))
}

# The number, and the calls.
extra_calls_at_start() {
	traced "" $bench/nothing >/dev/null && mv "$tmp/calls" "$tmp/calls.bare" &&
		traced "$lib" $bench/nothing >/dev/null || return 1
	comm -13 "$tmp/calls.bare" "$tmp/calls" >"$tmp/more"
	echo "$(wc -l <"$tmp/more")" "$(sort "$tmp/more" | uniq -c |
		awk '{ printf "%s%s%s", sep, $2, ($1 > 1 ? "*" $1 : ""); sep = " " }')"
}

# counted LIBRARY NAME OPTIONS -- PROGRAM [ARG]...: runs it under callgrind, leaves $tmp/NAME*.
counted() {
	counted_lib=$1 counted_name=$2
	shift 2
	LD_PRELOAD=$counted_lib timeout 120 valgrind -q --tool=callgrind \
		--callgrind-out-file="$tmp/$counted_name" "$@" >"$tmp/out" 2>&1 ||
		{ cat "$tmp/out" >&2 && return 1; }
}

totals() { awk '$1 == "totals:" { print $2 }' "$@"; }

# NAME INSTRUCTIONS, a line for each hooked call, on descriptors that are not tracked.
untracked_instructions() {
	calls=20000
	for which in bare redial; do
		[ $which = bare ] && with='' || with=$lib
		# In the other order callgrind 3.19 forgets the second.
		counted "$with" $which --dump-after='loop_*' --zero-before='loop_*' \
			$bench/untracked $calls || return 1
		# Each function is run twice: once to bind the symbol, then to be counted.
		for dump in "$tmp/$which".*; do
			awk '/Trigger: --dump-after=loop_/ { sub(/.*loop_/, ""); name = $1 }
				$1 == "totals:" { print name, $2 }' "$dump"
			rm "$dump"
		done | sort -k1,1 -k2,2nr | awk '!seen[$1]++' >"$tmp/loops.$which"
	done
	join "$tmp/loops.bare" "$tmp/loops.redial" | awk -v n=$calls '{
		printf "%s %.0f\n", $1, ($3 - $2) / n }'
}

# Instructions that one exchange of 200 bytes each way costs more.
exchange_instructions() {
	counted "" exchange.bare --toggle-collect=exchanges $bench/client "$port" GET 2001 &&
		counted "$lib" exchange.redial --toggle-collect=exchanges \
			$bench/client "$port" GET 2001 &&
		echo $((($(totals "$tmp/exchange.redial") - $(totals "$tmp/exchange.bare")) / 2000))
}

# The same of a request that is written in six pieces by one call.
pieces_instructions() {
	counted "" pieces.bare --toggle-collect=exchanges $bench/pieces "$port" 1001 &&
		counted "$lib" pieces.redial --toggle-collect=exchanges $bench/pieces "$port" 1001 &&
		echo $((($(totals "$tmp/pieces.redial") - $(totals "$tmp/pieces.bare")) / 1000))
}

# Instructions that a function of tests/bench/objects.c costs more, with so many libraries loaded.
objects_cost() {
	counted "" objects.bare --toggle-collect="$1" $bench/objects "$port" "$tmp/objects" "$2" &&
		counted "$lib" objects.redial --toggle-collect="$1" \
			$bench/objects "$port" "$tmp/objects" "$2" &&
		echo $(($(totals "$tmp/objects.redial") - $(totals "$tmp/objects.bare")))
}

# Instructions for each library that is loaded, none of them one for TLS, at the first connect; and
# those of a connect once they have been looked at.
instructions_per_object() {
	mkdir "$tmp/objects"
	awk 'BEGIN { for (i = 0; i < 60; i++)
		printf "int f%d(void) { return %d; }\n", i, i
		print "#include <stdlib.h>\nvoid *g(void) { return malloc(getenv(\"A\") != 0); }" }' \
		>"$tmp/objects/source.c"
	gcc -w -shared -fPIC -o "$tmp/objects/1" "$tmp/objects/source.c" -lm -Wl,-soname,libobject.so.1
	# By the same soname the loader would take it for loaded.
	for i in $(seq 2 42); do
		gcc -w -shared -fPIC -o "$tmp/objects/$i" "$tmp/objects/source.c" \
			-Wl,-soname,"libobject.so.$i" -Wl,--no-as-needed -lm
	done
	few=$(objects_cost first_connect 2) && many=$(objects_cost first_connect 42) &&
		later=$(objects_cost second_connect 42) && echo $(((many - few) / 40)) "$later"
}

# Instructions that an exchange of 40 fields and 2 KB each way costs more.
fields_instructions() {
	counted "" fields.bare --toggle-collect=exchanges $bench/fields 1001 &&
		counted "$lib" fields.redial --toggle-collect=exchanges $bench/fields 1001 &&
		echo $((($(totals "$tmp/fields.redial") - $(totals "$tmp/fields.bare")) / 1000))
}

# Instructions that a pair of SSL_write and SSL_read costs more: 200 bytes each way, over OpenSSL,
# HTTP included; with `pair` on a session that nobody follows.
secured_instructions() {
	echo 'tls = ["openssl"];' >"$tmp/tls.cfg"
	counted "" secured.bare --toggle-collect=exchanges $bench/secured 1000 "$@" &&
		REDIAL_POLICY=$tmp/tls.cfg counted "$lib" secured.redial \
			--toggle-collect=exchanges $bench/secured 1000 "$@" &&
		echo $((($(totals "$tmp/secured.redial") - $(totals "$tmp/secured.bare")) / 1001))
}

# Instructions that a GET on one of so many idle connections costs more.
get_among() {
	counted "" among.bare --toggle-collect=exchanges $bench/held "$1" gets &&
		counted "$lib" among.redial --toggle-collect=exchanges $bench/held "$1" gets &&
		echo $((($(totals "$tmp/among.redial") - $(totals "$tmp/among.bare")) / 1000))
}

# Calls of malloc and the like in 60 exchanges preloaded, a server at $1 that resets some of them;
# and how many rescues there were.
mallocs_and_rescues() {
	LD_PRELOAD=$lib REDIAL_LOG=file:$tmp/log timeout 60 $bench/mallocs "$1" /bytes/91 60 &&
		grep -c 'result=recovered' "$tmp/log"
}

# Bytes of dirty memory for each of 1000 idle connections, preloaded over bare; sizeof(struct conn).
idle_bytes() {
	timeout 60 $bench/idle "$port" 1000 >"$tmp/idle.bare" &&
		LD_PRELOAD=$lib timeout 60 $bench/idle "$port" 1000 >"$tmp/idle.redial" &&
		cat "$tmp/idle.bare" "$tmp/idle.redial" |
		awk 'NR == 1 { bare = $1 } END { printf "%.0f %d\n", ($1 - bare) / 1000, $2 }'
}

# relay_rate KIND LIBRARY [FAULT]: requests per second through a relay.
relay_rate() {
	start_server ${3:+--fault "$3"}
	start_relay "$1" "$2" "127.0.0.1:$port" && load_relay 20000 | cut -d' ' -f2
	stop_relay
}

# The median ratio of requests/s that a relay reaches under redial, one in fifty of the requests on
# its used connections being reset, to those that it reaches bare without a reset.
relay_rates() {
	for turn in 1 2 3 4 5 6 7; do
		[ $((turn % 2)) -eq 0 ] || bare=$(relay_rate "$1" "")
		redial=$(relay_rate "$1" "$lib" reset@2+,every:50)
		[ $((turn % 2)) -ne 0 ] || bare=$(relay_rate "$1" "")
		echo "$redial $bare"
	done | awk 'NF == 2 && $2 > 0 { print $1 / $2 }' | sort -n | sed -n 4p
}
