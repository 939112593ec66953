#!/bin/sh
# SPDX-License-Identifier: MIT
# LWP::UserAgent::Determined 1.07 (Debian 12, Perl), which tries again what may be a passing error.
# Guess: for requests that may be repeated, so a POST once; and Retry-After is obeyed.
# Instead: a POST is sent up to four times, after a 500 or 503, and after a connection that ended
#   without an answer: LWP makes a 500 of its own of that, and 500 is on the list. Retry-After is
#   not read, and 429 not on the list.
# Matters: it stands in for LWP::UserAgent by one changed line, and with it each POST of the program
#   may be carried out four times.
# Seen 2026-11-28: POSTs at a 500 4, at a lost connection 4, at a 503 with Retry-After: 30 4 in less
#   than 10 s; at a 429 1.
. "$(dirname "$0")/support/find.sh"

get_deb liblwp-useragent-determined-perl=1.07-3
need perl -MLWP -e 1
serve <<'PY'
def handle(conn):
    while conn.request():
        if conn.path == "/lost":
            return
        conn.send("HTTP/1.1 " + conn.path[1:] + " No", "Retry-After: 30", "Content-Length: 0")
PY
cat >"$tmp/find.pl" <<'PERL'
use LWP::UserAgent::Determined;
my $client = LWP::UserAgent::Determined->new;
$client->timing("0.1,0.1,0.1");
$client->post("http://127.0.0.1:$ENV{port}/$ARGV[0]", Content => "x");
PERL
# posts PATH: those that the server read, within ten seconds.
posts() {
	PERL5LIB=$tmp/deb/usr/share/perl5 run timeout 10 perl find.pl "$1"
	reads POST "/$1"
}

expect "POSTs at a 500" 4 "$(posts 500)"
expect "POSTs at a lost connection" 4 "$(posts lost)"
expect "POSTs at a 503 that says 30 s" 4 "$(posts 503)"
expect "POSTs at a 429" 1 "$(posts 429)"
find_end
