// SPDX-License-Identifier: MIT
// client.js PORT CONNECTIONS SECONDS METHOD PATH [tls]: as load.c, with Node's http and an agent.
'use strict';
const [port, connections, seconds, method, path, tls] = process.argv.slice(2);
const http = require(tls ? 'https' : 'http');

const agent = new http.Agent({ keepAlive: true, maxSockets: Number(connections) });
const took = [];
let failed = 0;
let number = 0;

function ask() {
  return new Promise((resolve) => {
    const request = http.request({
      host: '127.0.0.1', port, method, agent, rejectUnauthorized: false,
      path: `${path}?n=${process.pid}.${number++}`,
    }, (response) => {
      response.on('end', () => resolve(response.statusCode === 200));
      response.on('error', () => resolve(false));
      response.resume();
    });
    request.on('error', () => resolve(false));
    request.end(method === 'POST' ? 'payload' : undefined);
  });
}

async function run(end) {
  while (performance.now() < end) {
    const before = performance.now();
    if (await ask()) took.push((performance.now() - before) * 1e3);
    else failed++;
  }
}

const each = Array.from({ length: Number(connections) });
Promise.all(each.map(ask)).then(async () => {
  const begun = performance.now();
  await Promise.all(each.map(() => run(begun + seconds * 1e3)));
  took.sort((a, b) => a - b);
  console.log(JSON.stringify({
    answered: took.length, failed, seconds: (performance.now() - begun) / 1e3,
    p50: took[took.length >> 1] || 0, p99: took[Math.floor(took.length * 0.99)] || 0,
  }));
  agent.destroy();
});
