// SPDX-License-Identifier: MIT
// Three GETs on one connection that is kept, through a proxy, by an agent as they are written for it:
// proxied.js FOLDER PORT PROXY.
const fs = require('fs');
const https = require('https');
const tls = require('tls');
const net = require('net');

const ca = fs.readFileSync(process.argv[2] + '/trusted.pem');
const proxy = new URL(process.argv[4]);
const port = process.argv[3];
const user = Buffer.from(`${proxy.username}:${proxy.password}`).toString('base64');
const credentials = proxy.username ? `Proxy-Authorization: Basic ${user}\r\n` : '';

class Agent extends https.Agent {
	createConnection(options, done) {
		const socket = net.connect(proxy.port, proxy.hostname);
		socket.write(`CONNECT localhost:${port} HTTP/1.1\r\nHost: localhost:${port}\r\n${credentials}\r\n`);
		socket.once('readable', () => {
			let head = '';
			for (let byte; !head.endsWith('\r\n\r\n') && (byte = socket.read(1)); )
				head += byte.toString();
			done(null, tls.connect({ socket, ca, servername: 'localhost' }));
		});
		socket.once('error', done);
	}
}

const agent = new Agent({ keepAlive: true, maxSockets: 1 });

function get(i) {
	const next = () => (i < 3 ? setTimeout(get, 25, i + 1) : agent.destroy());
	https.get({ host: 'localhost', port, path: '/' + i, agent }, (response) => {
		response.on('data', (data) => process.stdout.write(data));
		response.on('end', next);
	}).on('error', (error) => {
		console.log(error.code);
		next();
	});
}

get(1);
