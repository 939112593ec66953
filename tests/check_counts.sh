#!/bin/sh
# SPDX-License-Identifier: MIT
# The measures that can be counted rather than timed: they come out the same on every machine.
cd "$(dirname "$0")/.." || exit 1
. tests/support/check.sh
. tests/bench/measure.sh

start_server
equal "extra system calls of 200 kept-alive GETs" 0 "$(extra_calls_of_200_requests GET)"
start_https_server
equal "extra system calls of 200 kept-alive GETs over https" 0 "$(extra_calls_of_200_https_gets)"
# Of a file's pages only the kernel may find out that they are gone: they are copied by two calls.
for kind in static constant stack malloc thread arena large; do
	equal "extra system calls of 200 GETs from memory of the kind: $kind" 0 \
		"$(extra_calls_of_200_gets_from $kind)"
	at_most "extra system calls of the first 20 of them" 24 "$(extra_calls_of_20_gets_from $kind)"
done
at_most "extra system calls of 200 GETs from a file's mapping" 420 \
	"$(extra_calls_of_200_gets_from file)"
# What threads do beside that, with bare as well, comes to some hundred calls more or fewer.
at_most "extra system calls of 4000 GETs on 40 threads that poll" 400 \
	"$(extra_calls_of_4000_gets_on_40_threads)"
equal "extra system calls of 200 POSTs on a used connection" 200 \
	"$(extra_calls_of_200_requests POST)"
equal "extra system calls of 40 forks beside a connection" 0 "$(extra_calls_of_40_forks)"
at_most "extra system calls of 20 connections" 40 "$(extra_calls_of_20_connections)"
at_most "extra system calls of 20 local connections" 80 "$(extra_calls_of_20_local_connections)"

at_start=$(extra_calls_at_start)
at_most "extra system calls of a process that never connects (${at_start#* })" 9 "${at_start%% *}"
build/redial-policy show >"$tmp/start.cfg"
build/redial-policy compile "$tmp/start.cfg" -o "$tmp/start.policy"
at_most "extra instructions of its start" 24500 "$(start_instructions)"
at_most "extra instructions of its start with a compiled policy" 30500 \
	"$(start_instructions REDIAL_POLICY="$tmp/start.policy")"
faults=$(start_faults "$tmp/start.policy")
at_most "page faults of its start more than with an empty preload" 1 "${faults%% *}"
faults=${faults#* }
at_most "the same with a compiled policy" 4 "${faults% }"
at_most "words that the loader writes into at its start" 185 "$(relocations)"
at_most "bytes from the first to the last that are written at its start: one page" 4096 \
	"$(bytes_written_at_start)"
equal "bytes of memory that are mapped beside the file" 0 "$(bytes_beside_the_file)"

untracked_instructions >"$tmp/untracked"
equal "hooked calls looked at on an untracked descriptor" 26 "$(wc -l <"$tmp/untracked")"
while read -r name instructions; do
	# What polls find has to be looked through after the call.
	case $name in
	poll | epoll_wait) limit=20 ;;
	*) limit=10 ;;
	esac
	at_most "extra instructions of an untracked $name" $limit "$instructions"
done <"$tmp/untracked"
at_most "extra instructions of a tracked exchange" 605 "$(exchange_instructions)"
at_most "extra instructions of one whose request is written in six pieces" 1400 \
	"$(pieces_instructions)"

at_most "extra instructions of one with 40 header fields and 2 KB each way" 2070 \
	"$(fields_instructions)"

objects=$(instructions_per_object)
at_most "instructions for each loaded library, at the first connect" 2000 "${objects% *}"
at_most "extra instructions of a connect after that" 2000 "${objects#* }"

at_most "extra instructions of a tracked SSL_write and SSL_read" 795 "$(secured_instructions)"
at_most "extra instructions of the two on a session that is not followed" 148 \
	"$(secured_instructions pair)"

idle=$(idle_bytes)
at_most "bytes of memory for an idle tracked connection" 224 "${idle% *}"
at_most "bytes of struct conn" 192 "${idle#* }"

start_server --fault reset@2
for kind in poll:9:12 beside:9:12 epollet:7:10 blocking:10:18; do
	client=${kind%%:*} limits=${kind#*:}
	calls=$(rescue_calls "${client}_client")
	at_most "system calls of a rescue, $client, until the request is out" "${limits%:*}" \
		"${calls% *}"
	at_most "system calls of a rescue, $client, in all" "${limits#*:}" "${calls#* }"
done
# A socket that was not reset is replaced by another, which is to be like it.
start_server --fault close@2
calls=$(rescue_calls poll_client)
at_most "system calls of a rescue after an end of stream, until the request is out" 12 "${calls% *}"
at_most "system calls of it in all" 33 "${calls#* }"

start_server --fault reset@every:5 --fault idle-reset=0@every:7
mallocs=$(mallocs_and_rescues "$port" | tr '\n' ' ')
equal "mallocs in 60 exchanges under redial" 0 "${mallocs%% *}"
rescues=${mallocs#* }
at_least "rescues among them" 10 "${rescues% }"

most_connections
alone=$(get_among 1)
# Some numbers are valgrind's.
for connections in 1000 10000 $((most - 100)); do
	at_most "extra instructions of a GET on one of $connections connections" $((alone + 24)) \
		"$(get_among "$connections")"
done

check_end
