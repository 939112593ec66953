#!/bin/sh
# SPDX-License-Identifier: MIT
# aria2 with a list of URLs: it keeps the connection between them, tries each once, and only gets.
base=$1 count=$2
path=/${base#*://*/}
dir=$(mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT
i=1
while [ "$i" -le "$count" ]; do
	echo "$base-$i"
	i=$((i + 1))
done >"$dir/urls"

aria2c --max-tries=1 --timeout=20 --no-conf -q -j 1 --enable-http-keep-alive=true \
	--allow-overwrite=true -i "$dir/urls" -d "$dir"
status=$?

i=1
while [ "$i" -le "$count" ]; do
	if grep -qs "\"path\":\"$path-$i\"" "$dir/r-$i"; then
		echo "ok $i 200"
	else
		echo "error $i no answer"
	fi
	i=$((i + 1))
done
exit $status
