// SPDX-License-Identifier: MIT
'use strict';
const fs = require('fs');

const [base, count, method = 'GET', pause = '0', rest = '0'] = process.argv.slice(2);
const openFds = () => fs.readdirSync('/proc/self/fd').length - 1;

// Blocks the event loop, as a busy program does.
const block = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

// send(url, {method, headers, body}) resolves to {status, body}.
async function run(send) {
	let failed = 0, start = 0;
	for (let i = 1; i <= Number(count); i++) {
		const url = `${base}-${i}`;
		const body = method === 'POST' ? `payload-${i}` : undefined;
		try {
			const answer = await send(url, { method, headers: { 'X-Request-Id': String(i) }, body });
			if (answer.status >= 300 || JSON.parse(answer.body).path !== new URL(url).pathname)
				throw new Error(`status ${answer.status}, body ${answer.body}`);
			console.log(`ok ${i} ${answer.status}`);
		} catch (e) {
			failed++;
			console.log(`error ${i} ${e.message} ${e.code || (e.cause && (e.cause.code || e.cause.message)) || ''}`);
		}
		if (i === 2)
			start = openFds();
		if (i < Number(count) && Number(pause))
			block(Number(pause));
	}
	if (Number(rest))
		await new Promise((resolve) => { setTimeout(resolve, Number(rest)); });
	console.log(`fds ${start} ${openFds()}`);
	process.exit(failed ? 1 : 0);
}

module.exports = { block, run };
