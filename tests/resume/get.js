// SPDX-License-Identifier: MIT
// get.js URL FILE: a download by Node's own client.
const http = require('http');
const fs = require('fs');

function fail(error) {
	console.error(error.code || error.message);
	process.exit(1);
}

http.get(process.argv[2], (answer) => {
	const file = fs.createWriteStream(process.argv[3]);
	answer.on('error', fail);
	answer.on('aborted', () => fail(new Error('aborted')));
	file.on('finish', () => process.exit(0));
	answer.pipe(file);
}).on('error', fail);
