// SPDX-License-Identifier: MIT
// GETs an https URL: get.js FILE_OF_THE_AUTHORITY URL.
const fs = require('fs');
const https = require('https');

const options = { ca: fs.readFileSync(process.argv[2]) };
https.get(process.argv[3], options, (response) => response.pipe(process.stdout))
	.on('error', (error) => {
		console.error(error.message);
		process.exitCode = 1;
	});
