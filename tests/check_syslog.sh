#!/bin/sh
# SPDX-License-Identifier: MIT
# What a real rsyslogd makes of redial's lines, in both forms: every field arrives.
cd "$(dirname "$0")/.." || exit 1
. tests/support/check.sh
. tests/support/logs.sh
PATH=$PATH:/usr/sbin:/sbin

logs_may_divert || { check_end; exit; }

cat >"$logs/rsyslogd.conf" <<END
global(workDirectory="$logs")
module(load="imuxsock" SysSock.Use="off")
template(name="parsed" type="string"
	string="%pri%|%hostname%|%programname%|%procid%|%msgid%|%structured-data%|%msg%\n")
ruleset(name="old") { action(type="omfile" file="$logs/old" template="parsed") }
ruleset(name="new") { action(type="omfile" file="$logs/new" template="parsed") }
input(type="imuxsock" Socket="$logs/new.sock" UseSpecialParser="off" ParseHostname="on" ruleset="new")
input(type="imuxsock" Socket="$logs/old.sock" ruleset="old")
END
echo 'log = { format = "rfc5424"; facility = "local3"; };' >"$logs/new.cfg"
logs_server reset@2
logs_rsyslogd "$logs/rsyslogd.conf" || fail "rsyslogd starts" "$(cat "$logs/rsyslogd.err")"

# The programs' lines in the form that rsyslogd's socket $1 is for.
send() {
	logs_wrapper="logs_diverted $logs/$1.sock"
	for program in identified_gets odd_gets; do
		logs_run $program REDIAL_LOG=syslog REDIAL_POLICY="$2"
	done
}
send old ''
send new "$logs/new.cfg"
logs_rsyslogd_end 8 "$logs/old" "$logs/new"

# fields KIND: PRI|HOSTNAME|PROGRAM|PROCID|MSGID|DATA|MSG, with what differs by run made alike.
host=$(uname -n)
fields() {
	sed -E "s/peer=(\"?)127.0.0.1:$logs_port/peer=\1PEER/g; s/(pid=\"?|redial\|)[0-9]+/\1PID/g
		s/elapsed_ms=(\"?)[0-9]+/elapsed_ms=\1MS/g; s/fd=(\"?)[0-9]+/fd=\1FD/g
		s/^([0-9]+)\|$host\|/\1|HOST|/" "$logs/$1"
}

version=$(sed -n 's/^VERSION := //p' Makefile)
trace=00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01
plain="method=GET host=api.test:8080 path=/2/items peer=PEER fd=FD"
odd='method=GET host="te\xc3\xa9st" path="/2\"x\\y=z" peer=PEER fd=FD'
plain_ids="request_id=id-7 traceparent=$trace program=flow-tests pid=PID"
odd_ids='request_id="a\x09b\" pid=PID\xff" program=flow-tests pid=PID'
attempt="event=attempt attempt=2 max=3 cause=reset"
outcome="event=outcome result=recovered attempts=2 status=200 elapsed_ms=MS"
cat >"$logs/messages" <<END
$attempt $plain delay_ms=0 $plain_ids version=$version
$outcome $plain $plain_ids
$attempt $odd delay_ms=0 $odd_ids version=$version
$outcome $odd $odd_ids
END
none "rsyslogd parses RFC 3164" "$(sed 's/^/14|HOST|redial|PID|-|-| /' "$logs/messages" >"$logs/want"
	fields old | diff "$logs/want" -)"

# The same fields as structured data, each in quotes; 158 is local3.info.
quoted() { printf '%s\n' "$1" | sed -E 's/=([^ ]+)/="\1"/g'; }
plain=$(quoted "$plain")
plain_ids=$(quoted "$plain_ids")
attempt=$(quoted "$attempt")
outcome=$(quoted "$outcome")
odd='method="GET" host="te\\xc3\\xa9st" path="/2\"x\\y=z" peer="PEER" fd="FD"'
odd_ids='request_id="a\\x09b\" pid=PID\\xff" program="flow-tests" pid="PID"'
cat >"$logs/data" <<END
158|HOST|redial|PID|attempt|[redial@32473 $attempt $plain delay_ms="0" $plain_ids version="$version"]
158|HOST|redial|PID|outcome|[redial@32473 $outcome $plain $plain_ids]
158|HOST|redial|PID|attempt|[redial@32473 $attempt $odd delay_ms="0" $odd_ids version="$version"]
158|HOST|redial|PID|outcome|[redial@32473 $outcome $odd $odd_ids]
END
none "rsyslogd parses RFC 5424, every field as structured data" \
	"$(paste -d '|' "$logs/data" "$logs/messages" >"$logs/want"; fields new | diff "$logs/want" -)"

check_end
