// SPDX-License-Identifier: MIT
// place_orders.js keyed|plain URL COUNT PAUSE_BEFORE
'use strict';
const { randomUUID } = require('crypto');
const { block } = require('./common');

const [kind, url, count, pauseBefore] = process.argv.slice(2);
const pauses = pauseBefore.split(',').map(Number);

async function place(i) {
	const headers = { 'Content-Type': 'application/json', 'X-Request-Id': String(i) };
	if (kind === 'keyed')
		headers['Idempotency-Key'] = `"${randomUUID()}"`;
	const body = JSON.stringify({ reference: String(i), item: 'tea', amount: 2 });
	const response = await fetch(url, { method: 'POST', headers, body });
	const answer = await response.text();
	if (response.status !== 201 || JSON.parse(answer).reference !== String(i))
		throw new Error(`status ${response.status}, body ${answer}`);
	console.log(`ok ${i} ${response.status}`);
}

async function main() {
	for (let i = 1; i <= Number(count); i++) {
		if (pauses.includes(i))
			block(100);
		try {
			await place(i);
		} catch (e) {
			console.log(`error ${i} ${e.message} ${(e.cause && (e.cause.code || e.cause.message)) || ''}`);
		}
		// Until then fetch takes the connection for busy, and would open another.
		await new Promise(setImmediate);
	}
}

main();
