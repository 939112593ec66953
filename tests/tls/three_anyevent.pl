# SPDX-License-Identifier: MIT
# The same by AnyEvent::HTTP: three_anyevent.pl FOLDER PORT METHOD.
use strict;
use warnings;
use AnyEvent;
use AnyEvent::HTTP;
use Time::HiRes 'sleep';

my ($folder, $port, $method) = @ARGV;
$| = 1;
for my $i (1 .. 3) {
	sleep 0.06;
	my $done = AnyEvent->condvar;
	my $how = $i == 2 ? $method : 'GET';
	http_request $how => "https://localhost:$port/$i",
		persistent => 1,
		keepalive => 1,
		$how eq 'POST' ? (body => 'x') : (),
		tls_ctx => { verify => 1, verify_peername => 'https', ca_file => "$folder/trusted.pem" },
		sub {
			my ($body, $headers) = @_;
			print $headers->{Status} == 200 ? $body : "$headers->{Reason}\n";
			$done->send;
		};
	$done->recv;
}
