# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# For tests/check_*.sh that look at redial's lines: they come from libredial.so itself, in a program
# of the flow tests whose server resets what it asks for. To be sourced after check.sh.

logs=$(mktemp -d) || exit 1
logs_pids=
# Each in a shell of its own that is killed with it: nothing is left behind.
logs_end() {
	# shellcheck disable=SC2086 # a list
	[ -z "$logs_pids" ] || kill $logs_pids 2>/dev/null
	wait
	rm -rf "$logs"
}
trap logs_end EXIT
trap 'exit 1' INT TERM

# soon COMMAND...: waits until it succeeds; false if it does not within ten seconds.
soon() {
	soon_tries=200
	until "$@"; do
		soon_tries=$((soon_tries - 1))
		[ $soon_tries -gt 0 ] || return 1
		sleep 0.05
	done
}

# logs_server FAULT: sets $logs_port; serves until the end.
logs_server() {
	: >"$logs/listening"
	build/faultd --parent --fault "$1" >"$logs/listening" &
	logs_pids="$logs_pids $!"
	soon grep -q '^listening' "$logs/listening" || exit 1
	logs_port=$(awk '{ print $3 }' "$logs/listening")
}

# logs_run PROGRAM [NAME=VALUE]...: one of tests/flow's programs, with libredial.so in front.
logs_run() {
	logs_program=$1
	shift
	$logs_wrapper env "$@" LD_PRELOAD="$PWD/build/libredial.so" build/tests/flow-tests \
		--program "$logs_program" 127.0.0.1 "$logs_port" 0 '' >/dev/null
}
logs_wrapper=

# A mount namespace in which /dev is a folder of ours with little in it, where /dev/log leads to $1;
# the rest is the command. Everybody else's /dev stays as it is.
logs_diverted() {
	mkdir -p "$logs/dev"
	rm -f "$logs/dev/log"
	ln -s "$1" "$logs/dev/log"
	shift
	# shellcheck disable=SC2016,SC2086 # for the inner shell; two options
	unshare $logs_unshare sh -c 'dev=$1 && shift && : >>"$dev/null" &&
		mount --bind /dev/null "$dev/null" && mount --rbind "$dev" /dev && exec "$@"' \
		sh "$logs/dev" "$@"
}

# Can that be had here? Sets $logs_unshare; says so if not.
logs_may_divert() {
	for logs_unshare in -m -Urm; do
		logs_diverted /nowhere true 2>/dev/null && return 0
	done
	echo "NOT RUN: no mount namespace is to be had here, so /dev/log cannot be diverted"
	return 1
}

# logs_rsyslogd CONFIG: starts a real one with its files in $logs; its config names its sockets,
# $logs/old.sock last. logs_rsyslogd_end LINES FILE...: ends it once there are so many in the files,
# as what waits in its sockets when it ends is lost.
logs_rsyslogd() {
	rsyslogd -n -f "$1" -i "$logs/rsyslogd.pid" 2>"$logs/rsyslogd.err" &
	logs_rsyslogd_pid=$!
	logs_pids="$logs_pids $!"
	soon test -S "$logs/old.sock"
}

logs_have_lines() {
	logs_wanted=$1
	shift
	[ "$(cat "$@" 2>/dev/null | wc -l)" -ge "$logs_wanted" ]
}
logs_rsyslogd_end() {
	soon logs_have_lines "$@"
	kill "$logs_rsyslogd_pid"
	wait "$logs_rsyslogd_pid"
}

# The system's Python, which has the packages that setup.sh installs.
python=/usr/bin/python3
[ -x $python ] || python=python3
