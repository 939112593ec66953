# SPDX-License-Identifier: MIT
# The zoo's Perl clients: zoo.pl NAME, then what every client takes, then REST_MS.
use strict;
use warnings;

my ($name, $base, $count, $method, $pause, $rest) = @ARGV;
my $path = $base =~ s{^http://[^/]*}{}r;
my ($failed, $start) = (0, 0);
$| = 1;

sub open_fds {
	opendir my $dir, '/proc/self/fd' or return -1;
	my @names = grep { !/^\./ } readdir $dir;
	return @names - 1;
}

sub answered {
	my ($i, $status, $body) = @_;
	if ($status eq '200' && $body =~ m{"path":"\Q$path\E-$i"}) {
		print "ok $i $status\n";
	} else {
		$failed++;
		print "error $i $status ", ($body // '') =~ s/\s+/ /gr, "\n";
	}
	$start = open_fds() if $i == 2;
	# Blocks an event loop too, as a busy program does.
	select undef, undef, undef, $pause / 1000 if $pause && $i < $count;
}

# send(i, URL, body) returns status and body, or dies.
sub one_by_one {
	my ($send, $sleep) = @_;
	for my $i (1 .. $count) {
		my @answer = eval { $send->($i, "$base-$i", $method eq 'POST' ? "payload-$i" : undef) };
		answered($i, @answer ? @answer : ('-', $@));
	}
	$sleep->($rest / 1000) if $rest && $sleep;
	printf "fds %d %d\n", $start, open_fds();
	exit($failed ? 1 : 0);
}

my %clients = (
	anyevent => sub {
		require AnyEvent;
		require AnyEvent::HTTP;
		one_by_one(sub {
			my ($i, $url, $body) = @_;
			my $done = AnyEvent->condvar;
			AnyEvent::HTTP::http_request($method => $url, body => $body, persistent => 1,
				keepalive => 1, timeout => 20, headers => { 'X-Request-Id' => $i },
				sub { $done->send($_[1]{Status}, $_[0] // $_[1]{Reason}) });
			return $done->recv;
		}, sub {
			my $done = AnyEvent->condvar;
			my $timer = AnyEvent->timer(after => $_[0], cb => sub { $done->send });
			$done->recv;
		});
	},
	net_async_http => sub {
		require IO::Async::Loop;
		require Net::Async::HTTP;
		require HTTP::Request;
		my $loop = IO::Async::Loop->new;
		my $http = Net::Async::HTTP->new(timeout => 20, max_connections_per_host => 1, pipeline => 0);
		$loop->add($http);
		one_by_one(sub {
			my ($i, $url, $body) = @_;
			my $request = HTTP::Request->new($method, $url, ['X-Request-Id' => $i], $body);
			$request->header('Content-Length' => length $body) if defined $body;
			my $answer = $http->do_request(request => $request)->get;
			return ($answer->code, $answer->content);
		}, sub { $loop->delay_future(after => $_[0])->get });
	},
	furl => sub {
		require Furl;
		my $furl = Furl->new(timeout => 20);
		one_by_one(sub {
			my ($i, $url, $body) = @_;
			my $answer = $furl->request(method => $method, url => $url, content => $body,
				headers => ['X-Request-Id' => $i, 'Connection' => 'keep-alive']);
			return ($answer->code, $answer->content);
		});
	},
	mojo => sub {
		require Mojo::UserAgent;
		require Mojo::IOLoop;
		my $agent = Mojo::UserAgent->new;
		one_by_one(sub {
			my ($i, $url, $body) = @_;
			my $tx = $agent->build_tx($method, $url, { 'X-Request-Id' => $i }, $body // ());
			$tx = $agent->start($tx);
			die $tx->error->{message} if $tx->error;
			return ($tx->res->code, $tx->res->body);
		}, sub {
			$agent->ioloop->timer($_[0] => sub { $agent->ioloop->stop });
			$agent->ioloop->start;
		});
	},
);
$clients{$name}->();
