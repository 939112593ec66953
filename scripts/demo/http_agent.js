// SPDX-License-Identifier: MIT
// Node: three GETs over one http.Agent that keeps its connection alive.
'use strict';
const http = require('http');

const url = process.argv[2];
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

const get = (i) => new Promise((resolve) => {
	const request = http.get(`${url}/${i}`, { agent }, (answer) => {
		answer.resume().on('end', () => setImmediate(resolve, answer.statusCode));
	});
	request.on('error', (error) => {
		process.exitCode = 1;
		resolve(`ERR ${error.message}`);
	});
});

(async () => {
	for (let i = 1; i <= 3; i++)
		console.log(`GET /${i}  ${await get(i)}`);
	agent.destroy();
})();
