#!/bin/sh
# SPDX-License-Identifier: MIT
# build.sh FOLDER: the clients of tests/tls/kinds.sh that are compiled, but those of `make check`. What
# cannot be built is said aloud, and left out.
here=$(cd "$(dirname "$0")" && pwd) || exit 1
mkdir -p "$1" || exit 1
to=$(cd "$1" && pwd)
missed=

# compiled NAME SOURCE COMPILER FLAG...
compiled() {
	name=$1 source=$here/$2 compiler=$3
	shift 3
	[ "$to/$name" -nt "$source" ] ||
		"$compiler" -O1 "$source" -o "$to/$name" "$@" >"$to/$name.said" 2>&1 ||
		missed="$missed $name"
}

# The lock stays below FOLDER, for it names the registry.
rust() {
	[ ! "$to/rust" -nt "$here/rust/src/main.rs" ] || return 0
	mkdir -p "$to/crate/src" && cp "$here/rust/Cargo.toml" "$to/crate/" &&
		cp "$here/rust/src/main.rs" "$to/crate/src/" &&
		(cd "$to/crate" && cargo build -q >../rust.said 2>&1) &&
		cp "$to/crate/target/debug/kinds" "$to/rust" && rm -rf "$to/crate/target"
}

compiled libevent libevent.c cc -levent_openssl -levent -lssl -lcrypto
compiled lws lws.c cc -lwebsockets
compiled httplib httplib.cc c++ -lcpp-httplib -lssl -lcrypto -lpthread
compiled poco poco.cc c++ -lPocoNetSSL -lPocoNet -lPocoFoundation
compiled asio asio.cc c++ -lssl -lcrypto -lpthread
arch=$(cc -dumpmachine)
compiled qt qt.cc c++ -fPIC "-I/usr/include/$arch/qt5" "-I/usr/include/$arch/qt5/QtCore" \
	"-I/usr/include/$arch/qt5/QtNetwork" -lQt5Network -lQt5Core
rust || missed="$missed rust"
[ -z "$missed" ] || echo "     left out, as they cannot be built here:$missed"
