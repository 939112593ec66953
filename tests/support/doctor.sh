# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# shellcheck disable=SC2086 # $started is a list of words
# For tests/check_doctor*.sh, to be sourced from the top of the tree after check.sh: a redial of its own
# in $dir, and what the doctor says.

export LC_ALL=C
unset LD_PRELOAD LD_LIBRARY_PATH REDIAL_POLICY REDIAL_DISABLE REDIAL_LIBDIR

dir=$(mktemp -d) || exit 1
started=
# shellcheck disable=SC2317,SC2329 # called by the trap
clean() {
	[ -z "$started" ] || kill $started 2>/dev/null
	rm -rf "$dir"
}
trap clean EXIT
trap 'exit 2' INT TERM
chmod 755 "$dir"

# Others than root have to be able to look at it.
mkdir "$dir/redial"
cp build/libredial.so build/redial-policy build/redial-doctor "$dir/redial"
doctor=$dir/redial/redial-doctor
version=$(sed -n 's/^VERSION := //p' Makefile)

# asked WORD...: the doctor's answer in $answer, a finding a line and spaces squeezed; $status.
asked() {
	"$@" >"$dir/answer" 2>&1
	status=$?
	answer=$(sed -e ':a' -e 'N' -e '$!ba' -e 's/\n \{10,\}/ /g' "$dir/answer" | tr -s ' ')
	awk 'length > 80 && $NF !~ /.{60}/' "$dir/answer" >>"$dir/wide"
}

# Does the answer hold LINE, or, of !LINE, not?
answers() {
	case $1 in
	!*) ! answers "${1#!}" ;;
	*) printf '%s\n' "$answer" | grep -qF -- "$1" ;;
	esac
}

# told STATEMENT STATUS LINE WORD...: the answer ends so, and LINE is part of it ("!TEXT": is not).
told() {
	told_what=$1 told_status=$2 told_line=$3
	shift 3
	asked "$@"
	if answers "$told_line" && [ "$status" -eq "$told_status" ]; then
		pass "$told_what"
	else
		fail "$told_what" "exit status $status, $told_status wanted; \"$told_line\" wanted in
$answer"
	fi
}

lacking() { echo "     $1: $2 was not looked at"; }

# build NAME SOURCE [OPTION...]: $dir/NAME; false if that cannot be built here.
build() {
	name=$1 source=$2
	shift 2
	${cc:-gcc} -w "$dir/$source.c" -o "$dir/$name" "$@" 2>"$dir/said"
}

# start WORD...: sets $pid to a process of `sleeps` that has reached its main.
start() {
	rm -f "$dir/fifo" && mkfifo "$dir/fifo"
	"$@" >"$dir/fifo" 2>/dev/null &
	pid=$!
	started="$started $pid"
	read -r _ <"$dir/fifo"
}

# Of a process.
seen() { told "$1" "$2" "$3" "$doctor" --pid "$pid"; }

