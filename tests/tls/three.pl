# SPDX-License-Identifier: MIT
# Three GETs on one connection: three.pl FOLDER PORT.
use strict;
use warnings;
use IO::Socket::SSL;
use Time::HiRes 'sleep';

my ($folder, $port) = @ARGV;
my $socket = IO::Socket::SSL->new(
	PeerHost => 'localhost', PeerPort => $port, SSL_ca_file => "$folder/trusted.pem") or die;
$SIG{PIPE} = 'IGNORE';
for my $i (1 .. 3) {
	sleep 0.025;
	print $socket "GET /$i HTTP/1.1\r\nHost: localhost\r\n\r\n";
	my $response = '';
	while ($response !~ /hello\n/) {
		my $got = sysread($socket, $response, 4096, length $response);
		next if $got;
		print "end\n";
		exit 1;
	}
	print "hello\n";
}
