// SPDX-License-Identifier: MIT
// orders_under_resets.js idempotent|plain keyed|plain COMMAND [ARG...]: runs the shop, the cutter
// before it, and COMMAND with four arguments more: whether to send keys, the URL, the number of
// orders, and before which of them to pause. Then tells of each order what became of it.
'use strict';
const { spawn } = require('child_process');
const http = require('http');
const { once } = require('events');
const { cutter, makePlan } = require('./cutter');
const { shop } = require('./orders');

async function listen(server) {
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	return server.address().port;
}

async function main([kind, keys, ...command]) {
	const plan = makePlan();
	const shopPort = await listen(http.createServer(shop({ idempotent: kind === 'idempotent' })));
	const port = await listen(cutter(shopPort, plan));
	const idle = plan.flatMap((step, i) => (step && step.point === 'idle' ? [i] : []));
	const client = spawn(command[0], [...command.slice(1), keys,
		`http://127.0.0.1:${port}/orders`, String(plan.length - 1), idle.join(',')], { stdio: ['ignore', 'inherit', 'inherit'] });
	const [status] = await once(client, 'exit');
	const orders = await (await fetch(`http://127.0.0.1:${shopPort}/orders`)).json();

	plan.slice(1).forEach(({ point, how, use, met, cuts, sightings }, i) => {
		const executed = orders.filter((order) => order.reference === String(i + 1)).length;
		console.log(`order ${i + 1} ${point} ${how} ${use} met=${met} cuts_left=${cuts.length} ` +
			`sightings=${sightings} executed=${executed}`);
	});
	console.log(`client ${status}`);
	process.exit(0);
}

main(process.argv.slice(2));
