# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# For tests/check_*.sh and tests/zoo/, to be sourced from the top of the tree: what Debian 11 has and
# this one no more, and what Debian 13 has and this one not yet.

# fetch_older, fetch_newer FOLDER PACKAGE...: unpacked once in FOLDER/root, and kept; nothing is
# installed. Two checks at a time may want the same folder.
fetch_older() { fetch_suite bullseye "$@"; }
fetch_newer() { fetch_suite trixie "$@"; }
fetch_suite() {
	[ ! -e "$2/root/done" ] || return 0
	mkdir -p "$2" && (flock 9 && fetch_suite_alone "$@") 9>"$2/lock"
}

fetch_suite_alone() {
	suite=$1 older_in=$2
	shift 2
	[ ! -e "$older_in/root/done" ] || return 0
	command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || return 1
	[ "$(. /etc/os-release && echo "$ID")" = debian ] || return 1
	mkdir -p "$older_in/lists/partial" "$older_in/cache/archives/partial" "$older_in/root"
	# shellcheck disable=SC2016 # apt-get's own variable; the archive is the machine's
	archive=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' |
		grep -v security | head -n 1)
	[ -n "$archive" ] || return 1
	echo "deb $archive $suite main" >"$older_in/sources.list"
	packages=$(printf " %s/$suite" "$@")
	set -- -qq -o "Dir::Etc::sourcelist=$PWD/$older_in/sources.list" \
		-o Dir::Etc::sourceparts=- -o "Dir::State::lists=$PWD/$older_in/lists" \
		-o "Dir::Cache=$PWD/$older_in/cache" -o APT::Sandbox::User=root -o Acquire::Retries=0
	timeout 120 apt-get "$@" update || return 1
	# shellcheck disable=SC2086 # a word each
	(cd "$older_in" && timeout 120 apt-get "$@" download $packages) || return 1
	for package in "$older_in"/*.deb; do
		dpkg-deb -x "$package" "$older_in/root" || return 1
	done
	rm -rf "$older_in"/*.deb "$older_in/lists" "$older_in/cache" "$older_in/root/etc" \
		"$older_in/root/usr/share"
	: >"$older_in/root/done"
}
