#!/bin/sh
# SPDX-License-Identifier: MIT
# cross.sh ARCH DIR: puts below DIR what a build for that Debian architecture takes besides compiler and
# libc: libconfig, from this machine's own Debian sources, checked as apt checks all that it fetches.
# Nothing is installed; what DIR has already is left as it is.
set -eu

arch=$1
dir=$2
[ ! -e "$dir/usr/include/libconfig.h" ] || exit 0

case $dir in
/*) ;;
*) dir=$PWD/$dir ;;
esac
rm -rf "$dir"
mkdir -p "$dir/apt/lists/partial" "$dir/apt/cache/archives/partial"

# apt for that architecture alone, which keeps all that it knows here.
apt_there() {
	apt-get -qq -o APT::Architecture="$arch" -o APT::Architectures::="$arch" -o APT::Sandbox::User= \
		-o Dir::State="$dir/apt" -o Dir::State::status=/dev/null -o Dir::Cache="$dir/apt/cache" "$@"
}

fetch() { cd "$dir/apt" && apt_there update && apt_there download libconfig9 libconfig-dev; }

(fetch) >"$dir/said" 2>&1 || {
	cat "$dir/said" >&2
	echo "cross.sh: libconfig for $arch cannot be had from this machine's Debian sources" >&2
	rm -rf "$dir"
	exit 1
}
for package in "$dir"/apt/*.deb; do
	dpkg-deb -x "$package" "$dir/new"
done
mv "$dir/new/usr" "$dir/usr"
rm -rf "$dir/apt" "$dir/new" "$dir/said"
