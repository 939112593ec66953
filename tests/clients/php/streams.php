<?php
// SPDX-License-Identifier: MIT
// A hand-written keep-alive client: PHP's http:// wrapper opens a connection for each request.

[, $base, $count] = $argv;
$method = $argv[3] ?? 'GET';
$pause_ms = (int)($argv[4] ?? 0);
$url = parse_url($base);

function open_fds(): int
{
	return count(scandir('/proc/self/fd')) - 3;
}

/** Reads until the response is whole; returns status and body. */
function read_response($socket): array
{
	$text = '';
	for (;;) {
		$head_end = strpos($text, "\r\n\r\n");
		if ($head_end !== false && preg_match('/^Content-Length: (\d+)/mi', $text, $m)
		    && strlen($text) >= $head_end + 4 + (int)$m[1])
			return [(int)substr($text, 9, 3), substr($text, $head_end + 4, (int)$m[1])];
		$read = [$socket];
		$none = null;
		if (!stream_select($read, $none, $none, 20))
			throw new Exception('timed out');
		$more = fread($socket, 8192);
		if ($more === false || ($more === '' && feof($socket)))
			throw new Exception('connection lost');
		$text .= $more;
	}
}

$socket = null;
$failed = $start = 0;
for ($i = 1; $i <= (int)$count; $i++) {
	$body = $method === 'POST' ? "payload-$i" : '';
	$request = "$method {$url['path']}-$i HTTP/1.1\r\nHost: {$url['host']}:{$url['port']}\r\n" .
		"X-Request-Id: $i\r\n" . ($body === '' ? '' : 'Content-Length: ' . strlen($body) . "\r\n") .
		"\r\n$body";
	try {
		$socket ??= stream_socket_client("tcp://{$url['host']}:{$url['port']}", $no, $why, 20);
		if (!$socket || @fwrite($socket, $request) !== strlen($request))
			throw new Exception('cannot send');
		[$status, $answer] = read_response($socket);
		if ($status !== 200 || json_decode($answer)->path !== "{$url['path']}-$i")
			throw new Exception("status $status, body $answer");
		echo "ok $i $status\n";
	} catch (Exception $e) {
		$failed++;
		echo "error $i {$e->getMessage()}\n";
		if ($socket)
			fclose($socket);
		$socket = null;
	}
	if ($i === 2)
		$start = open_fds();
	if ($pause_ms && $i < (int)$count)
		usleep($pause_ms * 1000);
}
echo "fds $start ", open_fds(), "\n";
exit($failed ? 1 : 0);
