# SPDX-License-Identifier: MIT
use strict;
use warnings;
use LWP::UserAgent;
use HTTP::Request;
use URI;

my ($base, $count, $method, $pause) = @ARGV;
$method //= 'GET';
$pause //= 0;
$| = 1;

sub open_fds {
	opendir my $dir, '/proc/self/fd' or return -1;
	my @names = grep { !/^\./ } readdir $dir;
	return @names - 1;
}

my $agent = LWP::UserAgent->new(keep_alive => 1, timeout => 20);
my ($failed, $start) = (0, 0);
for my $i (1 .. $count) {
	my $url = "$base-$i";
	my $request = HTTP::Request->new($method, $url, ['X-Request-Id' => $i]);
	$request->content("payload-$i") if $method eq 'POST';
	my $response = $agent->request($request);
	my $path = URI->new($url)->path;
	if ($response->is_success && $response->decoded_content =~ /"path":"\Q$path\E"/) {
		printf "ok %d %d\n", $i, $response->code;
	} else {
		$failed++;
		printf "error %d %s\n", $i, $response->status_line;
	}
	$start = open_fds() if $i == 2;
	select undef, undef, undef, $pause / 1000 if $pause && $i < $count;
}
printf "fds %d %d\n", $start, open_fds();
exit($failed ? 1 : 0);
