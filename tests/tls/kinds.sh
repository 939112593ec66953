#!/bin/sh
# SPDX-License-Identifier: MIT
# Further kinds of programs with OpenSSL. Each makes three requests on one connection, the second by
# METHOD, and prints "hello" for each answer.
# kinds.sh KIND FOLDER PORT [METHOD], from the top of the tree, with $REDIAL_PRELOAD preloaded.
# kinds.sh list [all]: those that can be run here, of `make check` or of `make zoo`: NAME BARE REDIAL,
# with a letter each for second:reset, second:close, second:notify, idle:reset, idle:close and
# idle:notify: + for three answers, - for fewer.
here=tests/tls/kinds
built=build/tests/tls/kinds
zoo=build/tests/zoo
newer=$PWD/build/tests/newer/root/usr

# rows COMMAND ROW...: told if the command works.
rows() {
	$1 >/dev/null 2>&1 || return 0
	shift
	printf '%s\n' "$@"
}
has() { [ -e "$1" ]; }

list() {
	for way in ex peek no-auto select timeout partial pieces large signals pipeline head \
		two-writes two-bios keeps edge implicit bytewise read-ahead chain accepts; do
		rows true "c:$way ------ ++++++"
	done
	rows "has $zoo/python/requests" 'py:requests ---+++ ++++++' 'py:httpx ---+++ ++++++'
}

list_more() {
	rows "has $zoo/python/urllib3" 'py:urllib3 ---+++ ++++++' 'py:requests_timeout ---+++ ++++++'
	rows "has $zoo/python-more/pycurl" 'more:pycurl ++++++ ++++++' 'more:gevent ---+++ ++++++' \
		'more:eventlet ---+++ ++++++' 'more:botocore ---+++ ++++++' 'more:tornado ------ +++---'
	rows "/usr/bin/python3 -c import\ OpenSSL" 'py:pyopenssl ------ ++++++'
	rows "has $newer" 'new:http ------ ++++++' 'new:requests ---+++ ++++++' \
		'new-c:ex ------ ++++++' 'new-c:select ------ ++++++' 'new-c:chain ------ ++++++'
	rows 'ruby -e require("httpclient")' 'rb:httpclient +-++-+ ++++++'
	rows 'ruby -e require("excon")' 'rb:excon ------ ++++++'
	rows 'ruby -e require("faraday")' 'rb:faraday ++++++ ++++++'
	rows 'ruby -e require("http")' 'rb:http ------ ++++++'
	rows 'ruby -e require("net/https")' 'rb:net-timeout -----+ ++++++' 'rb:blocking ------ ++++++'
	rows 'perl -MLWP::Protocol::https -e 1' 'pl:lwp ---+++ ++++++' 'pl:tiny -+++++ ++++++' \
		'pl:ssleay ------ ++++++'
	rows 'perl -MMojo::UserAgent -MIO::Socket::SSL -e 1' 'pl:mojo ---+++ ++++++'
	rows 'perl -MFurl -MIO::Socket::SSL -e 1' 'pl:furl ++++++ ++++++'
	rows 'php -v' 'php:stream ------ ++++++' 'php:nonblock ------ ++++++'
	rows 'php -r curl_init();' 'php:curl ++++++ ++++++'
	rows "lua5.3 -e require('ssl')" 'lua:luasec ------ ++++++'
	rows "lua5.2 -e require('http.tls')" 'lua:cqueues ------ ++++++'
	rows "tclsh $here/has_tls.tcl" 'tcl ------ ++++++'
	rows 'Rscript --vanilla -e library(curl)' 'R ++++++ ++++++'
	rows "has $built/libevent" 'lib:libevent-socket ------ +++---'
	rows "has $built/lws" 'lib:lws ---+++ ++++++'
	rows "has $built/httplib" 'lib:httplib ---++- ++++++'
	rows "has $built/poco" 'lib:poco ---+-- ++++++'
	rows "has $built/rust" 'rust:openssl ------ ++++++' 'rust:native ------ ++++++' \
		'rust:ureq ---+++ ++++++' 'rust:reqwest ---+++ ++++++' \
		'rust:reqwest_async ---+++ ++++++' 'rust:tokio ------ ++++++'
}

if [ "$1" = list ]; then
	list
	[ "${2-}" != all ] || list_more
	exit
fi

kind=$1 dir=$2 port=$3 method=${4:-GET}
name=${kind#*:}
set -- "$dir" "$port" "$method"
LD_PRELOAD=$REDIAL_PRELOAD
export LD_PRELOAD

# with_newer PROGRAM ARGUMENT...: under the libraries of a later Debian.
with_newer() {
	exec "$newer"/lib64/ld-linux-*.so.* --library-path "$(echo "$newer"/lib/*-linux-gnu)" "$@"
}

case $kind in
c:*) exec build/tests/tls/ways "$name" "$@" ;;
py:pyopenssl) exec /usr/bin/python3 $here/kinds.py "$name" "$@" ;;
py:*) exec /usr/bin/python3 -S $here/kinds.py "$name" "$@" $zoo/python ;;
more:*) exec /usr/bin/python3 -S $here/kinds.py "$name" "$@" $zoo/python $zoo/python-more ;;
new:*) PYTHONHOME=$newer with_newer "$newer/bin/python3.13" $here/kinds.py "$name" "$@" $zoo/python ;;
new-c:*) with_newer build/tests/tls/ways "$name" "$@" ;;
rb:*) exec ruby $here/kinds.rb "$name" "$@" ;;
pl:*) exec perl $here/kinds.pl "$name" "$@" ;;
php:*) exec php $here/kinds.php "$name" "$@" ;;
lua:luasec) exec lua5.3 $here/kinds.lua "$name" "$@" ;;
lua:*) exec lua5.2 $here/kinds.lua "$name" "$@" ;;
tcl) exec tclsh $here/kinds.tcl "$@" ;;
R) exec Rscript --vanilla $here/kinds.R "$@" ;;
lib:*-*) exec "$built/${name%-*}" "${name#*-}" "$@" ;;
rust:*) exec "$built/rust" "$name" "$@" ;;
lib:*) exec "$built/$name" "$@" ;;
esac
