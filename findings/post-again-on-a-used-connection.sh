#!/bin/sh
# SPDX-License-Identifier: MIT
# A POST over a kept-alive connection; the server reads it all, and closes without an answer.
# Guess: it is sent once and the program gets an error: only the program knows whether it may be
#   repeated (RFC 9110 9.2.2). On a fresh connection likewise.
# Instead: Ruby's httpclient and Perl's Furl send it again over a fresh connection and give the
#   answer to that, without a word. httplib2 sends it again even where no connection was used
#   before. Net::HTTP and HTTP::Tiny send it once.
# Matters: the order was carried out twice, and the program cannot know.
# Versions: httpclient 2.8.3, Furl 3.14 (Debian 12), httplib2 0.32.1; not Net::HTTP of Ruby 3.1,
#   HTTP::Tiny of Perl 5.36.
# Seen 2026-11-29, two POSTs, the server answers the first of each connection: three read of
#   httpclient and Furl, two of Net::HTTP and HTTP::Tiny. Of one of httplib2, never answered, two.
. "$(dirname "$0")/support/find.sh"

get_deb ruby-httpclient=2.8.3+git20211122.4658227-1 ruby-http-cookie=1.0.5-1 \
	ruby-domain-name=0.5.20190701-1 ruby-unf=0.1.4-2.1 libfurl-perl=3.14-2 \
	libclass-accessor-lite-perl=0.08-3 libhttp-parser-xs-perl=0.17-2+b2
need ruby --version
need perl --version
get_pip httplib2==0.32.1
serve <<'PY'
def handle(conn):
    while conn.request() and conn.requests == 1 and conn.path != "/httplib2":
        conn.ok()
PY
cat >"$tmp/find.rb" <<'RUBY'
require 'httpclient'
require 'net/http'

url = "http://127.0.0.1:#{ENV['port']}/"
client = HTTPClient.new
puts "httpclient #{Array.new(2) { client.post(url + 'httpclient', 'x').status }.join(' ')}"
Net::HTTP.start('127.0.0.1', ENV['port']) do |http|
  2.times { http.post('/net', 'x') }
rescue EOFError
  puts 'net error'
end
RUBY
cat >"$tmp/find.pl" <<'PERL'
use Furl;
use HTTP::Tiny;

my $url = "http://127.0.0.1:$ENV{port}/";
my $furl = Furl->new;
print join(' ', 'furl', map { $furl->post($url . 'furl', [], 'x')->code } 1 .. 2), "\n";
my $tiny = HTTP::Tiny->new;
print join(' ', 'tiny', map { $tiny->post($url . 'tiny', {content => 'x'})->{status} } 1 .. 2), "\n";
PERL
cat >"$tmp/find.py" <<'PY'
import os

import httplib2

try:
    httplib2.Http().request(f"http://127.0.0.1:{os.environ['port']}/httplib2", "POST", "x")
except Exception as e:
    print("httplib2", type(e).__name__)
PY
share=$tmp/deb/usr/share
RUBYLIB=$share/rubygems-integration/all/gems/httpclient-2.8.3/lib:$tmp/deb/usr/lib/ruby/vendor_ruby \
	run ruby find.rb
PERL5LIB=$share/perl5:$libs/perl5/5.36 run perl find.pl
run "$python" find.py

for name in httpclient furl; do
	expect "POSTs of $name that the server read, of two" 3 "$(reads POST /$name)"
done
for name in net tiny; do
	expect "POSTs of $name that the server read, of two" 2 "$(reads POST /$name)"
done
expect "POSTs of httplib2 that the server read, of one" 2 "$(reads POST /httplib2)"
find_end
