#!/bin/sh
# SPDX-License-Identifier: MIT
# A log that is a file, where that turns bad at the worst moment: the program runs on, and no signal
# reaches it. What lies at the log's path from the start the flow tests look at.
cd "$(dirname "$0")/.." || exit 1
. tests/support/check.sh
. tests/support/logs.sh

client=build/tests/bench/client
trace=$logs/trace
logs_server reset@2

# Ten rescues, twenty lines, with each of these calls on the log held up for so long.
# held_up CALL MILLISECONDS: sets lines and took_ms.
held_up() {
	rm -f "$logs/log" && : >"$logs/log"
	began=$(date +%s%3N)
	strace -f -qq -o "$trace" -P "$logs/log" -e "trace=$1" -e "inject=$1:delay_enter=$(($2 * 1000))" \
		-E "REDIAL_LOG=file:$logs/log" -E "LD_PRELOAD=$PWD/build/libredial.so" \
		$client "$logs_port" GET 2 10 >/dev/null
	equal "exit status, each $1 of the log held up for $2 ms" 0 $?
	took_ms=$(($(date +%s%3N) - began))
	lines=$(grep -c '^' "$logs/log")
}

held_up openat 0
equal "lines of ten rescues" 20 "$lines"
for call in openat write close; do
	held_up $call 600
	equal "lines that a file system which hangs in $call is tried for" 2 "$lines"
	at_most "ms that this costs ten rescues" 5000 "$took_ms"
done
# A machine may be busy for a moment.
held_up openat 30
equal "lines if each takes 30 ms" 20 "$lines"

# in_between ACTION [COMMAND...]: one rescue; when its first line is about to be written, ACTION.
in_between() {
	action=$1
	shift
	: >"$trace"
	strace -f -qq -o "$trace" -P "$logs/log" -e trace=openat,write \
		-e inject=write:delay_enter=2000000:when=1 -E "REDIAL_LOG=file:$logs/log" \
		-E "LD_PRELOAD=$PWD/build/libredial.so" "$@" $client "$logs_port" GET 2 1 >/dev/null 5<&- &
	traced=$!
	soon grep -q 'openat.*/log.* = [0-9]' "$trace" || fail "the log is opened" "$(cat "$trace")"
	$action
	wait $traced
	equal "exit status" 0 $?
}

reader_leaves() { exec 5<&-; }
rm "$logs/log"
mkfifo "$logs/log"
# shellcheck disable=SC2094 # a FIFO needs both
exec 6<>"$logs/log" 5<"$logs/log" 6>&-
in_between reader_leaves
at_least "writes to a FIFO whose reader has gone" 1 "$(grep -c 'write.*EPIPE' "$trace")"
none "signals that this brings" "$(grep -e '---' "$trace")"

others_write() { head -c 2000 /dev/zero >>"$logs/log"; }
rm "$logs/log"
head -c 3000 /dev/zero >"$logs/log"
in_between others_write prlimit --fsize=4096
at_least "writes beyond the limit of file sizes" 1 "$(grep -c 'write.*EFBIG' "$trace")"
none "signals that this brings" "$(grep -e '---' "$trace")"
equal "bytes of the log" 5000 "$(wc -c <"$logs/log")"

# A page of tmpfs is left, of which 50 bytes: a line ends in the middle, and is told as dropped.
full_disk() {
	# shellcheck disable=SC2016,SC2086 # for the inner shell; two options
	unshare $logs_unshare sh -c '
		mount -t tmpfs -o size=8k none "$1" || exit 1
		head -c 4096 /dev/zero >"$1/filler"
		{ head -c 4045 /dev/zero | tr "\0" x; echo; } >"$1/log"
		mkfifo "$1.go" "$1.done"
		REDIAL_LOG=file:$1/log LD_PRELOAD=$2 python3 tests/support/rescued.py "$3" \
			<"$1.go" >"$1.done" &
		exec 7>"$1.go" 8<"$1.done"
		read -r _ <&8
		rm "$1/filler"
		echo >&7
		read -r _ <&8
		exec 7>&-
		tail -n +2 "$1/log"' sh "$logs/disk" "$PWD/build/libredial.so" "$logs_port" >"$logs/lines"
}
if logs_may_divert; then
	mkdir "$logs/disk"
	full_disk
	equal "lines once there is room again" 3 "$(wc -l <"$logs/lines")"
	equal "bytes of the one that was cut off" 50 "$(head -n 1 "$logs/lines" | tr -d '\n' | wc -c)"
	equal "lines that it kept from the log" 2 \
		"$(sed -n '2s/.* dropped=\([0-9]*\).*/\1/p' "$logs/lines")"
	equal "whole lines" 2 "$(grep -c '^20.*: event=.* pid=' "$logs/lines")"
fi

check_end
