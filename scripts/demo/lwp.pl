# SPDX-License-Identifier: MIT
# Perl LWP: three GETs over one kept-alive connection.
use strict;
use warnings;
use LWP::UserAgent;

my $agent = LWP::UserAgent->new(keep_alive => 1, timeout => 10);
my $failed = 0;
for my $i (1 .. 3) {
	my $answer = $agent->get("$ARGV[0]/$i");
	$failed = 1 unless $answer->is_success;
	printf "GET /%d  %s\n", $i,
	    $answer->is_success ? $answer->code : 'ERR ' . $answer->message =~ s{.*: }{}r;
}
exit $failed;
