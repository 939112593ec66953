<?php
// SPDX-License-Identifier: MIT
// The zoo's PHP clients: zoo.php NAME, then what every client takes.

[, $name, $base, $count, $method, $pause_ms] = $argv;
$path = parse_url($base, PHP_URL_PATH);

function open_fds(): int
{
	return count(scandir('/proc/self/fd')) - 3;
}

function guzzle(): callable
{
	require_once 'GuzzleHttp/autoload.php';
	$client = new GuzzleHttp\Client(['http_errors' => false, 'timeout' => 20]);
	return function ($method, $url, $headers, $body) use ($client) {
		$answer = $client->request($method, $url, ['headers' => $headers, 'body' => $body]);
		return [$answer->getStatusCode(), (string)$answer->getBody()];
	};
}

function symfony(): callable
{
	require_once 'Symfony/Component/HttpClient/autoload.php';
	$client = new Symfony\Component\HttpClient\CurlHttpClient();
	return function ($method, $url, $headers, $body) use ($client) {
		$answer = $client->request($method, $url, ['headers' => $headers, 'body' => $body ?? '']);
		return [$answer->getStatusCode(), $answer->getContent(false)];
	};
}

$send = $name();
$failed = $start = 0;
for ($i = 1; $i <= (int)$count; $i++) {
	try {
		$body = $method === 'POST' ? "payload-$i" : null;
		[$status, $text] = $send($method, "$base-$i", ['X-Request-Id' => (string)$i], $body);
		if ($status !== 200 || json_decode($text)->path !== "$path-$i")
			throw new Exception("status $status, body $text");
		echo "ok $i $status\n";
	} catch (Exception $e) {
		$failed++;
		echo "error $i ", strtok($e->getMessage(), "\n"), "\n";
	}
	if ($i === 2)
		$start = open_fds();
	if ((int)$pause_ms && $i < (int)$count)
		usleep((int)$pause_ms * 1000);
}
echo "fds $start ", open_fds(), "\n";
exit($failed ? 1 : 0);
