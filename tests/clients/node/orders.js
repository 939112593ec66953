// SPDX-License-Identifier: MIT
// A shop: POST /orders makes an order, GET /orders lists them. One that honours the header
// Idempotency-Key executes a request once and answers it from its store when it comes again.
'use strict';
const express = require('express');

const EXECUTION_MS = 5; // long enough for a resend to arrive meanwhile

const orders = [];
const executing = new Set();

const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

async function execute(order) {
	await pause(EXECUTION_MS);
	orders.push(order);
	return { status: 201, body: { number: orders.length, reference: order.reference } };
}

// What executes may outlive the request's connection: whoever asks for all orders waits for it.
function executeOnce(order) {
	const response = execute(order);
	executing.add(response);
	response.finally(() => executing.delete(response));
	return response;
}

// A repeated key waits for the first execution if it is still under way. The draft of the header
// says 409 there; but a client that lost its connection is better served with its answer.
function honourKey(stored) {
	return async (request, response, next) => {
		const key = request.get('Idempotency-Key');
		if (!key)
			return next();
		const id = JSON.stringify([key, request.method, request.path]);
		const payload = JSON.stringify(request.body);
		if (!stored.has(id))
			stored.set(id, { payload, response: executeOnce(request.body) });
		const known = stored.get(id);
		if (known.payload !== payload)
			return response.status(422).json({ error: 'this key was used for another order' });
		const { status, body } = await known.response;
		return response.status(status).json(body);
	};
}

function shop({ idempotent }) {
	const app = express();

	app.use(express.json());
	if (idempotent)
		app.post('/orders', honourKey(new Map()));
	app.post('/orders', async (request, response) => {
		const { status, body } = await executeOnce(request.body);
		response.status(status).json(body);
	});
	app.get('/orders', async (request, response) => {
		await Promise.all(executing);
		response.json(orders);
	});
	// A request that was cut off in the middle comes here, too: its connection is gone.
	app.use((error, request, response, next) => {
		if (response.headersSent)
			return next(error);
		return response.sendStatus(error.status || 500);
	});
	return app;
}

module.exports = { shop };
