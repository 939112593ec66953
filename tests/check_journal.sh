#!/bin/sh
# SPDX-License-Identifier: MIT
# What a real journald keeps of redial's lines: the fields that its page names, and what redial report
# makes of what journalctl prints. Everything happens in a mount namespace with a /run of its own.
cd "$(dirname "$0")/.." || exit 1
. tests/support/check.sh
. tests/support/logs.sh
journald=/lib/systemd/systemd-journald

# Inside: $1 is the folder for what comes out, the rest the command whose lines are wanted.
if [ "${1-}" = --inside ]; then
	out=$2
	shift 2
	mount -t tmpfs none /run && mkdir -p /run/systemd/journal /run/log/journal || exit 1
	$journald >"$out/journald.err" 2>&1 &
	daemon=$!
	read_journal() { journalctl --quiet --no-pager -D /run/log/journal -t redial "$@"; }
	# shellcheck disable=SC2317 # called by soon
	three_lines() { [ "$(read_journal -o cat 2>/dev/null | wc -l)" -ge 3 ]; }
	soon test -S /run/systemd/journal/dev-log && "$@" && soon three_lines
	status=$?
	for form in json cat short short-iso short-precise short-full short-unix; do
		read_journal -o $form >"$out/$form"
	done
	kill $daemon
	wait $daemon
	exit $status
fi

[ -x $journald ] || { echo "NOT RUN: there is no journald here" && check_end; exit; }
logs_may_divert || { check_end; exit; }

logs_server reset@2
cat >"$logs/produce.sh" <<END
env LD_PRELOAD="$PWD/build/libredial.so" REDIAL_LOG=syslog build/tests/flow-tests \\
	--program identified_gets 127.0.0.1 $logs_port 0 '' >/dev/null
env LD_PRELOAD="$PWD/build/libredial.so" REDIAL_LOG=syslog REDIAL_POLICY=$logs/never.cfg \\
	build/tests/flow-tests --program identified_gets 127.0.0.1 $logs_port 0 '' >/dev/null
END
echo 'retry = { methods = []; }; log = { facility = "local2"; };' >"$logs/never.cfg"
mkdir "$logs/out"
if ! logs_diverted /run/systemd/journal/dev-log sh tests/check_journal.sh --inside "$logs/out" \
	sh "$logs/produce.sh"; then
	if [ -s "$logs/out/cat" ]; then
		fail "three lines reach the journal" "$(cat "$logs/out/cat")"
	else
		echo "NOT RUN: journald does not run here: $(head -n 1 "$logs/out/journald.err")"
	fi
	check_end
	exit
fi

cat >"$logs/want" <<'END'
SYSLOG_IDENTIFIER=redial SYSLOG_PID=pid PRIORITY=6 SYSLOG_FACILITY=1 MESSAGE=event=attempt
SYSLOG_IDENTIFIER=redial SYSLOG_PID=pid PRIORITY=6 SYSLOG_FACILITY=1 MESSAGE=event=outcome
SYSLOG_IDENTIFIER=redial SYSLOG_PID=pid PRIORITY=5 SYSLOG_FACILITY=18 MESSAGE=event=refused
END
none "the journal has the fields that the page names" "$("$python" -c '
import json, re, sys
for line in sys.stdin:
    record = json.loads(line)
    same = " pid=" + record["SYSLOG_PID"] in record["MESSAGE"] and record["_PID"] == record["SYSLOG_PID"]
    record["SYSLOG_PID"] = "pid" if same else "other"
    record["MESSAGE"] = record["MESSAGE"].split()[0]
    print(*(key + "=" + record.get(key, "none") for key in ("SYSLOG_IDENTIFIER", "SYSLOG_PID",
        "PRIORITY", "SYSLOG_FACILITY", "MESSAGE")))
' <"$logs/out/json" | diff "$logs/want" -)"

# summary FORM: the report but for its times.
summary() {
	scripts/redial report --json "$logs/out/$1" 2>&1 | grep -vE '"(from|to)"'
}
none "redial report reads what journalctl -o json prints" \
	"$(summary json | grep -q '"events": 3' || summary json)"
for form in cat short short-iso short-precise short-full short-unix; do
	none "and -o $form" "$(summary json >"$logs/want"; summary $form | diff "$logs/want" -)"
done

check_end
