#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs the Debian packages that `make`, `make check`, `make zoo`, `make demo`, `make bench`,
# `make model` or `make release` miss.
set -eu

usage="usage: sh scripts/setup.sh build|check|zoo|demo|bench|many|model|release|lint"
missing=
wished=

has() { command -v "$1" >/dev/null 2>&1; }
need() { case " $missing " in *" $1 "*) ;; *) missing="$missing $1" ;; esac; }
need_command() { has "$1" || need "$2"; }
# What a machine may lack: the tests that use it then say that they looked at nothing.
wish() { case " $wished " in *" $1 "*) ;; *) wished="$wished $1" ;; esac; }
wish_command() { has "$1" || wish "$2"; }
# The same of packages: whatever of them is not installed.
wish_packages() {
	installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null) || :
	for package; do
		case "$installed" in *"$package installed"*) ;; *) wish "$package" ;; esac
	done
}
need_header() { [ -e "/usr/include/$1" ] || need "$2"; }

# One question to dpkg for all: it costs more than everything else here.
need_packages() {
	installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null) || :
	for package; do
		case "$installed" in *"$package installed"*) ;; *) need "$package" ;; esac
	done
}

build() {
	need_command cc gcc
	need_command make make
	need_header stdio.h libc6-dev
	need_header linux/tcp.h linux-libc-dev
	need_header libconfig.h libconfig-dev
}

# wish_cross ARCHITECTURE, as in the name of its compiler's package, of its libc's.
wish_cross() {
	wish_command "$1-linux-gnu-gcc" "gcc-$2-linux-gnu"
	[ -e "/usr/$1-linux-gnu/include/stdio.h" ] || wish "libc6-dev-$3-cross"
	wish_command "qemu-$1" qemu-user
}

# Another libc, another architecture under an emulator, and containers.
other_places() {
	wish_command musl-gcc musl-tools
	wish_command runc runc
	case $(uname -m) in
	x86_64) wish_cross aarch64 aarch64 arm64 ;;
	aarch64) wish_cross x86_64 x86-64 amd64 ;;
	esac
}

# has_library NAME: of one that is preloaded there is no command.
has_library() { [ -n "$(find /usr/lib /usr/local/lib -name "$1" 2>/dev/null | head -n 1)" ]; }

# What is put into programs beside redial.
companions() {
	wish_command torsocks torsocks
	wish_command proxychains4 proxychains4
	wish_command fakeroot fakeroot
	wish_command ip iproute2
	has_library libtsocks.so || wish tsocks
	has_library libtcmalloc_minimal.so.4 || wish libtcmalloc-minimal4
	has_library libeatmydata.so || wish libeatmydata1
}

# Packages for both architectures, whichever this one is.
model() {
	build
	need_command spin spin
}

release() {
	build
	need_packages dpkg-dev
	need_command readelf binutils
	case $(uname -m) in
	aarch64) set -- x86_64 x86-64 amd64 ;;
	*) set -- aarch64 aarch64 arm64 ;;
	esac
	need_command "$1-linux-gnu-gcc" "gcc-$2-linux-gnu"
	[ -e "/usr/$1-linux-gnu/include/stdio.h" ] || need "libc6-dev-$3-cross"
}

demo() {
	build
	need_command node nodejs
	need_command perl perl
	need_packages python3 python3-requests libwww-perl
}

check() {
	build
	need_header CUnit/CUnit.h libcunit1-dev
	need_header openssl/ssl.h libssl-dev
	need_header gnutls/gnutls.h libgnutls28-dev
	need_packages libcurl3-gnutls
	need_header http_parser.h libhttp-parser-dev
	[ -e /usr/include/curl/curl.h ] || ls /usr/include/*/curl/curl.h >/dev/null 2>&1 ||
		need libcurl4-openssl-dev
	need_command gcc gcc
	wish_command clang clang
	wish_command clang-14 clang-14
	ls /usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-* >/dev/null 2>&1 ||
		wish libclang-rt-14-dev
	need_command strace strace
	need_command valgrind valgrind
	need_command readelf binutils
	need_command node nodejs
	need_command perl perl
	need_command wget wget
	need_command openssl openssl
	need_command php php-cli
	need_command javac default-jdk-headless
	need_command setcap libcap2-bin
	need_command npm npm
	need_command ruby ruby
	need_command nginx nginx-light
	need_command haproxy haproxy
	need_command stunnel stunnel4
	need_command apache2 apache2-bin
	need_command squid squid
	need_command ab apache2-utils
	need_command openssl openssl
	need_command git git
	need_command prlimit util-linux
	need_command patch patch
	need_command curl curl
	need_command rsyslogd rsyslog
	need_command logrotate logrotate
	need_command groff groff-base
	need_command lintian lintian
	need_packages dpkg-dev bash zsh
	need_packages python3 python3-requests python3-aiohttp python3-httpx libwww-perl \
		libspring-web-java libhttpclient-java python3-yaml libfaketime libjemalloc2
	wish_command mvn maven
	wish_command promtool prometheus
	wish_command chromium chromium
	wish_packages python3-pip libanyevent-http-perl libnet-ssleay-perl python3-twisted \
		python3-openssl python3-service-identity python3-socks python3-gi gir1.2-soup-3.0 \
		glib-networking libneon27-gnutls
	[ -e /usr/include/neon/ne_session.h ] || wish libneon27-dev
	wish_command tinyproxy tinyproxy
	wish_command microsocks microsocks
	other_places
	companions
}

# Clients of further languages and libraries, and programs that are clients.
zoo() {
	check
	wish_packages libnet-async-http-perl libfurl-perl libmojolicious-perl ruby-excon ruby-http \
		ruby-httpclient ruby-em-http-request php-guzzlehttp-guzzle php-symfony-http-client \
		php-curl lua5.2 lua-http pypy3 g++ pkg-config libevent-dev libuv1-dev \
		libsoup-3.0-dev libcpp-httplib-dev libboost-dev libpoco-dev libwebsockets-dev qtbase5-dev gsoap \
		libgsoap-dev nim crystal ldc ghc libghc-http-client-dev mono-mcs \
		mono-runtime libmono-system-net-http4.0-cil sbcl cl-drakma racket \
		python3-openssl ruby-faraday liblwp-protocol-https-perl lua5.3 lua-sec lua-socket \
		tcl-tls r-cran-curl guile-3.0 elixir erlang-inets aria2 apache2 squid varnish mercurial ffmpeg
}

# What reads the sources.
lint() {
	build
	need_command gcc gcc
	need_command cppcheck cppcheck
	has clang-tidy || need_command clang-tidy-14 clang-tidy-14
}

# What redial is measured with, and beside.
bench() {
	build
	need_header openssl/ssl.h libssl-dev
	need_command strace strace
	need_command valgrind valgrind
	need_command openssl openssl
	need_command nginx nginx-light
	need_command haproxy haproxy
	need_command stunnel stunnel4
	need_command apache2 apache2-bin
	need_command squid squid
	need_command ab apache2-utils
	need_command node nodejs
	need_packages python3 python3-requests
	wish_command torsocks torsocks
	wish_command proxychains4 proxychains4
}

# The machine that `make bench-many` emulates.
many() {
	build
	need_command qemu-system-x86_64 qemu-system-x86
	need_command busybox busybox-static
	need_command cpio cpio
}

# setcap lives in a folder that is not in everybody's PATH.
PATH=$PATH:/usr/sbin:/sbin

case "${1-}" in
build | check | zoo | demo | bench | many | model | release | lint) "$1" ;;
*)
	echo "$usage" >&2
	exit 2
	;;
esac

missing=${missing# }
wished=${wished# }
[ -n "$missing$wished" ] || exit 0

# Without what is needed there is no going on, without what is wished for there is.
give_up() {
	[ -n "$missing" ] || [ -z "$wished" ] || {
		echo "setup: $1; not installed: $wished" >&2
		exit 0
	}
	echo "setup: $1${2-}" >&2
	exit 1
}

has apt-get || give_up "apt-get is missing" "; install these by hand: $missing"
as_root=
if [ "$(id -u)" != 0 ]; then
	has sudo || give_up "neither root nor sudo" "; run as root: apt-get install $missing"
	as_root="sudo"
fi

apt() { $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@"; }

said=$(mktemp)
mute=
# shellcheck disable=SC2317,SC2329 # called by the trap
clean() {
	rm -f "$said"
	[ -z "$mute" ] || $as_root rm -f "$mute"
}
trap clean EXIT

# nginx and haproxy would start as services, which nobody asked for.
keep_services_down() {
	[ ! -e /usr/sbin/policy-rc.d ] || return 0
	mute=/usr/sbin/policy-rc.d
	printf '#!/bin/sh\nexit 101\n' | $as_root tee "$mute" >/dev/null
	$as_root chmod 755 "$mute"
}

fail() {
	cat "$said" >&2
	give_up "$1"
}

install() { apt install -y --no-install-recommends "$@" >"$said" 2>&1; }

echo "setup: installing $missing${missing:+ }$wished"
apt update >"$said" 2>&1 || fail "apt-get update failed; is there a network?"
keep_services_down
# shellcheck disable=SC2086 # lists of words
install $missing $wished && exit 0
# shellcheck disable=SC2086
[ -z "$missing" ] || install $missing || {
	wished=
	fail "apt-get could not install: $missing"
}
for package in $wished; do
	install "$package" || echo "setup: $package cannot be installed: its tests will say so" >&2
done
