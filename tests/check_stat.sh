#!/bin/sh
# SPDX-License-Identifier: MIT
# redial stat as its user meets it: its words, forms and exit status, launches that end, other
# users, and files that hold anything. What it counts the flow tests look at.
cd "$(dirname "$0")/.." || exit 1
. tests/support/check.sh
. tests/support/server.sh
. tests/support/launch.sh
. scripts/man/pages.sh
export LC_ALL=C
unset LD_PRELOAD REDIAL_POLICY REDIAL_DISABLE REDIAL_LIBDIR REDIAL_SHARED

dir=$(mktemp -d) || exit 1
# shellcheck disable=SC2317,SC2329 # called by the trap
clean() {
	[ -z "$launched" ] || kill "$launched" 2>/dev/null
	stop_server
	rm -rf "$dir"
}
trap clean EXIT
trap 'exit 2' INT TERM

# asks [WORD...]: three connections that have asked once, and wait for a line to ask again.
asks() { launch "$@" scripts/redial --log none python3 tests/stat/asks.py "$port"; }

# asked WORD...: the answer in $dir/answer, what it complains of in $dir/error; sets status.
asked() {
	scripts/redial stat "$@" >"$dir/answer" 2>"$dir/error"
	status=$?
}

# among KEY: of the JSON answer's launch with the PID of ours.
among() {
	python3 -c '
import json, sys
for launch in json.load(open(sys.argv[1]))["launches"]:
    if launch["pid"] == int(sys.argv[2]):
        print(eval("launch" + sys.argv[3]))' "$dir/answer" "$launched" "$1"
}

check_answers() {
	asked "$launched"
	equal "exit status for a launch" 0 "$status"
	none "nothing on standard error" "$(cat "$dir/error")"
	none "80 columns do" "$(awk 'length > 80' "$dir/answer")"
	equal "the title begins with" "launch $launched (python3), since" \
		"$(head -n 1 "$dir/answer" | cut -d' ' -f1-4)"
	equal "connections" 3 "$(awk '$1 == "processes" { print $4 }' "$dir/answer")"
	asked --processes "$launched"
	equal "its process" "$launched python3 3 0 0 0 0 0" \
		"$(tail -n 1 "$dir/answer" | tr -s ' ' | sed 's/^ //')"
	none "80 columns do with processes" "$(awk 'length > 80' "$dir/answer")"
	asked --json "$launched"
	equal "connections for machines" 3 "$(among '["connections"]')"
	equal "processes for machines" "$launched" "$(among '["processes"][0]["pid"]')"
	asked --json
	equal "exit status for all launches" 0 "$status"
	equal "ours among all" 3 "$(among '["requests"]')"
	# shellcheck disable=SC2016 # backquotes of Markdown
	none "every key on the page is one that is there" "$(
		section scripts/README.md 'redial stat' | grep '^| .--json' | cut -d'|' -f3 |
			grep -o '`[^`]*`' | tr -d '`' | sed '1d' | while read -r word; do
			case $word in peer | state | left_ms) continue ;; esac
			grep -qF "\"$word\": " "$dir/answer" || echo "$word"
		done)"
}

check_watch() {
	scripts/redial stat --watch=0.1 "$launched" >"$dir/watched" 3>&- 4<&- &
	watcher=$!
	until [ "$(grep -c '^launch' "$dir/watched")" -ge 2 ]; do sleep 0.05; done
	equal "requests a second, with nobody asking" 0.0 \
		"$(awk '/per second/ { print $5; exit }' "$dir/watched")"
	none "no control characters in a file" "$(grep '[^ -~]' "$dir/watched")"
	kill -INT $watcher
	wait $watcher
	equal "exit status after SIGINT" 0 $?
	scripts/redial stat --json --watch=0.1 "$launched" >"$dir/watched" 3>&- 4<&- &
	watcher=$!
	until grep -q launches "$dir/watched"; do sleep 0.05; done
	echo again >&3
	read -r _ <&4
	until tail -n 1 "$dir/watched" | grep -q '"requests": 6,'; do sleep 0.05; done
	equal "each line of a watch is one document" yes "$(python3 -c '
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
rates = [line["launches"][0]["per_second"] for line in lines]
print("yes" if rates[0] is None and max(rates[1:]) > 0 else rates)' "$dir/watched")"
	end_launch
	wait $watcher
	equal "exit status once the launch is over" 0 $?
	equal "a terminal is cleared" yes "$(python3 -c '
import os, pty, signal
pid, terminal = pty.fork()
if not pid:
    os.execv("scripts/redial", ["redial", "stat", "--watch"])
text = os.read(terminal, 65536)
os.kill(pid, signal.SIGINT)
os.waitpid(pid, 0)
print("yes" if text.startswith(b"\33[H\33[2J") else text)')"
}

# refused STATUS TEXT WORD...
refused() {
	wanted_status=$1 wanted_text=$2
	shift 2
	asked "$@"
	if [ $status -eq "$wanted_status" ] && grep -qF -- "$wanted_text" "$dir/error"; then
		pass "stat $*: status $status, $wanted_text"
	else
		fail "stat $*: status $wanted_status, $wanted_text" "$status: $(cat "$dir/error")"
	fi
}

check_refusals() {
	refused 1 "there is no process 4200000" 4200000
	refused 1 "is of no launch that can be seen" $$
	refused 2 "x is no PID" x
	refused 2 "0 is no PID" 0
	refused 2 "is one word too many" 1 2
	refused 2 "--what is not an option" --what
	refused 2 "takes seconds from 0.1 to 3600" --watch=0
	refused 2 "takes seconds from 0.1 to 3600" --watch=nan
	asked --help
	equal "exit status for help" 0 $status
	none "80 columns do for help" "$(awk 'length > 80' "$dir/answer")"
	if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
		chmod 755 "$dir"
		cp build/redial-stat "$dir/"
		setpriv --reuid 54321 --clear-groups "$dir/redial-stat" >"$dir/answer" 2>"$dir/error"
		equal "exit status for a user who has none" 1 $?
		none "and nothing but a line" "$(cat "$dir/answer"; grep -v 'no launch is alive' "$dir/error")"
		setpriv --reuid 54321 --clear-groups "$dir/redial-stat" $$ 2>"$dir/error"
		equal "exit status for another's process" 3 $?
	else
		echo "     not root: other users' launches were not looked for"
	fi
	(scripts/redial stat --help >/dev/full) 2>"$dir/error"
	equal "exit status when it cannot be shown" 3 $?
}

# The id of the memory that a launch's file tells of, policy/state.h.
id_in() { od -An -j56 -N4 -td4 "$1" | tr -d ' '; }

# A process that says of itself that it is of the launch whose memory is rubbish.
check_rubbish() {
	mkdir "$dir/redial"
	build/redial-policy share $$ >"$dir/shared"
	cp "$(cat "$dir/shared")" "$dir/redial/1-1"
	rm "$(cat "$dir/shared")"
	REDIAL_SHARED=$dir/redial/1-1 sleep 60 &
	launched=$!
	none "whatever is in the memory, it is told" "$(python3 tests/stat/rubbish.py \
		"$dir/redial/1-1" "$launched" 2>&1)"
	ipcrm -m "$(id_in "$dir/redial/1-1")"
	refused 1 "no launch is alive" "$launched"
	printf 'short' >"$dir/redial/1-1"
	refused 3 "is damaged" "$launched"
	kill "$launched"
	launched=
}

# Whatever becomes of the file, processes are found by the memory that they share.
check_spoilt() {
	asks
	file=$(tr '\0' '\n' <"/proc/$launched/environ" | sed -n 's/^REDIAL_SHARED=//p')
	for how in cut overwritten removed; do
		case $how in
		cut) : >"$file" ;;
		overwritten) head -c 100000 /dev/zero >"$file" ;;
		removed) rm "$file" ;;
		esac
		asked --json "$launched"
		equal "connections of a launch whose file is $how" 3 "$(among '["connections"]')"
	done
	end_launch
}

# In another IPC namespace ids are of other memory, or of none.
check_elsewhere() {
	if ! unshare -i true 2>/dev/null; then
		echo "     no IPC namespaces: launches in another one were not looked at"
		return
	fi
	asks unshare -i
	asked --json "$launched"
	equal "connections of a launch in an IPC namespace of its own" 3 "$(among '["connections"]')"
	unshare -i scripts/redial stat --json "$launched" >"$dir/answer" 2>"$dir/error"
	equal "the same, seen from a third one" 3 "$(among '["connections"]')"
	end_launch
}

# shellcheck disable=SC2119 # of its options none
start_server
asks
check_answers
check_watch
check_refusals
check_rubbish
check_spoilt
check_elsewhere
check_end
