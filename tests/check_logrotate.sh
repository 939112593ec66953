#!/bin/sh
# SPDX-License-Identifier: MIT
# A log file that logrotate moves away while the program runs: no line is lost, and none goes to the
# file that was moved.
cd "$(dirname "$0")/.." || exit 1
. tests/support/check.sh
. tests/support/logs.sh
PATH=$PATH:/usr/sbin:/sbin

log=$logs/redial.log
logs_server reset@2

# rotate OPTION...: with these lines in logrotate's configuration.
rotate() {
	{
		echo "$log {"
		printf '  %s\n' "rotate 9" missingok "su $(id -un) $(id -gn)" nocompress "$@"
		echo "}"
	} >"$logs/logrotate.conf"
	chmod 644 "$logs/logrotate.conf"
	logrotate --force --state "$logs/logrotate.state" "$logs/logrotate.conf"
}

# A program that makes two lines, goes on once told, and makes two more.
start() {
	mkfifo "$logs/go" && : >"$logs/said"
	LD_PRELOAD="$PWD/build/libredial.so" REDIAL_LOG="file:$log" "$python" \
		tests/support/rescued.py "$logs_port" <"$logs/go" >"$logs/said" &
	program=$!
	logs_pids="$logs_pids $program"
	exec 3>"$logs/go"
	soon grep -q 1 "$logs/said"
}
go_on() {
	echo go >&3
	exec 3>&-
	wait "$program"
	rm "$logs/go"
}

lines() { [ ! -e "$1" ] || grep -c 'Z redial\[[0-9]*\]: event=' "$1"; }

for option in create nocreate; do
	rm -f "$log"*
	start
	rotate $option
	go_on
	equal "$option: the lines before the move are in the file that was moved" 2 "$(lines "$log.1")"
	equal "$option: those after it are in the new one" 2 "$(lines "$log")"
done

rm -f "$log"*
start
rotate copytruncate
go_on
equal "copytruncate: the lines before it are in the copy" 2 "$(lines "$log.1")"
equal "copytruncate: those after it are in the file, from its start" 2 "$(lines "$log")"
equal "copytruncate: and no hole is in front of them" 0 "$(tr -d -c '\000' <"$log" | wc -c)"

# While lines are written all the time it is moved again and again. Not with `create`: there
# logrotate itself renames what a program has made in the meantime, and names it by the hour only.
rm -f "$log"*
for _ in 1 2 3 4; do
	LD_PRELOAD="$PWD/build/libredial.so" REDIAL_LOG="file:$log" "$python" \
		tests/support/rescued.py "$logs_port" 100 </dev/null >"$logs/said" &
	running="${running-} $!"
done
logs_pids="$logs_pids $running"
soon test -s "$log"
more_or_ended() {
	# shellcheck disable=SC2086 # a list
	[ -s "$log" ] || ! kill -0 $running 2>/dev/null
}
for _ in 1 2 3 4 5 6 7 8; do
	soon more_or_ended
	rotate nocreate
done
# shellcheck disable=SC2086 # a list
wait $running
equal "no line of 400 rescues is lost in eight moves" 800 \
	"$(cat "$log"* | grep -c 'Z redial\[[0-9]*\]: event=.* pid=[0-9]*\( version=[0-9.]*\)\{0,1\}$')"
at_least "the files that they are in" 2 "$(grep -l event= "$log"* | wc -l)"

check_end
