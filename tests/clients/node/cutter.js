// SPDX-License-Identifier: MIT
// What stands between client and shop: a relay that cuts each connection off at the point of the
// exchange that the plan names for an order. It knows an order by its X-Request-Id.
'use strict';
const net = require('net');

// In the order of the exchange. Only what is relayed reaches the shop, or the client.
const POINTS = [
	'idle',          // after the answer to the order before
	'unread',        // its head has come, nothing of it relayed
	'head',          // its head relayed
	'half-body',     // its head and half of its body relayed
	'not-executed',  // read to its end, nothing of it relayed
	'executing',     // relayed; the shop is about to execute it
	'executed',      // relayed; the shop has answered, nothing of that relayed
	'response-head', // the answer's first bytes relayed
	'response-body', // its head and half of its body relayed
];
// What is never resent has no second cut.
const hows = (point) => (/idle|response/.test(point) ? ['RST', 'FIN'] : ['RST', 'FIN', 'RST+FIN']);

const makeStep = (point, how, use) => (
	{ point, how, use, cuts: point === 'calm' ? [] : how.split('+'), sightings: 0, met: '-' });

// Order I is plan[I]. The calm ones give a new connection its first answer, so that it is reused at
// the next; all the others are answered with Connection: close.
function makePlan() {
	const plan = [null];
	for (const point of POINTS) {
		for (const how of hows(point)) {
			plan.push(makeStep('calm', '-', '-'), makeStep(point, how, 'reused'));
			if (point !== 'idle')
				plan.push(makeStep(point, how, 'first'));
		}
	}
	plan.push(makeStep('calm', '-', '-'));
	return plan;
}

const HEAD_END = '\r\n\r\n';

// One message, as far as it has come: where its head ends, and its body. null: not the whole head.
function parse(bytes) {
	const end = bytes.indexOf(HEAD_END);
	if (end < 0)
		return null;
	const head = bytes.subarray(0, end).toString('latin1');
	const length = /^content-length: *(\d+)/im.exec(head);
	const id = /^x-request-id: *(\d+)/im.exec(head);
	const bodyAt = end + HEAD_END.length;
	const total = bodyAt + (length ? Number(length[1]) : 0);
	return { bodyAt, total, halfBody: (bodyAt + total) >> 1, id: id && Number(id[1]) };
}

// A relayed connection and the one request under way on it: none of the clients pipelines.
class Exchange {
	constructor(client, shopPort, plan) {
		Object.assign(this, { client, plan, answered: 0, isCut: false });
		this.begin();
		this.shop = net.connect(shopPort, '127.0.0.1');
		client.on('data', (bytes) => this.fromClient(bytes));
		this.shop.on('data', (bytes) => this.fromShop(bytes));
		client.on('error', () => {});
		this.shop.on('error', () => {});
		// The shop goes on with what it has whole, whatever becomes of the client.
		client.on('close', () => this.shop.end());
		this.shop.on('close', () => client.end());
	}

	begin() {
		Object.assign(this, { request: Buffer.alloc(0), response: Buffer.alloc(0), id: 0 });
	}

	// Is this order to be cut off here?
	at(point, id = this.id) {
		const step = this.plan[id];
		return step && step.cuts.length > 0 && step.point === point;
	}

	cutOff(id = this.id) {
		const step = this.plan[id];
		if (step.met === '-')
			step.met = this.answered ? 'reused' : 'first';
		this.isCut = true;
		if (step.cuts.shift() === 'RST')
			this.client.resetAndDestroy();
		else
			this.client.destroySoon();
	}

	// The bytes have to be on their way before the end is.
	cutOffAfter(bytes) {
		this.client.write(bytes, () => this.cutOff());
	}

	relay(end) {
		let bytes = this.request.subarray(0, end);
		if (this.plan[this.id].point !== 'calm')
			bytes = Buffer.from(bytes.toString('latin1').replace(/\r\nconnection:[^\r]*/i, '')
				.replace('\r\n', '\r\nConnection: close\r\n'), 'latin1');
		this.shop.write(bytes);
	}

	fromClient(bytes) {
		if (this.isCut)
			return;
		this.request = Buffer.concat([this.request, bytes]);
		const message = parse(this.request);
		if (!message)
			return;
		if (!this.id) {
			this.id = message.id;
			this.plan[this.id].sightings++;
		}
		if (this.at('unread'))
			return this.cutOff();
		if (this.at('head')) {
			this.relay(message.bodyAt);
			return this.cutOff();
		}
		if (this.request.length < message.total)
			return;
		if (this.at('half-body')) {
			this.relay(message.halfBody);
			return this.cutOff();
		}
		if (this.at('not-executed'))
			return this.cutOff();
		this.relay(message.total);
		if (this.at('executing'))
			this.cutOff();
	}

	fromShop(bytes) {
		this.response = Buffer.concat([this.response, bytes]);
		const message = parse(this.response);
		if (this.isCut || !message || this.response.length < message.total)
			return;
		if (this.at('executed'))
			return this.cutOff();
		if (this.at('response-head'))
			return this.cutOffAfter(this.response.subarray(0, 10));
		if (this.at('response-body'))
			return this.cutOffAfter(this.response.subarray(0, message.halfBody));
		const answer = this.response;
		const next = this.id + 1;
		this.begin();
		this.answered++;
		this.client.write(answer, () => {
			if (this.at('idle', next))
				this.cutOff(next);
		});
	}
}

function cutter(shopPort, plan) {
	return net.createServer({ noDelay: true }, (client) => new Exchange(client, shopPort, plan));
}

module.exports = { cutter, makePlan };
