#!/bin/sh
# SPDX-License-Identifier: MIT
# redial stat for Prometheus: its text format by promtool, by a strict parser of our own and by a
# Prometheus that scrapes it; what --listen answers to whom; and that the dashboard asks for nothing
# that is not there.
cd "$(dirname "$0")/.." || exit 1
. tests/support/check.sh
. tests/support/server.sh
. tests/support/launch.sh
. scripts/man/pages.sh
export LC_ALL=C
unset LD_PRELOAD REDIAL_POLICY REDIAL_DISABLE REDIAL_LIBDIR REDIAL_SHARED REDIAL_STATE

dir=$(mktemp -d) || exit 1
listening=
scraping=
# shellcheck disable=SC2317,SC2329 # called by the trap
clean() {
	for pid in $launched $listening $scraping; do kill "$pid" 2>/dev/null; done
	stop_server
	rm -rf "$dir"
}
trap clean EXIT
trap 'exit 2' INT TERM

# value METRIC: of the launch's series in $dir/metrics.
value() { sed -n "s/^$1{[^}]*pid=\"$launched\"[^}]*} //p" "$dir/metrics"; }

check_format() {
	build/redial-stat --prometheus >"$dir/metrics" 2>"$dir/error"
	equal "exit status of --prometheus" 0 $?
	none "it keeps to the text format" "$(python3 tests/support/exposition.py "$dir/metrics" 2>&1)"
	if command -v promtool >/dev/null; then
		none "promtool check metrics finds nothing" "$(promtool check metrics <"$dir/metrics" 2>&1)"
	else
		echo "     promtool is not installed: it was not asked about the format"
	fi
	equal "requests" 3 "$(value redial_requests_total)"
	equal "connections" 3 "$(value redial_connections)"
	equal "processes" 1 "$(value redial_processes)"
	equal "the program is told" 1 "$(grep -c "^redial_requests_total.*pid=\"$launched\",program=\"python3\"}" "$dir/metrics")"
	# shellcheck disable=SC2016 # backquotes of Markdown
	none "every metric on the page is one that it prints, and the other way round" "$(
		section scripts/README.md 'redial stat' | grep '^| .--prometheus' | cut -d'|' -f3 |
			grep -o '`redial_[a-z_]*`' | tr -d '`' | sort >"$dir/told"
		sed -n 's/^# TYPE \([a-z_]*\) .*/\1/p' "$dir/metrics" | sort | diff "$dir/told" -)"
	none "what the report tells as well has the same words there" "$(
		build/redial-report --prometheus </dev/null | grep '^# ' | sort >"$dir/report"
		grep '^# HELP' "$dir/metrics" | sort >"$dir/stat"
		for name in redial_attempts_total redial_outcomes_total redial_refused_total; do
			grep -h "^# HELP $name " "$dir/report" "$dir/stat" | sort -u | sed 1d
		done)"
	equal "exit status when it cannot be shown" 3 \
		"$(build/redial-stat --prometheus 2>/dev/null >/dev/full; echo $?)"
}

# refused STATEMENT WORDS OPTION...: wrong usage, said with those words.
refused() {
	statement=$1 words=$2
	shift 2
	build/redial-stat "$@" >"$dir/answer" 2>"$dir/error"
	equal "$statement: exit status" 2 $?
	equal "$statement: is said" 1 "$(grep -c -- "$words" "$dir/error")"
}

check_words() {
	refused "a name to listen on" "is no ADDRESS:PORT" --listen localhost:80
	refused "no port" "is no ADDRESS:PORT" --listen 127.0.0.1
	refused "a port too high" "is no ADDRESS:PORT" --listen 127.0.0.1:65536
	refused "no bracket" "is no ADDRESS:PORT" --listen '[::1:80'
	refused "two ways to answer" "exclude each other" --listen 127.0.0.1:0 --watch
	refused "two forms" "is another form" --prometheus --json
	build/redial-stat --listen "127.0.0.1:$port" 2>"$dir/error"
	equal "a port that is taken: exit status" 3 $?
	equal "a port that is taken: is said" 1 "$(grep -c 'Address already in use' "$dir/error")"
}

# listen OPTION...: sets listening and at.
listen() {
	mkfifo "$dir/where"
	build/redial-stat --listen 127.0.0.1:0 "$@" 2>"$dir/where" 3>&- 4<&- &
	listening=$!
	read -r _ _ at <"$dir/where"
	rm "$dir/where"
	at=${at#http://}
	at=${at%/metrics}
}

end_listening() {
	kill -"$1" "$listening"
	wait "$listening"
	equal "exit status of --listen after SIG$1" 0 $?
	listening=
}

check_answers() {
	listen "$launched"
	none "what it answers to whom" "$(python3 tests/stat/scrape.py "${at##*:}" 2>&1 | diff - tests/stat/scrape.want)"
	curl -s "http://$at/metrics" >"$dir/metrics"
	equal "requests, by HTTP" 3 "$(value redial_requests_total)"
	echo again >&3
	read -r _ <&4
	curl -s "http://$at/metrics" >"$dir/metrics"
	equal "they are counted anew for each who asks" 6 "$(value redial_requests_total)"
	equal "the type that Prometheus looks for" "text/plain; version=0.0.4; charset=utf-8" \
		"$(curl -sI "http://$at/metrics" | tr -d '\r' | sed -n 's/^Content-Type: //p')"
	end_listening INT
	none "IPv6" "$(build/redial-stat --listen '[::1]:0' 2>"$dir/error" & own=$!
		until grep -q metrics "$dir/error"; do sleep 0.02; done
		curl -gsf -o /dev/null "$(sed 's/.* //' "$dir/error")" || cat "$dir/error"
		kill $own)"
}

# queries: what the dashboard's panels ask, one a line, with what Grafana puts in.
queries() {
	python3 -c 'import json
for panel in json.load(open("scripts/grafana/redial.json"))["panels"]:
    for target in panel["targets"]:
        print(target["expr"].replace("$launch", ".*").replace("$__rate_interval", "1m"))'
}

check_dashboard() {
	queries >"$dir/queries"
	none "the dashboard asks for no metric that is not there" "$(
		sed -n 's/^# TYPE \([a-z_]*\) .*/\1/p' "$dir/metrics" >"$dir/there"
		grep -oE 'redial_[a-z_]+' "$dir/queries" | sort -u | grep -vxF -f "$dir/there")"
	at_least "it asks this much" 10 "$(wc -l <"$dir/queries")"
}

# One Prometheus, told to scrape it every second: asked until it has the series.
check_scrape() {
	if ! command -v prometheus >/dev/null; then
		echo "     prometheus is not installed: none has scraped it"
		return
	fi
	listen
	web=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	cat >"$dir/prometheus.yml" <<-END2
		global: {scrape_interval: 1s, scrape_timeout: 1s}
		scrape_configs: [{job_name: redial, static_configs: [{targets: ["$at"]}]}]
	END2
	prometheus --config.file="$dir/prometheus.yml" --storage.tsdb.path="$dir/tsdb" \
		--web.listen-address="127.0.0.1:$web" >"$dir/prometheus.log" 2>&1 3>&- 4<&- &
	scraping=$!
	query="http://127.0.0.1:$web/api/v1/query"
	answer=
	for _ in $(seq 300); do
		answer=$(curl -s "$query" --data-urlencode "query=redial_requests_total{pid=\"$launched\"}")
		case $answer in *'"value":['*) break ;; esac
		sleep 0.1
	done
	equal "Prometheus has scraped the requests" '"6"' \
		"$(printf '%s' "$answer" | sed -n 's/.*"value":\[[^,]*,\("[0-9]*"\)\].*/\1/p')"
	none "it can answer all that the dashboard asks" "$(queries | while read -r asked; do
		curl -s "$query" --data-urlencode "query=$asked" | grep -q '"status":"success"' || echo "$asked"
	done)"
	equal "and says that the target is up" '"1"' \
		"$(curl -s "$query" --data-urlencode 'query=up' | sed -n 's/.*"value":\[[^,]*,\("[0-9]*"\)\].*/\1/p')"
	kill "$scraping"
	wait "$scraping" 2>/dev/null
	scraping=
	end_listening TERM
}

# shellcheck disable=SC2119 # of its options none
start_server
launch scripts/redial --log none python3 tests/stat/asks.py "$port"
check_format
check_dashboard
check_words
check_answers
check_scrape
end_launch
build/redial-stat --prometheus $$ >"$dir/metrics" 2>"$dir/error"
equal "exit status where there is no launch" 1 $?
check_end
