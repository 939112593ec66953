#!/bin/sh
# SPDX-License-Identifier: MIT
# redial-entrypoint outside of containers: what it starts is as if it were not there, and what it
# installs works elsewhere.
cd "$(dirname "$0")/.." || exit 1
. tests/support/check.sh
. tests/support/server.sh
export LC_ALL=C

here=$PWD
entrypoint=$here/build/redial-entrypoint
library=$here/build/libredial.so
dir=$(mktemp -d) || exit 1
trap 'stop_server; rm -rf "$dir"' EXIT
trap 'exit 2' INT TERM
chmod 755 "$dir"
cc -O1 tests/containers/tell.c -o "$dir/tell" || exit 1

# Each starts the program that it is given in a way of its own.
plainly() { exec "$@"; }
with_arguments() { exec "$@" "" "a b" -- --policy '*' "$(printf 'new\nline')"; }
# shellcheck disable=SC2016 # expanded by the inner shell
with_its_pid() { exec sh -c 'export TELL_PID=$$; exec "$@"' sh "$@"; }
to_end_with_7() { TELL_STATUS=7 exec "$@"; }
to_end_with_255() { TELL_STATUS=255 exec "$@"; }
to_end_by_sigterm() { TELL_SIGNAL=15 "$@" || exit; }
to_end_by_sigkill() { TELL_SIGNAL=9 "$@" || exit; }
with_odd_variables() { exec env EMPTY= "ODD=$(printf 'a=b\nc')" =nameless "$@"; }
with_no_variable() { exec env -i "$@"; }
with_an_umask_and_a_folder() { umask 027 && cd / && exec "$@"; }
with_limits() { exec prlimit --core=0 --nofile=100 --stack=4194304 "$@"; }
with_ignored_signals() { trap '' INT PIPE HUP CHLD USR2 && exec "$@"; }
with_descriptors() { exec "$@" 5<"$here/Makefile" 9>>/dev/null 0<&- 3>&1; }
with_no_descriptor_but_one() { exec "$@" 0<&- 2>&-; }
in_a_session() { exec setsid -w "$@"; }
with_signals_and_a_timer() {
	exec python3 -c '
import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1, signal.SIGRTMIN + 3, signal.SIGTERM])
os.kill(os.getpid(), signal.SIGUSR1)
signal.setitimer(signal.ITIMER_VIRTUAL, 1000)
os.nice(3)
os.set_inheritable(os.open("/", os.O_RDONLY), True)
os.execvp(sys.argv[1], sys.argv[1:])' "$@"
}

# told WAY PROGRAM...: into $dir/told, the numbers aside that are new for each process; sets status.
told() {
	("$@") >"$dir/all" 2>&1
	status=$?
	sed '/^environment <TELL_PID=/d; s/, group [0-9]*, session [0-9]*$//' "$dir/all" >"$dir/told"
}

# same WAY: a program that is started that way tells the same, bare and under the entrypoint.
same() {
	told "$1" "$dir/tell"
	bare=$status
	mv "$dir/told" "$dir/bare"
	told "$1" "$entrypoint" -- "$dir/tell"
	grep -vxF -e "environment <LD_PRELOAD=$library>" \
		-e 'environment <ASAN_OPTIONS=verify_asan_link_order=0>' "$dir/told" >"$dir/ours"
	how=$(echo "$1" | tr _ ' ')
	at_least "$how: lines that a program tells" 80 "$(wc -l <"$dir/bare")"
	none "$how: it tells the same" "$(diff "$dir/bare" "$dir/ours")"
	equal "$how: and it has the library, and what AddressSanitizer is told of it" 2 \
		"$(($(wc -l <"$dir/told") - $(wc -l <"$dir/ours")))"
	equal "$how: its exit status" "$bare" "$status"
}

sameness() {
	for way in plainly with_arguments with_its_pid to_end_with_7 to_end_with_255 \
		to_end_by_sigterm to_end_by_sigkill with_odd_variables with_no_variable \
		with_an_umask_and_a_folder with_limits with_ignored_signals with_descriptors \
		with_no_descriptor_but_one in_a_session with_signals_and_a_timer; do
		same $way
	done
}

# preloads OLD: what LD_PRELOAD is under the entrypoint where it was OLD, files that are not there.
preloads() {
	LD_PRELOAD=$1 "$entrypoint" "$dir/tell" 2>/dev/null |
		sed -n 's/^environment <LD_PRELOAD=\(.*\)>$/\1/p'
}

environment() {
	equal "LD_PRELOAD: what was there stays, behind" "$library:/a.so:/b.so" "$(preloads '/a.so /b.so')"
	equal "LD_PRELOAD: ours is there once" "$library:/a.so" \
		"$(preloads "/old/libredial.so:/a.so::$library")"
	equal "LD_PRELOAD: nothing is taken from names that are alike" "$library:/my-libredial.so" \
		"$(preloads /my-libredial.so)"
	equal "the entrypoint under itself" "$library" \
		"$("$entrypoint" "$entrypoint" printenv LD_PRELOAD)"
	equal "ASAN_OPTIONS: what was there stays" a=1:verify_asan_link_order=0 \
		"$(ASAN_OPTIONS=a=1 "$entrypoint" printenv ASAN_OPTIONS)"
	equal "ASAN_OPTIONS: the order of libraries may be settled already" verify_asan_link_order=1:a=1 \
		"$(ASAN_OPTIONS=verify_asan_link_order=1:a=1 "$entrypoint" printenv ASAN_OPTIONS)"
	none "no policy and no sink: neither is set" \
		"$("$entrypoint" "$dir/tell" | grep -E 'environment <REDIAL_(POLICY|LOG)=')"
	equal "--log" file:/l "$("$entrypoint" --log=file:/l printenv REDIAL_LOG)"
	equal "--log, not from the root" "file:$dir/l" \
		"$(cd "$dir" && "$entrypoint" --log file:l printenv REDIAL_LOG)"
	equal "--policy" "$dir/a.policy" \
		"$("$entrypoint" --policy "$dir/a.policy" printenv REDIAL_POLICY)"
	equal "--policy=, not from the root" "$dir/a.policy" \
		"$(cd "$dir" && "$entrypoint" --policy=a.policy printenv REDIAL_POLICY)"
	equal "REDIAL_POLICY stays" /mine \
		"$(REDIAL_POLICY=/mine "$dir/there/redial-entrypoint" printenv REDIAL_POLICY)"
	equal "a policy beside it is taken" "$dir/there/redial.policy" \
		"$("$dir/there/redial-entrypoint" printenv REDIAL_POLICY)"
	equal "--policy goes before both" "$dir/a.policy" "$(REDIAL_POLICY=/mine \
		"$dir/there/redial-entrypoint" --policy "$dir/a.policy" printenv REDIAL_POLICY)"
	equal "a text where its parser is" "$here/scripts/policies/default.cfg" "$("$entrypoint" \
		--policy scripts/policies/default.cfg printenv REDIAL_POLICY)"
}

# ends STATEMENT STATUS TEXT COMMAND...: with that status, and one line on stderr that has the text.
ends() {
	statement=$1 wanted=$2 text=$3
	shift 3
	"$@" >"$dir/out" 2>"$dir/errors"
	status=$?
	if [ $status -eq "$wanted" ] && grep -qF -- "$text" "$dir/errors" &&
		[ "$(wc -l <"$dir/errors")" -eq 1 ] && [ ! -s "$dir/out" ]; then
		pass "$statement: $status, $(cat "$dir/errors")"
	else
		fail "$statement: $status, wanted $wanted and: $text" "$(cat "$dir/errors" "$dir/out")"
	fi
}

statuses() {
	e=$entrypoint
	ends "no command" 64 "COMMAND is missing" "$e"
	ends "no command behind --" 64 "COMMAND is missing" "$e" --
	ends "an option that there is not" 64 "--polic is not an option" "$e" --polic x
	ends "an option without its value" 64 "--policy needs a value" "$e" --policy
	ends "no such sink" 64 "--log must be" "$e" --log stderr true
	ends "too long a sink" 64 "255 bytes" "$e" --log "file:/$(printf %0255d 0)" true
	ends "--install and a command" 64 "takes no COMMAND" "$e" --install "$dir/i" true
	ends "a name that is not found" 127 "nosuch is not found" "$e" nosuch
	ends "an empty name" 127 "is not found" "$e" ""
	ends "a path that is not there" 127 "/no/such is not found" "$e" /no/such
	ends "no program" 126 "Makefile cannot be executed: permission denied" "$e" ./Makefile
	ends "a folder" 126 "cannot be executed" "$e" /
	printf '\177ELF' >"$dir/damaged"
	printf '#!/no/such\n' >"$dir/orphan"
	# shellcheck disable=SC2016 # for that script
	printf 'echo "$0 $*" >&2; exit 9\n' >"$dir/shebangless"
	chmod +x "$dir/damaged" "$dir/orphan" "$dir/shebangless"
	ends "its interpreter is missing" 126 "interpreter is not there" "$e" "$dir/orphan"
	ends "the same, by PATH" 126 "$dir/orphan cannot" env "PATH=/none:$dir:/also" "$e" orphan
	ends "a script without #!, as execvp does" 9 "shebangless b" "$e" "$dir/shebangless" b
	mkdir "$dir/first" "$dir/second"
	echo >"$dir/first/both"
	printf '#!/bin/sh\necho second >&2; exit 5\n' >"$dir/second/both"
	echo >"$dir/first/only"
	chmod +x "$dir/second/both"
	ends "PATH goes on behind what cannot be executed" 5 second \
		env "PATH=$dir/first:$dir/second:$PATH" "$e" both
	ends "if there is no other, that is told" 126 "first/only cannot" \
		env "PATH=$dir/first:/none" "$e" only
	ends "an empty folder in PATH is this one" 5 second \
		env -C "$dir/second" PATH=/none: "$e" both
	equal "without PATH: /usr/local/bin:/bin:/usr/bin" yes \
		"$(env -u PATH "$e" sh -c 'echo yes')"
	echo 'bogus = 1;' >"$dir/text.cfg"
	head -c 100 "$dir/a.policy" >"$dir/short.policy"
	ends "no such policy" 78 "/no/such: no such file" "$e" --policy /no/such true
	ends "a policy that is cut short" 78 "truncated" "$e" --policy "$dir/short.policy" true
	ends "a text where no parser is" 78 "compile it" "$dir/there/redial-entrypoint" \
		--policy "$dir/text.cfg" true
	ends "a folder for a policy" 78 "is a directory" "$e" --policy / true
	mkdir "$dir/alone" "$dir/a b"
	cp "$e" "$dir/alone/"
	cp "$e" "$library" "$dir/a b/"
	ends "no library" 120 "$dir/alone/libredial.so is missing" "$dir/alone/redial-entrypoint" true
	ends "a space in its path" 120 "space or colon" "$dir/a b/redial-entrypoint" true
	# shellcheck disable=SC2016 # expanded by the inner shell
	ends "--version to a full disk" 73 "no space left" sh -c '"$1" --version >/dev/full' sh "$e"
	ends "--install to where it may not" 73 "/proc/" "$e" --install /proc/x
	ends "--install of a text" 78 "compile it" "$e" --policy "$dir/text.cfg" --install "$dir/i"
	equal "--version" "redial-entrypoint $(build/redial-policy --version | sed 's/.* //')" \
		"$("$e" --version)"
	none "--help fits 80 columns, and exits 0" "$("$e" --help | awk 'length > 80' ||
		echo "exit status $?")"
	none "--help names every exit status" "$(sed -n 's/^	STATUS_[A-Z_]* = \([1-9][0-9]*\),$/\1/p' \
		scripts/entrypoint/entrypoint.h | while read -r n; do
		"$e" --help | grep -qw "$n" || echo "not $n"
	done)"
}

listing() { find "$1" -type f -printf '%P %m %s\n' | sort; }

installing() {
	"$entrypoint" --policy "$dir/a.policy" --install "$dir/there"
	equal "--install: its exit status" 0 $?
	# shellcheck disable=SC2046,SC2005 # words on one line
	equal "--install: what is there" "libredial.so 644 redial-entrypoint 755 redial.policy 644" \
		"$(echo $(listing "$dir/there" | cut -d' ' -f1,2))"
	none "--install: it is what was here" "$(cmp "$library" "$dir/there/libredial.so" 2>&1
		cmp "$entrypoint" "$dir/there/redial-entrypoint" 2>&1
		cmp "$dir/a.policy" "$dir/there/redial.policy" 2>&1)"
	(umask 077 && "$dir/there/redial-entrypoint" --install "$dir/further")
	listing "$dir/there" >"$dir/first_list"
	none "--install from there: the same again, whatever the umask" \
		"$(diff "$dir/there" "$dir/further" 2>&1
		listing "$dir/further" | diff "$dir/first_list" - 2>&1)"
	before=$(stat -c %i "$dir/further/libredial.so")
	none "--install again, and from where it is: quiet" "$("$entrypoint" --install "$dir/further" 2>&1
		"$dir/further/redial-entrypoint" --install "$dir/further" 2>&1)"
	none "--install again: the old library is not written to" \
		"$(stat -c %i "$dir/further/libredial.so" | grep -x "$before")"
	equal "--install leaves nothing but these" 3 "$(listing "$dir/further" | wc -l)"
	echo old >"$dir/further/redial.policy"
	ends "--install: an old policy that is of no use now" 78 "redial.policy: " \
		"$entrypoint" --install "$dir/further"
	mkdir -p "$dir/prefix/bin" "$dir/prefix/lib/redial"
	cp "$entrypoint" "$dir/prefix/bin/"
	cp "$library" "$dir/prefix/lib/redial/"
	equal "from PREFIX/bin it finds PREFIX/lib/redial" "$dir/prefix/lib/redial/libredial.so" \
		"$("$dir/prefix/bin/redial-entrypoint" printenv LD_PRELOAD)"
}

rescuing() {
	for way in "env 2 4" "$dir/there/redial-entrypoint 4 7"; do
		# shellcheck disable=SC2086 # three words
		set -- $way
		start_server --log "$dir/seen" --fault reset@2
		: >"$dir/seen"
		"$1" "$here/build/tests/clients/blocking_client" "http://127.0.0.1:$port/r" 4 >"$dir/out"
		equal "${1##*/}: answered of 4" "$2" "$(grep -c '^ok ' "$dir/out")"
		equal "${1##*/}: requests at the server" "$3" "$(grep -c '^request ' "$dir/seen")"
	done
}

static_and_small() {
	none "it needs no loader and no library" "$(readelf -lW "$entrypoint" | grep -E 'INTERP|DYNAMIC')"
	at_most "its size, bytes" 65536 "$(stat -c %s "$entrypoint")"
}

echo 'retry = { statuses = [503]; };' >"$dir/a.cfg"
build/redial-policy compile "$dir/a.cfg" -o "$dir/a.policy"
installing
sameness
environment
statuses
rescuing
static_and_small
check_end
