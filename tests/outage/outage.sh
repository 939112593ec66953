#!/bin/sh
# SPDX-License-Identifier: MIT
# outage.sh [MS [PROGRAMS]]: so many programs of one launch, each asking ten times a second, while
# their server fails every request for so long. Retries must neither multiply the load nor outlast it.
cd "$(dirname "$0")/../.." || exit 1
. tests/support/check.sh
. tests/support/server.sh
unset LD_PRELOAD REDIAL_POLICY REDIAL_LOG REDIAL_DISABLE REDIAL_SHARED

outage_ms=${1-3000} programs=${2-50}
before_ms=1000 open_ms=1000 period_ms=100
dir=$(mktemp -d) || exit 1
export XDG_RUNTIME_DIR="$dir"
# shellcheck disable=SC2317,SC2329 # called by the trap
clean() {
	stop_server
	rm -rf "$dir"
}
trap clean EXIT
trap 'exit 2' INT TERM

# serve FAULT: that one during the outage; all the time each fortieth request is reset.
serve() {
	rm -f "$dir/server.log" "$dir/redial.log"
	start_server --log "$dir/server.log" \
		--fault "$1@during:$before_ms-$((before_ms + outage_ms))" --fault reset@every:40
}

# policy BUDGET BREAKER: each true or false.
policy() {
	cat >"$dir/policy.cfg" <<-END
		retry = {
		  on = ["stale", "reset", "eof", "first-use"]; statuses = [503]; max_attempts = 3;
		  backoff = { base_ms = 5; max_ms = 10; };
		};
		budget = { enabled = $1; ratio = 0.2; min_per_second = 2; window_ms = 1000; };
		breaker = {
		  enabled = $2; failure_ratio = 0.5; min_attempts = 20; window_ms = 1000;
		  open_ms = $open_ms;
		};
	END
}

# blow FAULT LENGTH_MS: one launch of all the programs. One of them is killed amid the outage.
blow() {
	serve "$1"
	start=$(awk '{ printf "%.0f", $1 * 1000 + 800 }' /proc/uptime)
	# shellcheck disable=SC2016 # for the inner shell
	scripts/redial --policy "$dir/policy.cfg" --log "file:$dir/redial.log" \
		sh -c 'i=0
		while [ $i -lt "$1" ]; do
			"$2" "$3" "$4" "$5" "$6" &
			i=$((i + 1))
		done
		sleep "$7"
		kill -9 $!
		wait' sh "$programs" build/tests/outage "$port" "$start" $period_ms "$2" \
		$(((before_ms + 800) / 1000 + 1)) >"$dir/asked" 2>"$dir/errors"
	stop_server
	[ -f "$dir/redial.log" ] || : >"$dir/redial.log"
}

# How many requests there were from FROM_MS to TO_MS: of the programs, and at the server.
asked() { awk -v from="$1" -v to="$2" '$1 >= from && $1 < to { n++ } END { print n + 0 }' "$dir/asked"; }
answered() {
	awk -v from="$1" -v to="$2" '$1 >= from && $1 < to && $2 == 200 { n++ } END { print n + 0 }' \
		"$dir/asked"
}
seen() {
	awk -v from="$1" -v to="$2" '$1 == "request" { sub(/.* ms=/, "ms="); split($1, ms, "=")
		if (ms[2] + 0 >= from && ms[2] + 0 < to) n++ } END { print n + 0 }' "$dir/server.log"
}

# share A B: A in hundredths of B.
share() { [ "$2" -gt 0 ] && echo $(($1 * 100 / $2)); }

# Per second, for those who read it.
show() {
	at=0
	while [ $at -lt $end_ms ]; do
		printf '     %5d ms: %4d asked, %4d answered, %4d seen by the server\n' $at \
			"$(asked $at $((at + 1000)))" "$(answered $at $((at + 1000)))" \
			"$(seen $at $((at + 1000)))"
		at=$((at + 1000))
	done
}

calm_ms=$((before_ms + outage_ms))
well_ms=$((calm_ms + open_ms + 1000))

for fault in status=503 reset; do
	end_ms=$((well_ms + 1000))
	policy true true
	blow $fault $end_ms
	show
	at_least "$fault: requests during the outage" $((outage_ms * programs / period_ms / 4)) \
		"$(asked $before_ms $calm_ms)"
	at_most "$fault: percent of them that the server saw" 125 \
		"$(share "$(seen $before_ms $calm_ms)" "$(asked $before_ms $calm_ms)")"
	at_least "$fault: percent answered once it is over" 97 \
		"$(share "$(answered $well_ms $end_ms)" "$(asked $well_ms $end_ms)")"
	at_most "$fault: percent that the server saw then" 125 \
		"$(share "$(seen $well_ms $end_ms)" "$(asked $well_ms $end_ms)")"
	at_least "$fault: resends again, once it is over" 1 \
		"$(grep -c 'result=recovered' "$dir/redial.log")"
	at_least "$fault: times the breaker opened" 1 \
		"$(grep -c 'event=breaker state=open' "$dir/redial.log")"
	equal "$fault: what became of it" state=closed \
		"$(grep -o 'event=breaker state=[a-z-]*' "$dir/redial.log" | tail -n 1 | cut -d' ' -f2)"
done

# The budget by itself; what had been asked before counts for it as well.
end_ms=$((before_ms + outage_ms / 2))
policy true false
blow status=503 $end_ms
at_most "budget alone: percent of all requests that the server saw" 125 \
	"$(share "$(seen 0 $end_ms)" "$(asked 0 $end_ms)")"

# And what both are there for: max_attempts is 3.
policy false false
blow status=503 $end_ms
at_least "neither: percent of the outage's requests that the server saw" 200 \
	"$(share "$(seen $before_ms $end_ms)" "$(asked $before_ms $end_ms)")"
check_end
