#!/bin/sh
# SPDX-License-Identifier: MIT
# scripts/otel/collector.yaml against lines that libredial.so has just written: its regular
# expressions and operators give every field, severity, time and trace. The collector itself is not
# run: tests/support/collector.py does what the configuration says.
cd "$(dirname "$0")/.." || exit 1
. tests/support/check.sh
. tests/support/logs.sh
PATH=$PATH:/usr/sbin:/sbin

config=scripts/otel/collector.yaml
logs_server reset@2
echo 'retry = { methods = []; }; log = { format = "rfc5424"; };' >"$logs/never.cfg"
echo 'log = { format = "rfc5424"; };' >"$logs/new.cfg"
echo 'retry = 1;' >"$logs/bad.cfg"
produce() {
	logs_run identified_gets REDIAL_LOG="$1" REDIAL_POLICY="$logs/new.cfg"
	logs_run odd_gets REDIAL_LOG="$1" REDIAL_POLICY="$logs/never.cfg"
	logs_run identified_gets REDIAL_LOG="$1" REDIAL_POLICY="$logs/bad.cfg"
}

# facts MESSAGES: what the records on standard input say; MESSAGES are the lines they came from. The
# last words of each: are the fields those of the message, is its time that of the last minute?
facts() {
	"$python" -c '
import datetime, json, re, sys
messages = open(sys.argv[1]).read().splitlines()
for line, message in zip(sys.stdin, messages):
    record = json.loads(line)
    attributes = record["attributes"]
    fields = dict(re.findall(r"(\w+)=(\"(?:[^\"\\]|\\.)*\"|\S+)", message))
    plain = {key: value for key, value in fields.items() if value[0] != "\""}
    quoted = {key: value[1:-1] for key, value in fields.items() if value[0] == "\""}
    same = all(attributes[key] == value for key, value in plain.items()) and \
        all(attributes[key].replace("\\", "") == value.replace("\\", "") for key, value in quoted.items())
    now = datetime.datetime.now(datetime.timezone.utc)
    age = (now - datetime.datetime.fromisoformat(record["time"])).total_seconds()
    print(record["severity"], attributes["event"], record.get("trace_id"), record.get("span_id"),
        record.get("trace_flags"), attributes.get("request_id"), len(fields) > 5 and same,
        0 <= age < 60, record["body"] == message)
' "$1"
}
trace="0af7651916cd43dd8448eb211c80319c b7ad6b7169203331 01"
want() {
	printf '%s\n' "9 attempt $trace id-7 True True True" "9 outcome $trace id-7 True True True" \
		"10 refused None None None $1 True True True" \
		"17 policy None None None None True True True"
}

produce "file:$logs/redial.log"
sed 's/^[^ ]* redial[^ ]* //' "$logs/redial.log" >"$logs/messages"
want 'a\x09b\" pid=1\xff' >"$logs/want"
none "the file's lines become records with every field, time, severity and trace" \
	"$("$python" tests/support/collector.py $config filelog/redial <"$logs/redial.log" 2>&1 |
		facts "$logs/messages" 2>&1 | diff "$logs/want" -)"

if logs_may_divert; then
	# A port of the kernel's choice for what stands in for the collector; it takes one connection.
	"$python" -c '
import socket, sys
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
connection = server.accept()[0]
with open(sys.argv[1], "wb") as out:
    while data := connection.recv(65536):
        out.write(data)
' "$logs/frames" >"$logs/port" &
	collector=$!
	logs_pids="$logs_pids $collector"
	soon test -s "$logs/port"
	# The forwarding that the configuration'"'"'s comment tells, with sockets of ours.
	{
		echo "global(workDirectory=\"$logs\")"
		echo 'module(load="imuxsock" SysSock.Use="off")'
		# shellcheck disable=SC2016 # rsyslog's variable
		sed -n '/^  #   if \$programname/,/^  #$/s/^  #//p' $config | sed "s/54526/$(cat "$logs/port")/"
		printf '%s\n' 'template(name="message" type="string" string="%msg%\n")'
		echo "action(type=\"omfile\" file=\"$logs/messages\" template=\"message\")"
		echo "input(type=\"imuxsock\" Socket=\"$logs/old.sock\" UseSpecialParser=\"off\"" \
			'ParseHostname="on")'
	} >"$logs/rsyslogd.conf"
	rm "$logs/messages"
	logs_rsyslogd "$logs/rsyslogd.conf" || fail "rsyslogd starts" "$(cat "$logs/rsyslogd.err")"
	logs_wrapper="logs_diverted $logs/old.sock" && produce syslog
	logs_rsyslogd_end 4 "$logs/messages"
	wait $collector
	want 'a\x09b" pid=1\xff' >"$logs/want"
	none "what rsyslogd forwards becomes records with every field, time, severity and trace" \
		"$("$python" tests/support/collector.py $config syslog/redial <"$logs/frames" 2>&1 |
			facts "$logs/messages" 2>&1 | diff "$logs/want" -)"
fi

check_end
