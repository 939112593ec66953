# SPDX-License-Identifier: MIT
# Three GETs by LWP on one connection through a proxy: proxied.pl FOLDER PORT PROXY.
use strict;
use warnings;
use LWP::UserAgent;
use Time::HiRes 'sleep';

my ($folder, $port, $proxy) = @ARGV;
my $agent = LWP::UserAgent->new(keep_alive => 1, ssl_opts => { SSL_ca_file => "$folder/trusted.pem" });
$agent->proxy('https', $proxy);
for my $i (1 .. 3) {
	sleep 0.025;
	my $response = $agent->get("https://localhost:$port/$i");
	print $response->is_success ? $response->content : "failed\n";
	last if !$response->is_success;
}
