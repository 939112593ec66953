// SPDX-License-Identifier: MIT
// PORT COUNT: GETs and POSTs one after the other by one http.Agent.
'use strict';
const http = require('http');

const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const count = 2 * Number(process.argv[3]);
let failed = 0;

function ask(i) {
	if (i === count) {
		console.log(failed ? `failed ${failed}` : 'all well');
		agent.destroy();
		return;
	}
	const method = i % 2 ? 'POST' : 'GET';
	const path = `/${i >> 1}`;
	const request = http.request({ port: process.argv[2], agent, method, path }, (response) => {
		response.resume();
		response.on('end', () => ask(i + 1));
	});
	request.on('error', () => {
		failed++;
		ask(i + 1);
	});
	request.end(method === 'POST' ? 'body' : undefined);
}

ask(0);
