# SPDX-License-Identifier: MIT
# Three requests, the second by METHOD: kinds.pl KIND FOLDER PORT METHOD.
use strict;
use warnings;
use Time::HiRes 'sleep';

my ($kind, $folder, $port, $method) = @ARGV;
my ($url, $ca) = ("https://localhost:$port", "$folder/trusted.pem");
my %kinds = (
	lwp => sub {
		require LWP::UserAgent;
		require HTTP::Request;
		my $agent = LWP::UserAgent->new(keep_alive => 1, timeout => 15, ssl_opts => {SSL_ca_file => $ca});
		return sub {
			my ($how, $i, $body) = @_;
			my $response = $agent->request(HTTP::Request->new($how, "$url/$i", [], $body));
			return $response->is_success ? $response->content : "error " . $response->code . "\n";
		};
	},
	tiny => sub {
		require HTTP::Tiny;
		my $http = HTTP::Tiny->new(verify_SSL => 1, SSL_options => {SSL_ca_file => $ca}, timeout => 15);
		return sub {
			my ($how, $i, $body) = @_;
			my $response = $http->request($how, "$url/$i", $body ? {content => $body} : {});
			return $response->{success} ? $response->{content} : "error $response->{status}\n";
		};
	},
	mojo => sub {
		require Mojo::UserAgent;
		my $agent = Mojo::UserAgent->new(ca => $ca);
		return sub {
			my ($how, $i, $body) = @_;
			my $done = $agent->start($agent->build_tx($how, "$url/$i", {}, $body // ''));
			return $done->error ? "error\n" : $done->res->body;
		};
	},
	furl => sub {
		require Furl;
		my $furl = Furl->new(ssl_opts => {SSL_ca_file => $ca}, timeout => 15);
		return sub {
			my ($how, $i, $body) = @_;
			my $response = $furl->request(method => $how, url => "$url/$i", content => $body);
			return $response->is_success ? $response->content : "error " . $response->code . "\n";
		};
	},
	ssleay => sub {
		require Net::SSLeay;
		require IO::Socket::INET;
		Net::SSLeay::initialize();
		my $socket = IO::Socket::INET->new("localhost:$port") or die;
		my $context = Net::SSLeay::CTX_new() or die;
		Net::SSLeay::CTX_load_verify_locations($context, $ca, '') or die;
		Net::SSLeay::CTX_set_verify($context, Net::SSLeay::VERIFY_PEER(), sub { return $_[0] });
		my $ssl = Net::SSLeay::new($context);
		Net::SSLeay::set_tlsext_host_name($ssl, 'localhost');
		Net::SSLeay::set_fd($ssl, fileno $socket);
		Net::SSLeay::connect($ssl) == 1 or die;
		return sub {
			my ($how, $i, $body) = @_;
			my $more = $body ? "Content-Length: 1\r\n" : '';
			Net::SSLeay::write($ssl, "$how /$i HTTP/1.1\r\nHost: localhost\r\n$more\r\n" . ($body // ''));
			my $answer = '';
			while ($answer !~ /hello\n/) {
				my $got = Net::SSLeay::read($ssl, 4096);
				return "error\n" if !defined $got || $got eq '';
				$answer .= $got;
			}
			return "hello\n" if $socket;
		};
	});
$| = 1;
$SIG{PIPE} = 'IGNORE';
my $ask = $kinds{$kind}->();
for my $i (1 .. 3) {
	sleep 0.025;
	my $posts = $i == 2 && $method eq 'POST';
	print $ask->($posts ? 'POST' : 'GET', $i, $posts ? 'x' : undef);
}
