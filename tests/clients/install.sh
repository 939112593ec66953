#!/bin/sh
# SPDX-License-Identifier: MIT
# install.sh KIND: what the zoo's clients of one kind need, below build/tests/zoo. What cannot be had
# is said aloud; the rows that need it are left out then. KIND all: every one.
# shellcheck disable=SC2317,SC2329,SC3013 # called by their kind; every sh that we meet knows -nt
here=$(cd "$(dirname "$0")" && pwd) || exit 1
zoo=$here/../../build/tests/zoo
said=$(mktemp) || exit 1
trap 'rm -f "$said"' EXIT

# newer FILE SOURCE...: FILE is there, and no source was changed since.
newer() {
	made=$1
	shift
	[ -e "$made" ] || return 1
	for source; do
		[ "$made" -nt "$source" ] || return 1
	done
}

# pip_folder FOLDER FILE: one folder of packages, at the versions that the file names.
pip_folder() {
	newer "$zoo/$1/installed" "$here/python/$2" && return
	rm -rf "${zoo:?}/$1"
	/usr/bin/python3 -m pip install -q --no-warn-script-location --disable-pip-version-check \
		--root-user-action=ignore --target "$zoo/$1" -r "$here/python/$2" &&
		touch "$zoo/$1/installed"
}

install_python() { pip_folder python requirements.txt; }

install_python_more() {
	pip_folder python-more requirements-more.txt
	pip_folder python-niquests requirements-niquests.txt
}

install_java() {
	newer "$zoo/java/Zoo.class" "$here"/java/zoo/*.java "$here/java/zoo/pom.xml" && return
	rm -rf "$zoo/java"
	mvn -B -q -f "$here/java/zoo/pom.xml" dependency:copy-dependencies \
		-DincludeScope=runtime -DoutputDirectory="$zoo/java/lib" &&
		javac -nowarn -cp "$zoo/java/lib/*" -d "$zoo/java" "$here"/java/zoo/*.java
}

# npm_folder NAME: one folder of packages, at the versions of its lock.
npm_folder() {
	modules=$zoo/$1/node_modules/.package-lock.json
	newer "$modules" "$here/node/$1/package.json" "$here/node/$1/package-lock.json" && return
	rm -rf "${zoo:?}/$1" && mkdir -p "$zoo/$1" &&
		cp "$here/node/$1/package.json" "$here/node/$1/package-lock.json" "$zoo/$1/" &&
		(cd "$zoo/$1" && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error) &&
		touch "$modules"
}

# The lock stays below build/, for it names the registry.
install_rust() {
	newer "$zoo/rust/target/debug/zoo" "$here/rust/Cargo.toml" "$here/rust/src/main.rs" && return
	mkdir -p "$zoo/rust/src" && cp "$here/rust/Cargo.toml" "$zoo/rust/" &&
		cp "$here/rust/src/main.rs" "$zoo/rust/src/" && (cd "$zoo/rust" && cargo build -q)
}

install_node() { npm_folder zoo; }

install_runtimes() { npm_folder runtimes; }

# library NAME COMPILER FLAG...: one client of a C or C++ library.
library() {
	name=$1 compiler=$2
	shift 2
	source=$(ls "$here/libraries/$name".*)
	newer "$zoo/libraries/$name" "$source" "$here/libraries/job.h" && return
	"$compiler" -O1 "$source" -o "$zoo/libraries/$name" "$@" || { missed="$missed $name" && return 1; }
}

# compiled NAME SOURCE COMMAND...: one client of a language that is compiled.
compiled() {
	made=$zoo/languages/$1 source=$here/languages/$2 name=$1
	shift 2
	newer "$made" "$source" && return
	"$@" || missed="$missed $name"
}

install_languages() {
	mkdir -p "$zoo/languages"
	missed=
	set -- "$here/languages" "$zoo/languages"
	compiled nim zoo.nim nim c --hints:off --nimcache:"$2/nimcache" -o:"$2/nim" "$1/zoo.nim"
	compiled crystal zoo.cr crystal build -o "$2/crystal" "$1/zoo.cr"
	compiled d zoo.d ldc2 -of="$2/d" -od="$2" "$1/zoo.d"
	compiled haskell Zoo.hs ghc -v0 -dynamic -outputdir "$2/hs" -o "$2/haskell" "$1/Zoo.hs"
	compiled mono.exe zoo.cs mcs -r:System.Net.Http -out:"$2/mono.exe" "$1/zoo.cs"
	[ -z "$missed" ] || { echo "not built:$missed"; return 1; }
}

install_libraries() {
	mkdir -p "$zoo/libraries"
	missed=
	# shellcheck disable=SC2046 # lists of flags
	{
		set -- $(dpkg-architecture -qDEB_HOST_MULTIARCH)
		library libevent cc -Wall -levent
		library libuv cc -Wall -luv
		library neon cc -lneon
		library soup cc $(pkg-config --cflags libsoup-3.0) -lsoup-3.0 -lgio-2.0 -lgobject-2.0 -lglib-2.0
		(cd "$zoo/libraries" && printf 'int ns__none(char *in, char **out);\n' >none.h &&
			soapcpp2 -c -C -L -x -pnone none.h >/dev/null)
		library gsoap cc "-I$zoo/libraries" "$zoo/libraries/noneC.c" -lgsoap
		library httplib c++ -lcpp-httplib -lpthread
		library beast c++ -lpthread
		library poco c++ -lPocoNet -lPocoFoundation
		library qt c++ -fPIC "-I/usr/include/$1/qt5" "-I/usr/include/$1/qt5/QtCore" \
			"-I/usr/include/$1/qt5/QtNetwork" -lQt5Network -lQt5Core
	}
	[ -z "$missed" ] || { echo "not built:$missed"; return 1; }
}

install_tools() {
	newer "$zoo/files/made" "$here/tools/make_files.sh" && return
	rm -rf "$zoo/files"
	sh "$here/tools/make_files.sh" "$zoo/files"
}

[ "$1" != all ] || set -- java python python_more node runtimes rust libraries languages tools
for kind; do
	mkdir -p "$zoo"
	"install_$kind" >"$said" 2>&1 && continue
	echo "zoo: what its $kind clients need cannot be had, they are left out:" >&2
	tail -n 3 "$said" >&2
done
exit 0
