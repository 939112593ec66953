// SPDX-License-Identifier: MIT
// Three GETs, one after the other on a connection that is kept: three.js FOLDER PORT.
const fs = require('fs');
const https = require('https');

const ca = fs.readFileSync(process.argv[2] + '/trusted.pem');
const agent = new https.Agent({ keepAlive: true, maxSockets: 1, ca });

function get(i) {
	const next = () => (i < 3 ? setTimeout(get, 25, i + 1) : agent.destroy());
	https.get({ host: 'localhost', port: process.argv[3], path: '/' + i, agent }, (response) => {
		response.on('data', (data) => process.stdout.write(data));
		response.on('end', next);
	}).on('error', (error) => {
		console.log(error.code);
		next();
	});
}

get(1);
