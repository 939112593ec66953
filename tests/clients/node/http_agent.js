// SPDX-License-Identifier: MIT
'use strict';
const http = require('http');
const { run } = require('./common');

const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

// Settles on the answer's last byte; the socket is free again one turn of the loop later.
const send = (url, { method, headers, body }) => new Promise((resolve, reject) => {
	const request = http.request(url, { method, headers, agent }, (response) => {
		let text = '';
		response.on('data', (data) => { text += data; });
		response.on('end', () => setImmediate(resolve, { status: response.statusCode, body: text }));
		response.on('error', reject);
	});
	request.on('error', reject);
	request.end(body);
});

run(send);
