// SPDX-License-Identifier: MIT
// The zoo's Node clients: zoo.js NAME, then what every client takes, then REST_MS.
'use strict';
const http = require('http');
const { pathToFileURL } = require('url');

const [name] = process.argv.splice(2, 1);
const { run } = require('./common');

const origin = new URL(process.argv[2]).origin;
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
// A socket is free again one turn of the loop after the answer.
const turn = () => new Promise(setImmediate);
// NODE_PATH serves no import by name.
const load = async (module) => (await import(pathToFileURL(require.resolve(module)))).default;

const request = (url, { method, headers, body }, options) => new Promise((resolve, reject) => {
	const call = http.request(url, { method, headers, ...options }, (answer) => {
		let text = '';
		answer.setEncoding('utf8');
		answer.on('data', (chunk) => { text += chunk; });
		answer.on('end', () => setImmediate(resolve, { status: answer.statusCode, body: text }));
		answer.on('error', reject);
	});
	call.on('error', reject);
	call.end(body);
});

function axiosClient() {
	const axios = require('axios').create({
		httpAgent: agent,
		proxy: false,
		responseType: 'text',
		transformResponse: (data) => data,
		validateStatus: null,
	});
	return async (url, { method, headers, body }) => {
		const { status, data } = await axios.request({ url, method, headers, data: body });
		await turn();
		return { status, body: data };
	};
}

function undiciClient() {
	const undici = require('undici');
	const dispatcher = new undici.Pool(origin, { connections: 1 });
	return async (url, options) => {
		const { statusCode, body } = await undici.request(url, { ...options, dispatcher });
		return { status: statusCode, body: await body.text() };
	};
}

function undiciRetryClient() {
	const undici = require('undici');
	const dispatcher = new undici.RetryAgent(new undici.Pool(origin, { connections: 1 }),
		{ minTimeout: 20 });
	return async (url, options) => {
		const { statusCode, body } = await undici.request(url, { ...options, dispatcher });
		return { status: statusCode, body: await body.text() };
	};
}

// An Express service that calls another one for each request; whoever asks it uses no connection twice.
function behindExpress(send, key) {
	const express = require('express');
	const app = express();
	app.use(express.text({ type: () => true }));
	app.use(async (inner, outer) => {
		const headers = { 'X-Request-Id': inner.get('X-Request-Id') };
		if (key)
			headers['Idempotency-Key'] = `order-${headers['X-Request-Id']}`;
		const body = inner.method === 'POST' ? inner.body : undefined;
		const { status, body: text } = await send(origin + inner.path,
			{ method: inner.method, headers, body });
		outer.status(status).send(text);
	});
	app.use((error, inner, outer, next) => outer.status(502).send(error.message));
	const server = http.createServer(app);
	const ready = new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
	return async (url, options) => {
		await ready;
		const front = `http://127.0.0.1:${server.address().port}${new URL(url).pathname}`;
		return request(front, options, { agent: false });
	};
}

async function fetched(answer) {
	return { status: answer.status, body: await answer.text() };
}

const clients = {
	'http-agent': () => (url, options) => request(url, options, { agent }),
	fetch: () => async (url, options) => fetched(await fetch(url, options)),
	axios: axiosClient,
	undici: undiciClient,
	'undici-retry': undiciRetryClient,
	'express-axios': () => behindExpress(axiosClient(), false),
	'express-axios-key': () => behindExpress(axiosClient(), true),
	'express-undici': () => behindExpress(undiciClient(), false),
	'express-undici-key': () => behindExpress(undiciClient(), true),
	async got() {
		const got = await load('got');
		return async (url, { method, headers, body }) => {
			const answer = await got(url, {
				method, headers, body, agent: { http: agent }, retry: { limit: 0 }, throwHttpErrors: false,
			});
			await turn();
			return { status: answer.statusCode, body: answer.body };
		};
	},
	async 'got-retry'() {
		const got = await load('got');
		return async (url, { method, headers, body }) => {
			const answer = await got(url, { method, headers, body, agent: { http: agent } });
			await turn();
			return { status: answer.statusCode, body: answer.body };
		};
	},
	async ky() {
		const ky = await load('ky');
		return async (url, options) => fetched(await ky(url, options));
	},
	async 'node-fetch'() {
		const nodeFetch = await load('node-fetch');
		return async (url, options) => {
			const answer = await fetched(await nodeFetch(url, { ...options, agent }));
			await turn();
			return answer;
		};
	},
	superagent: () => {
		const superagent = require('superagent');
		return async (url, { method, headers, body }) => {
			const { status, text } = await superagent(method, url).agent(agent).set(headers).send(body);
			await turn();
			return { status, body: text };
		};
	},
};

(async () => run(await clients[name]()))();
