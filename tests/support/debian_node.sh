# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# For tests/check_*.sh, to be sourced from the top of the tree: Debian's Node, which has its TLS from
# the libssl that all have. The Node that is installed may be another one, with its own inside.

debian_node=build/node

# fetch_debian_node: unpacked once in build/node, and kept; nothing is installed. To be run from the
# top of the tree: $debian_node/bin/node.
fetch_debian_node() {
	[ ! -e $debian_node/done ] || return 0
	mkdir -p build && (flock 9 && fetch_debian_node_alone) 9>$debian_node.lock
}

fetch_debian_node_alone() {
	[ ! -e $debian_node/done ] || return 0
	command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || return 1
	version=$(apt-cache madison nodejs | awk '$3 ~ /dfsg/ { print $3 }' | head -n 2)
	rm -rf $debian_node
	mkdir -p $debian_node/root $debian_node/bin
	for node_version in $version; do
		# shellcheck disable=SC2046 # a word each
		(cd $debian_node && timeout 120 apt-get -qq -o APT::Sandbox::User=root \
			-o Acquire::Retries=0 download "nodejs=$node_version" \
			$(apt-cache search --names-only '^libnode[0-9]+$' | sed "s/ .*/=$node_version/") \
			libc-ares2 node-acorn node-cjs-module-lexer node-undici node-busboy) && break
	done || return 1
	for package in $debian_node/*.deb; do
		dpkg-deb -x "$package" $debian_node/root || return 1
	done
	rm -f $debian_node/*.deb
	# A part of what is in it by name of a place that is as long as this one.
	sed -i 's|/usr/share/nodejs/|./build/node/dist/|g' \
		$debian_node/root/usr/lib/*-linux-gnu/libnode.so.* || return 1
	ln -s root/usr/share/nodejs $debian_node/dist
	libraries=$(echo $debian_node/root/usr/lib/*-linux-gnu)
	cat >$debian_node/bin/node <<-END
		#!/bin/sh
		LD_LIBRARY_PATH=$libraries exec $debian_node/root/usr/bin/node "\$@"
	END
	chmod +x $debian_node/bin/node
	[ "$($debian_node/bin/node -p 1)" = 1 ] && : >$debian_node/done
}
