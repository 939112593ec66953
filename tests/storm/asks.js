// SPDX-License-Identifier: MIT
// asks.js BASE NAME SECONDS: as asks.py, with Node's http and an agent of eight sockets.
'use strict';
const [base, name, seconds] = process.argv.slice(2);
const url = new URL(base);
const http = require(url.protocol.slice(0, -1));

const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
const end = performance.now() + Number(seconds) * 1000;
const any = (list) => list[Math.floor(Math.random() * list.length)];
let number = 0;

function nextRequest() {
  const id = `${name}.${process.pid}.${number++}`;
  if (Math.random() < 0.3) {
    return { method: 'POST', path: `/post/${id}`, id, body: 'p'.repeat(any([1, 100, 5000])) };
  }
  if (Math.random() < 0.5) {
    const size = any([0, 10, 3000, 70000]);
    return { method: 'GET', path: `/bytes/${size}/${id}`, id, size };
  }
  return { method: 'GET', path: `/get/${id}`, id };
}

function judge(status, text, { path, body, size }) {
  if (status !== 200) return `status-${status}`;
  if (size !== undefined) return text === 'x'.repeat(size) ? 'ok' : `wrong:${text.length}-of-${size}`;
  const plain = text.replaceAll(' ', '');
  const right = plain.includes(`"path":"${path}"`) && (!body || plain.includes(`"body":${body.length}`));
  return right ? 'ok' : `wrong:${plain.slice(0, 200)}`;
}

function ask() {
  return new Promise((resolve) => {
    const asked = nextRequest();
    const began = performance.now();
    const tell = (outcome) => {
      process.stdout.write(`${asked.method} ${asked.id} ${outcome} ${Math.round(performance.now() - began)}\n`);
      resolve();
    };
    const request = http.request({
      host: url.hostname, port: url.port, method: asked.method, path: asked.path, agent,
      rejectUnauthorized: false, timeout: 20000,
    }, (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('end', () =>
        tell(judge(response.statusCode, Buffer.concat(parts).toString('latin1'), asked)));
      response.on('error', () => tell('lost'));
    });
    request.on('timeout', () => request.destroy(new Error('hung')));
    request.on('error', (error) => tell(error.message === 'hung' ? 'hung' : 'lost'));
    request.end(asked.body);
  });
}

async function run() {
  while (performance.now() < end) await ask();
}

Promise.all(Array.from({ length: 8 }, run)).then(() => agent.destroy());
