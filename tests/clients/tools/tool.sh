#!/bin/sh
# SPDX-License-Identifier: MIT
# tool.sh apt|hg|ffmpeg URL_BASE COUNT: a program whose requests are its own, at a server that has
# the files of make_files.sh. COUNT times ok, if what it brought home is whole.
# shellcheck disable=SC2317,SC2329 # called by their kind
kind=$1 count=$3
host=${2#http://}
host=${host%%/*}
dir=$(mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT

run_apt() {
	mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial"
	echo "deb [trusted=yes] http://$host/apt ./" >"$dir/sources"
	set -- -o "Dir::Etc::sourcelist=$dir/sources" -o "Dir::State::lists=$dir/lists" \
		-o "Dir::Cache=$dir/cache" -o Dir::Etc::sourceparts=- -o Dir::Etc::Parts=/nonexistent \
		-o Dir::Etc::main=/dev/null -o "APT::Sandbox::User=$(id -un)" -o Acquire::Retries=0 \
		-o Acquire::http::Proxy=false -o Debug::NoLocking=true
	apt-get "$@" -qq update && ls "$dir"/lists/*_Packages*
}

run_hg() {
	HGRCPATH='' hg clone -q "static-http://$host/hg" "$dir/clone" && [ -e "$dir/clone/file3" ]
}

run_ffmpeg() {
	frames=$(ffmpeg -v error -http_persistent 1 -i "http://$host/list.m3u8" -f framecrc - | grep -vc '^#')
	[ "$frames" -eq 15 ]
}

"run_$kind" >"$dir/said" 2>&1
status=$?
i=1
while [ "$i" -le "$count" ]; do
	if [ "$status" -eq 0 ]; then
		echo "ok $i 200"
	else
		echo "error $i $(tail -n 1 "$dir/said")"
	fi
	i=$((i + 1))
done
exit "$status"
