<?php
// SPDX-License-Identifier: MIT
// Three GETs on one connection: three.php FOLDER PORT.
[, $folder, $port] = $argv;
$context = stream_context_create(['ssl' => ['cafile' => "$folder/trusted.pem"]]);
$stream = stream_socket_client("ssl://localhost:$port", $code, $error, 15, STREAM_CLIENT_CONNECT, $context);
for ($i = 1; $i <= 3; $i++) {
	usleep(25000);
	@fwrite($stream, "GET /$i HTTP/1.1\r\nHost: localhost\r\n\r\n");
	for ($response = ''; strpos($response, "hello\n") === false; $response .= $got) {
		$got = @fread($stream, 4096);
		if ($got === false || $got === '') {
			echo "end\n";
			exit(1);
		}
	}
	echo "hello\n";
}
