// SPDX-License-Identifier: MIT
// Three requests, the second one by METHOD, one after the other on a connection that is kept; it
// sleeps in between, without a look at that: three.js FOLDER PORT METHOD.
const fs = require('fs');
const https = require('https');

const [, , folder, port, method] = process.argv;
const ca = fs.readFileSync(folder + '/trusted.pem');
const agent = new https.Agent({ keepAlive: true, maxSockets: 1, ca });
const sleep = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

function ask(i) {
	const next = () => {
		sleep(60);
		i < 3 ? ask(i + 1) : agent.destroy();
	};
	const options = { host: 'localhost', port, path: '/' + i, agent, method: i === 2 ? method : 'GET' };
	const request = https.request(options, (response) => {
		response.on('data', (data) => process.stdout.write(data));
		response.on('end', next);
	});
	request.on('error', (error) => {
		console.log(error.code);
		next();
	});
	request.end(options.method === 'POST' ? 'x' : '');
}

ask(1);
