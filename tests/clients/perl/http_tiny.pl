# SPDX-License-Identifier: MIT
# HTTP::Tiny sends a GET a second time by itself if the connection ended, but not if it was reset.
use strict;
use warnings;
use HTTP::Tiny;

my ($base, $count, $method, $pause) = @ARGV;
$method //= 'GET';
$pause //= 0;
$| = 1;

sub open_fds {
	opendir my $dir, '/proc/self/fd' or return -1;
	my @names = grep { !/^\./ } readdir $dir;
	return @names - 1;
}

my $agent = HTTP::Tiny->new(keep_alive => 1, timeout => 20);
my ($failed, $start) = (0, 0);
for my $i (1 .. $count) {
	my %options = (headers => {'X-Request-Id' => $i});
	$options{content} = "payload-$i" if $method eq 'POST';
	my $response = $agent->request($method, "$base-$i", \%options);
	my ($path) = "$base-$i" =~ m{^\w+://[^/]+(/.*)};
	if ($response->{success} && $response->{content} =~ /"path":"\Q$path\E"/) {
		printf "ok %d %d\n", $i, $response->{status};
	} else {
		$failed++;
		printf "error %d %s %s\n", $i, $response->{status}, $response->{content} =~ s/\n.*//sr;
	}
	$start = open_fds() if $i == 2;
	select undef, undef, undef, $pause / 1000 if $pause && $i < $count;
}
printf "fds %d %d\n", $start, open_fds();
exit($failed ? 1 : 0);
