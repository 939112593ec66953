#!/bin/sh
# SPDX-License-Identifier: MIT
# `make inject`: all injections, a scenario each process, JOBS of them beside each other (2). Says
# what was wrong, and how many there were.
cd "$(dirname "$0")/../.." || exit 1
logs=build/inject
rm -rf "$logs" && mkdir -p "$logs" || exit 1
began=$(date +%s)

# The last ones, by https, take longest.
build/tests/inject/inject --names | sort -rn | while read -r number name; do
	echo "$number"
	echo "$name" >"$logs/$number.name"
done | xargs -P "${JOBS:-2}" -n 1 sh -c '
	build/tests/inject/inject --scenario "$2" >"$1/$2.log" 2>&1
	grep -A 1 "^wrong" "$1/$2.log"
	echo "$2 $(cat "$1/$2.name"): $(tail -n 1 "$1/$2.log")"' - "$logs"

awk -v took=$(($(date +%s) - began)) '
	/ injections, [0-9]+ wrong/ { scenarios++; count += $1; wrong += $3; missed += $5 }
	FNR == 1 { files++ }
	END {
		printf "%d injections in %d scenarios, %d wrong, %d that met no call, in %d minutes\n",
			count, scenarios, wrong, missed, took / 60
		if (scenarios < files)
			printf "%d scenarios did not end\n", files - scenarios
		exit wrong || scenarios < files || !count
	}' "$logs"/*.log
