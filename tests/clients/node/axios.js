// SPDX-License-Identifier: MIT
'use strict';
const http = require('http');
const axios = require('axios');
const { run } = require('./common');

const client = axios.create({
	httpAgent: new http.Agent({ keepAlive: true, maxSockets: 1 }),
	proxy: false,
	responseType: 'text',
	transformResponse: (data) => data,
});

// The socket is free again one turn of the loop after the answer.
run(async (url, { method, headers, body }) => {
	const { status, data } = await client.request({ url, method, headers, data: body });
	await new Promise(setImmediate);
	return { status, body: data };
});
