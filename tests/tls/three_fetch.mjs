// SPDX-License-Identifier: MIT
// The same by fetch: three_fetch.mjs PORT METHOD; the authority is in NODE_EXTRA_CA_CERTS.
const [, , port, method] = process.argv;
const sleep = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

for (let i = 1; i <= 3; i++) {
	const options = i === 2 && method === 'POST' ? { method, body: 'x' } : {};
	try {
		const response = await fetch(`https://localhost:${port}/${i}`, options);
		process.stdout.write(await response.text());
	} catch (error) {
		console.log(error.cause?.code ?? error.name);
	}
	await new Promise((next) => setTimeout(next, 1));
	sleep(60);
}
process.exit();
