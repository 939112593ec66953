#!/bin/sh
# SPDX-License-Identifier: MIT
# wget with all URLs on one command line: it keeps the connection between them.
base=$1 count=$2 method=${3-GET} pause=${4-0}
path=/${base#*://*/}
urls= i=1
while [ "$i" -le "$count" ]; do
	urls="$urls $base-$i"
	i=$((i + 1))
done

set -- --tries=1 --timeout=20 --no-verbose --no-proxy --header='X-Request-Id: wget'
[ "$method" = POST ] && set -- "$@" --post-data=payload
[ "$pause" -gt 0 ] && set -- "$@" --wait="$(printf '%d.%03d' $((pause / 1000)) $((pause % 1000)))"
# shellcheck disable=SC2086 # a list of URLs without blanks
bodies=$(wget "$@" -O - $urls)
status=$?

i=1
while [ "$i" -le "$count" ]; do
	case "$bodies" in
	*"\"path\":\"$path-$i\""*) echo "ok $i 200" ;;
	*) echo "error $i no answer" ;;
	esac
	i=$((i + 1))
done
exit $status
