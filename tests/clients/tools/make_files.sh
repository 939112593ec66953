#!/bin/sh
# SPDX-License-Identifier: MIT
# make_files.sh DIR: what the tools ask for: a Debian archive, a Mercurial repository, a film in pieces.
set -e
mkdir -p "$1/apt" "$1/hg"
cd "$1"

for i in 1 2 3; do
	printf 'Package: zoo%s\nVersion: 1\nArchitecture: all\nMaintainer: zoo <zoo@example.com>\n' "$i"
	printf 'Filename: ./zoo%s.deb\nSize: 3\nSHA256: %s\nDescription: none\n\n' "$i" \
		"$(printf abc | sha256sum | cut -d' ' -f1)"
done >apt/Packages
printf 'Suite: zoo\nDate: Thu, 01 Jan 2026 00:00:00 UTC\nSHA256:\n %s %s Packages\n' \
	"$(sha256sum apt/Packages | cut -d' ' -f1)" "$(wc -c <apt/Packages)" >apt/Release

HGRCPATH=
export HGRCPATH
hg init hg
for i in 1 2 3; do
	echo "$i" >"hg/file$i"
	hg -R hg add -q "hg/file$i"
	hg -R hg commit -q -u zoo -m "$i" -d "0 0"
done

ffmpeg -v error -f lavfi -i testsrc=duration=3:size=64x64:rate=5 -g 5 -hls_time 1 \
	-hls_list_size 0 -f hls list.m3u8
touch made
