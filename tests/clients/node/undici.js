// SPDX-License-Identifier: MIT
'use strict';
const { Pool, request } = require('undici');
const { run } = require('./common');

const dispatcher = new Pool(new URL(process.argv[2]).origin, { connections: 1 });

run(async (url, options) => {
	const { statusCode, body } = await request(url, { ...options, dispatcher });
	return { status: statusCode, body: await body.text() };
});
