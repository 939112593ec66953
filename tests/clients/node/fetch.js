// SPDX-License-Identifier: MIT
'use strict';
const { run } = require('./common');

run(async (url, options) => {
	const response = await fetch(url, options);
	return { status: response.status, body: await response.text() };
});
