#!/bin/sh
# SPDX-License-Identifier: MIT
# REDIAL_STATE: processes that no launcher started, other users' and those of other PID namespaces
# are seen in a folder; and whatever that folder is or holds, a program runs on as without redial,
# and one line of the log says why nothing is told.
cd "$(dirname "$0")/.." || exit 1
. tests/support/check.sh
. tests/support/server.sh
. tests/bench/measure.sh
export LC_ALL=C
unset LD_PRELOAD REDIAL_POLICY REDIAL_DISABLE REDIAL_LIBDIR REDIAL_SHARED REDIAL_STATE REDIAL_LOG

dir=$(mktemp -d) || exit 1
chmod 755 "$dir"
cp build/libredial.so build/redial-stat tests/stat/steps.py "$dir/"
chmod 755 "$dir/redial-stat"
state=$dir/state
log=$dir/log
: >"$log"
chmod 666 "$log"
mkdir -m 1777 "$state"
running=
# shellcheck disable=SC2317,SC2329 # called by the trap
clean() {
	[ -z "$running" ] || kill "$running" 2>/dev/null
	stop_server
	umount "$dir/full" 2>/dev/null
	rm -rf "$dir" "${tmp:?}"
}
trap clean EXIT
trap 'exit 2' INT TERM

# begin [COMMAND...]: steps.py under the library alone, by that command.
begin() {
	mkfifo "$dir/go" "$dir/ready"
	"$@" env REDIAL_STATE="${folder:-${unnamed-$state}}" REDIAL_LOG="file:$log" LD_PRELOAD="$dir/libredial.so" \
		python3 "$dir/steps.py" "$port" <"$dir/go" >"$dir/ready" 2>"$dir/said" &
	running=$!
	exec 3>"$dir/go" 4<"$dir/ready"
	rm "$dir/go" "$dir/ready"
}

# step WORD...: sets done_ones to how many were done.
step() {
	done_ones=0
	for word; do
		echo "$word" >&3
		read -r answer <&4 && [ "$answer" = "done" ] && done_ones=$((done_ones + 1))
	done
}

end() {
	exec 3>&- 4<&-
	wait "$running"
	ended=$?
	running=
}

# told KEY [COMMAND...]: of the only launch that the folder tells of.
told() {
	key=$1
	shift
	"$@" "$dir/redial-stat" --dir "$state" --json 2>/dev/null | python3 -c '
import json, sys
(launch,) = json.load(sys.stdin)["launches"]
print(eval("launch" + sys.argv[1]))' "$key" 2>&1 | tail -n 1
}

as_other() { setpriv --reuid 54321 --regid 54321 --clear-groups "$@"; }
files() { find "$state" -mindepth 1 | wc -l; }
in_own_pids() { unshare -pf --kill-child --mount-proc "$@"; }

# soon_told WANTED KEY: the same, once it is what is wanted. On a machine that takes long to write it
# down a process tells nothing for a while, and then again with its next connection.
soon_told() {
	tries=0
	until came=$(told "$2") && [ "$came" = "$1" ] || [ $((tries += 1)) -gt 200 ]; do
		sleep 0.05
		step open close
	done
	echo "$came"
}

check_seen() {
	begin
	step open open
	equal "connections of a process under LD_PRELOAD alone" 2 "$(told '["connections"]')"
	step ask ask
	equal "its requests, read where they are" 6 "$(told '["requests"]')"
	equal "the program" python3 "$(told '["program"]')"
	step fork
	equal "processes with a forked child" 2 "$(told '["processes"].__len__()')"
	equal "connections with a forked child" 3 "$(told '["connections"]')"
	equal "files for both" 1 "$(files)"
	step end
	equal "connections when the child has ended" 2 "$(told '["connections"]')"
	step close
	equal "connections when one is closed" 1 "$(told '["connections"]')"
	end
	equal "files left when the program has ended" 0 "$(files)"
	mkfifo "$dir/go" "$dir/ready"
	REDIAL_STATE=$state build/redial-entrypoint --log none python3 tests/stat/steps.py "$port" \
		<"$dir/go" >"$dir/ready" &
	running=$!
	exec 3>"$dir/go" 4<"$dir/ready"
	rm "$dir/go" "$dir/ready"
	step open
	equal "connections of one that redial-entrypoint started" 1 "$(told '["connections"]')"
	kill -9 "$running"
	end 2>/dev/null
	equal "a process that was killed leaves its file" 1 "$(files)"
	"$dir/redial-stat" --dir "$state" >"$dir/answer" 2>&1
	equal "which is no launch that is alive" 1 $?
	rm "$state"/*
}

# The folder that the policy names, unless the environment names one.
check_policy() {
	echo "stat = { dir = \"$state\"; };" >"$dir/stat.cfg"
	build/redial-policy compile "$dir/stat.cfg" -o "$dir/stat.policy"
	unnamed=
	begin env REDIAL_POLICY="$dir/stat.policy"
	step open open
	equal "connections of a process whose policy names the folder" 2 "$(told '["connections"]')"
	end
	unset unnamed
	echo "stat = { dir = \"$dir/nowhere\"; };" >"$dir/stat.cfg"
	build/redial-policy compile "$dir/stat.cfg" -o "$dir/stat.policy"
	begin env REDIAL_POLICY="$dir/stat.policy"
	step open
	equal "of one whose environment names another folder" 1 "$(told '["connections"]')"
	end
	equal "files left then" 0 "$(files)"
}

check_launcher() {
	mkfifo "$dir/go" "$dir/ready"
	REDIAL_STATE=$state scripts/redial --log none python3 tests/stat/steps.py "$port" \
		<"$dir/go" >"$dir/ready" &
	running=$!
	exec 3>"$dir/go" 4<"$dir/ready"
	rm "$dir/go" "$dir/ready"
	step open ask
	equal "requests of a launch, told in a folder as well" 2 "$(told '["requests"]')"
	equal "its number is that of the launch" "$running" "$(told '["pid"]')"
	end
	rm -f "$state"/*
}

# Who may not read another's memory sees what it told last: when a connection began or ended.
check_others() {
	if [ "$(id -u)" -ne 0 ] || ! command -v setpriv >/dev/null; then
		echo "     not root: other users were not looked at"
		return
	fi
	begin as_other
	step open open close
	equal "connections of another user's process" 1 "$(told '["connections"]')"
	equal "the file is its own" 54321 "$(stat -c %u "$state"/*)"
	end
	begin
	step open open ask close
	equal "what another user sees of root's" "1 4" \
		"$(told '["connections"]' as_other) $(told '["requests"]' as_other)"
	at_least "and when it was told" 1700000000 "$(told '["told"]' as_other)"
	end
}

check_namespaces() {
	if ! unshare -pf --mount-proc true 2>/dev/null; then
		echo "     no PID namespaces: processes in another one were not looked at"
		return
	fi
	begin in_own_pids
	step open open close
	equal "connections of a process in another PID namespace" 1 "$(soon_told 1 '["connections"]')"
	equal "its name there" "1 python3" "$(told '["pid"]') $(told '["program"]')"
	step fork
	equal "processes with a child" 2 "$(soon_told 2 '["processes"].__len__()')"
	step end
	equal "processes when the child has ended" 1 "$(soon_told 1 '["processes"].__len__()')"
	touch -d '2 hours ago' "$state"/*
	equal "two of them in one folder" 2 "$(
		mkfifo "$dir/second"
		in_own_pids env REDIAL_STATE="$state" REDIAL_LOG=none LD_PRELOAD="$dir/libredial.so" \
			python3 "$dir/steps.py" "$port" <"$dir/second" 3>&- 4<&- >/dev/null &
		exec 5>"$dir/second"
		echo open >&5
		tries=0
		until [ "$(files)" -ge 2 ] || [ $((tries += 1)) -gt 200 ]; do sleep 0.05; done
		"$dir/redial-stat" --dir "$state" --prometheus | sed -n 's/^redial_launches //p')"
	end
	tries=0
	until [ "$(files)" -eq 0 ] || [ $((tries += 1)) -gt 200 ]; do sleep 0.05; done
	rm -rf "${state:?}"/* "$dir/second"
}

# untold STATEMENT WHY [COMMAND...]: in $folder nothing can be told, and the program does not mind.
untold() {
	statement=$1 why=$2
	shift 2
	: >"$log"
	begin "$@"
	step open ask close open
	equal "$statement: steps that are done" 4 "$done_ones"
	end
	equal "$statement: exit status" 0 "$ended"
	none "$statement: nothing on standard error" "$(cat "$dir/said")"
	equal "$statement: lines that say why" 1 "$(grep -c "event=state result=untold.*error=\"$why\"" "$log")"
	equal "$statement: lines of the log" 1 "$(wc -l <"$log")"
}

check_folders() {
	folder=$dir/none
	untold "no folder" "is not there"
	folder=$dir/log
	untold "a file" "is no folder"
	ln -s "$state" "$dir/link"
	folder=$dir/link
	untold "a symbolic link" "is no folder"
	folder=$state
	untold "a limit of file sizes" "cannot be written to: files may not be that large" prlimit --fsize=20000
	folder=relative
	untold "a relative path" "is no absolute path of at most 255 bytes"
	folder=/$(printf '%0256d' 0)
	untold "a path that is too long" "is no absolute path of at most 255 bytes"
	if [ "$(id -u)" -eq 0 ]; then
		folder=$dir/others
		mkdir -m 777 "$folder"
		chown 54321 "$folder"
		untold "another user's folder" "is another user's, or holds what is"
		folder=$dir/closed
		mkdir -m 755 "$folder"
		untold "one that may not be written to" "may not be written to" as_other
		mkdir "$dir/full"
		if mount -t tmpfs -o size=16k,mode=1777 none "$dir/full" 2>/dev/null; then
			folder=$dir/full
			untold "a full one" "is full"
			none "nothing is left in it" "$(ls -A "$dir/full")"
			umount "$dir/full"
		else
			echo "     nothing can be mounted: no full folder was looked at"
		fi
		check_vanished
	else
		echo "     not root: no folder of another user was looked at"
	fi
	folder=
}

check_vanished() {
	folder=$dir/vanishing
	mkdir -m 1777 "$folder"
	: >"$log"
	begin
	step open
	rm -r "$folder"
	step open ask close
	equal "a folder that vanishes: steps that are done" 3 "$done_ones"
	equal "a folder that vanishes: is said" 1 "$(grep -c 'untold.*is not there' "$log")"
	mkdir -m 1777 "$folder"
	step open
	equal "once it is there again it is told in" 1 "$(find "$folder" -type f | wc -l)"
	end
}

# What is put in the place of its file is replaced, or keeps it from telling; never opened.
check_hostile() {
	: >"$log"
	begin
	step open
	file=$(find "$state" -type f)
	: >"$file"
	"$dir/redial-stat" --dir "$state" >"$dir/answer" 2>&1
	equal "a file that was cut off is of nobody" 1 $?
	step ask open
	equal "a file that was cut off is made anew" 2 "$(told '["connections"]')"
	rm "$file"
	echo precious >"$dir/victim"
	ln -s "$dir/victim" "$file"
	step open
	equal "a symbolic link is replaced" "regular file" "$(stat -c %F "$file")"
	equal "where it leads nothing is written" precious "$(cat "$dir/victim")"
	rm "$file"
	mkfifo "$file"
	step open
	equal "a FIFO is replaced" "regular file" "$(stat -c %F "$file")"
	none "of all that nothing is said" "$(cat "$log")"
	rm "$file"
	mkdir "$file"
	step open ask close
	equal "a folder of that name: steps that are done" 3 "$done_ones"
	equal "a folder of that name: is said" 1 "$(grep -c 'untold' "$log")"
	equal "nothing else is left in the folder" 1 "$(files)"
	rmdir "$file"
	end
	rm -f "$state"/*
}

# Files that somebody else made: the reader neither waits nor follows nor believes.
check_reader() {
	begin
	step open
	cp "$state"/redial-* "$dir/sample"
	end
	mkfifo "$state/redial-0000000000000001-0"
	ln -s /dev/zero "$state/redial-0000000000000002-0"
	mkdir "$state/redial-0000000000000003-0"
	head -c 30000 /dev/urandom >"$state/redial-0000000000000004-0"
	printf '\177REDIALT' >"$state/redial-0000000000000005-0"
	none "whatever it holds, it is told" "$(python3 tests/stat/told.py "$dir/sample" \
		"$state/redial-0000000000000006-0" "$dir/redial-stat" "$state" 2>&1)"
	rm -r "${state:?}"/*
	"$dir/redial-stat" --dir "$dir/none" >"$dir/answer" 2>"$dir/error"
	equal "no folder to read: exit status" 3 $?
	equal "no folder to read: is said" "redial stat: $dir/none: No such file or directory" "$(cat "$dir/error")"
	"$dir/redial-stat" --dir "$state" 1 2>"$dir/error"
	equal "a PID as well: exit status" 2 $?
}

check_sweep() {
	touch -d '2 days ago' "$state/redial-000000000000000a-0" "$state/.redial-000000000000000b-0-7" \
		"$state/mine"
	touch -d '2 hours ago' "$state/redial-000000000000000c-0"
	begin
	step open
	equal "what was left long ago is removed, and nothing else" "mine redial-000000000000000c-0" \
		"$(find "$state" -mtime +0 -printf '%f\n' -o -name '*00c-0' -printf '%f\n' | sort | paste -sd' ')"
	end
	rm -f "$state"/*
}

start_server
check_seen
check_launcher
check_others
check_namespaces
check_policy
check_folders
check_hostile
check_reader
check_sweep
REDIAL_STATE=$state
REDIAL_LOG=none
export REDIAL_STATE REDIAL_LOG
equal "extra system calls of 200 kept-alive GETs" 0 "$(extra_calls_of_200_requests GET)"
equal "extra system calls of 200 POSTs on a used connection" 200 "$(extra_calls_of_200_requests POST)"
check_end
