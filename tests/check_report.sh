#!/bin/sh
# SPDX-License-Identifier: MIT
# redial report on lines that libredial.so itself has written, in the forms in which they come to
# rest: the same numbers from each.
cd "$(dirname "$0")/.." || exit 1
. tests/support/check.sh
. tests/support/logs.sh
PATH=$PATH:/usr/sbin:/sbin

logs_server reset@2
# Two GETs are rescued; a GET and a POST are not, by policy and by method.
echo 'retry = { methods = []; }; log = { format = "rfc5424"; };' >"$logs/never.cfg"
echo 'log = { format = "rfc5424"; };' >"$logs/new.cfg"
produce() {
	logs_run identified_gets REDIAL_LOG="$1" REDIAL_POLICY="$2"
	logs_run odd_gets REDIAL_LOG="$1" REDIAL_POLICY="$2"
	logs_run identified_gets REDIAL_LOG="$1" REDIAL_POLICY="$logs/never.cfg"
}

# What a report is to say of them, whatever the form: time and what it took left out.
facts() {
	"$python" -c '
import json, sys
report = json.load(sys.stdin)
print("events", report["events"], "damaged", report["damaged"], "timed", report["from"] is not None)
for row in report["rows"]:
    print(*("%s=%s" % (key, row[key]) for key in ("host", "method", "requests", "attempts",
        "recovered", "exhausted", "abandoned", "refused", "causes", "refused_reasons")),
        "count=%d" % row["added_ms"]["count"])
for busy in report["request_ids"]:
    print(busy["request_id"], busy["failures"], busy["trace_id"])
'
}
cat >"$logs/want" <<'END'
events 5 damaged 0 timed True
host=api.test:8080 method=GET requests=2 attempts=1 recovered=1 exhausted=0 abandoned=0 refused=1 causes={'reset': 2} refused_reasons={'method': 1} count=1
host=te\xc3\xa9st method=GET requests=1 attempts=1 recovered=1 exhausted=0 abandoned=0 refused=0 causes={'reset': 1} refused_reasons={} count=1
id-7 2 0af7651916cd43dd8448eb211c80319c
a\x09b" pid=1\xff 1 None
END
reports() {
	none "the report of $1" \
		"$(scripts/redial report --json "$2" 2>&1 | facts 2>&1 | diff "$logs/want" -)"
}

produce "file:$logs/redial.log" ''
reports "a log file" "$logs/redial.log"

# From redial's file a line as journalctl prints it; the message is the same in the journal.
"$python" -c '
import json, re, sys
for line in sys.stdin:
    message = re.match(r"\S+ redial\[(\d+)\]: (.*)", line)
    print(json.dumps({"_TRANSPORT": "syslog", "__REALTIME_TIMESTAMP": "1767323045678901",
        "SYSLOG_PID": message[1], "MESSAGE": message[2], "SYSLOG_IDENTIFIER": "redial"}))
' <"$logs/redial.log" >"$logs/journal.json"
reports "journalctl -o json" "$logs/journal.json"
sed 's/^[^ ]*/Jan 02 03:04:05 web-1/' "$logs/redial.log" >"$logs/journal.short"
reports "journalctl -o short" "$logs/journal.short"

if logs_may_divert; then
	cat >"$logs/rsyslogd.conf" <<END
global(workDirectory="$logs")
module(load="imuxsock" SysSock.Use="off")
ruleset(name="old") {
	action(type="omfile" file="$logs/traditional" template="RSYSLOG_TraditionalFileFormat")
	action(type="omfile" file="$logs/iso" template="RSYSLOG_FileFormat")
}
ruleset(name="new") {
	action(type="omfile" file="$logs/structured" template="RSYSLOG_SyslogProtocol23Format")
}
input(type="imuxsock" Socket="$logs/new.sock" UseSpecialParser="off" ParseHostname="on" ruleset="new")
input(type="imuxsock" Socket="$logs/old.sock" ruleset="old")
END
	logs_rsyslogd "$logs/rsyslogd.conf" || fail "rsyslogd starts" "$(cat "$logs/rsyslogd.err")"
	logs_wrapper="logs_diverted $logs/new.sock" && produce syslog "$logs/new.cfg"
	sed 's/; log.*//' "$logs/never.cfg" >"$logs/never.old" && mv "$logs/never.old" "$logs/never.cfg"
	logs_wrapper="logs_diverted $logs/old.sock" && produce syslog ''
	logs_rsyslogd_end 15 "$logs/traditional" "$logs/iso" "$logs/structured"
	for form in traditional iso structured; do
		reports "rsyslog's $form file" "$logs/$form"
	done
	equal "all of them in one are the sum" 15 \
		"$(cat "$logs/traditional" "$logs/iso" "$logs/structured" | scripts/redial report --json |
			"$python" -c 'import json, sys; print(json.load(sys.stdin)["events"])')"
fi

# For people.
scripts/redial report "$logs/redial.log" /etc/passwd >"$logs/table" 2>"$logs/said"
none "the table fits 80 columns and says nothing else" \
	"$(cat "$logs/said"; awk 'length > 80' "$logs/table"; [ -s "$logs/table" ] || echo empty)"
none "where there is no event it is quiet" "$(scripts/redial report /etc/passwd /dev/null 2>&1)"
none "the help fits 80 columns" "$(scripts/redial report --help | awk 'length > 80')"
equal "what lies before --since is left out" 0 \
	"$(scripts/redial report --json --since 2100-01-01 "$logs/redial.log" | grep -c '"host"')"
equal "what lies before --until is not" 2 \
	"$(scripts/redial report --json --until 2100-01-01 --since 1h "$logs/redial.log" | grep -c '"host"')"
status() { scripts/redial report "$@" >/dev/null 2>&1 </dev/null; echo $?; }
equal "exit status of a report" 0 "$(status "$logs/redial.log")"
equal "of one of a file that is not there" 3 "$(status "$logs/none")"
equal "of one of a folder" 3 "$(status "$logs")"
equal "of wrong usage" "2 2 2 2" \
	"$(status --nonsense) $(status --since soon) $(status --top many) $(status --top)"
equal "of output that cannot be written" 3 \
	"$(scripts/redial report "$logs/redial.log" 2>/dev/null >/dev/full; echo $?)"
mkdir "$logs/bin" && printf '#!/bin/sh\necho mine\n' >"$logs/bin/report" && chmod +x "$logs/bin/report"
equal "a program that retries by itself is told of" 1 "$(
	echo 'event=refused reason=program-retries cause=status host=h method=GET' |
		scripts/redial report | grep -c 'note  *a program retries by itself here')"
equal "for machines: made by a rehearsal, left to the program, and why" '"rehearsed": 1, "program-retries": 1' "$(
	printf '%s\n' 'event=fault kind=reset method=GET host=h path=/ fd=4' \
		'event=refused reason=program-retries cause=status host=h method=GET' |
		scripts/redial report --json | grep -o '"rehearsed": 1\|"program-retries": 1' | sort -r | paste -sd, | sed 's/,/, /')"
going_on='event=outcome result=recovered attempts=2 status=206 resumed_at=7 host=h method=GET'
gone='event=outcome result=exhausted attempts=2 cause=body resumed_at=7 host=h method=GET'
equal "responses that broke off and went on" 1 "$(printf '%s\n' "$going_on" "$gone" |
	scripts/redial report | grep -c '^responses that broke off and went on: 1$')"
equal "for machines: they, and what programs tried again" "1 1" "$(printf '%s\n' "$going_on" "$gone" \
	'event=refused reason=program-retries cause=status host=h method=GET' |
	scripts/redial report --json | sed -n 's/.*"\(resumed\|program_retries\)": \([0-9]*\),$/\2/p' | paste -sd' ')"
equal "after -- a program of the name runs" mine "$(PATH=$logs/bin:$PATH scripts/redial -- report)"

# For machines: the grammar of Prometheus' text format, strictly.
printf 'event=attempt method=GET cause=eof host="a\\"b\\\\c{d}"\nevent=breaker state=open peer=p\n' |
	cat - "$logs/redial.log" | scripts/redial report --prometheus >"$logs/metrics"
none "--prometheus keeps to the text format" \
	"$("$python" tests/support/exposition.py "$logs/metrics" 2>&1)"
equal "a label that needs it is escaped" \
	'redial_attempts_total{host="a\"b\\c{d}",method="GET"} 1' "$(grep '^redial_attempts.*a."b' "$logs/metrics")"

# Whatever the log's size: so much memory and no more.
awk 'BEGIN { for (i = 0; i < 300000; i++) {
	print "event=attempt cause=eof method=GET host=h" i " request_id=id-" i
	if (i % 100 == 0) print "event=refused reason=method cause=eof host=h request_id=busy"
} }' >"$logs/many"
equal "many hosts and ids are counted in 32 MB" "303000 1001 busy" "$(
	prlimit --as=33554432 build/redial-report --json "$logs/many" | awk '
		/"events"/ { events = $2 + 0 }
		/"host"/ { hosts++ }
		/"request_id"/ && !busy { busy = $2 }
		END { gsub(/[",]/, "", busy); print events, hosts, busy }')"
# Bytes of every kind in it, and lines without an end.
head -c 3000000 /dev/urandom | cat - "$logs/many" "$logs/redial.log" | tr '\n' '\037' |
	cat - "$logs/redial.log" >"$logs/noise"
equal "noise and endless lines are passed over" "4" \
	"$(build/redial-report --json "$logs/noise" | "$python" -c '
import json, sys
print(json.load(sys.stdin)["events"])')"

check_end
