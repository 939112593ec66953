// SPDX-License-Identifier: MIT
// fetch in whatever runtime has it; called as every client is, then REST_MS.
import fs from 'node:fs';
import process from 'node:process';

const [base, count, method = 'GET', pause = '0', rest = '0'] = process.argv.slice(2);
const openFds = () => fs.readdirSync('/proc/self/fd').length - 1;
// Blocks the event loop, as a busy program does.
const block = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

let failed = 0, start = 0;
for (let i = 1; i <= Number(count); i++) {
	const url = `${base}-${i}`;
	const body = method === 'POST' ? `payload-${i}` : undefined;
	try {
		const answer = await fetch(url, { method, headers: { 'X-Request-Id': String(i) }, body });
		if ((await answer.json()).path !== new URL(url).pathname)
			throw new Error(`status ${answer.status}`);
		console.log(`ok ${i} ${answer.status}`);
	} catch (e) {
		failed++;
		console.log(`error ${i} ${e.message} ${(e.cause && e.cause.message) || e.code || ''}`);
	}
	if (i === 2)
		start = openFds();
	if (i < Number(count) && Number(pause))
		block(Number(pause));
}
await new Promise((resolve) => { setTimeout(resolve, Number(rest)); });
console.log(`fds ${start} ${openFds()}`);
process.exit(failed ? 1 : 0);
