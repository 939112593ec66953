<?php
// SPDX-License-Identifier: MIT
// Three requests, the second by METHOD: kinds.php KIND FOLDER PORT METHOD.
[, $kind, $folder, $port, $method] = $argv;
$url = "https://localhost:$port";
$ca = "$folder/trusted.pem";

function with_curl($url, $ca)
{
	$curl = curl_init();
	curl_setopt_array($curl, [CURLOPT_RETURNTRANSFER => true, CURLOPT_CAINFO => $ca]);
	return function ($how, $i, $body) use ($curl, $url) {
		curl_setopt($curl, CURLOPT_URL, "$url/$i");
		curl_setopt($curl, CURLOPT_CUSTOMREQUEST, $how);
		curl_setopt($curl, CURLOPT_POSTFIELDS, $body);
		$answer = curl_exec($curl);
		return $answer === false ? 'error ' . curl_errno($curl) . "\n" : $answer;
	};
}

function with_stream($port, $ca, $waits)
{
	$context = stream_context_create(['ssl' => ['cafile' => $ca]]);
	$stream = stream_socket_client("tls://localhost:$port", $code, $error, 15, STREAM_CLIENT_CONNECT, $context);
	stream_set_blocking($stream, $waits);
	return function ($how, $i, $body) use ($stream, $waits) {
		$more = $body ? "Content-Length: 1\r\n" : '';
		@fwrite($stream, "$how /$i HTTP/1.1\r\nHost: localhost\r\n$more\r\n$body");
		for ($answer = ''; strpos($answer, "hello\n") === false; $answer .= $got) {
			$read = [$stream];
			$none = null;
			if (!$waits && !stream_select($read, $none, $none, 15))
				return "silent\n";
			$got = @fread($stream, 4096);
			if ($got === false || ($got === '' && feof($stream)))
				return "end\n";
		}
		return "hello\n";
	};
}

$ask = $kind === 'curl' ? with_curl($url, $ca) : with_stream($port, $ca, $kind === 'stream');
for ($i = 1; $i <= 3; $i++) {
	usleep(25000);
	$posts = $i == 2 && $method === 'POST';
	echo $ask($posts ? 'POST' : 'GET', $i, $posts ? 'x' : null);
}
