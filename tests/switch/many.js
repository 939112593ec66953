// SPDX-License-Identifier: MIT
// many.js PORT PREFIX COUNT: at 127.0.0.1, or NODE_HOST, by an http.Agent with four connections that it keeps asks for /PREFIX/1
// and so on, each fourth time by POST, and prints what became of each.
"use strict";
const http = require("http");

const [port, prefix, count] = process.argv.slice(2);
const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
let next = 1;

function ask() {
  const i = next++;
  if (i > count) return;
  const method = i % 4 ? "GET" : "POST";
  const request = http.request({ port, host: process.env.NODE_HOST || "127.0.0.1", path: `/${prefix}/${i}`, method, agent });
  const tell = (what) => {
    console.log(what);
    ask();
  };
  request.setTimeout(20000, () => request.destroy(new Error("silent")));
  request.on("error", () => tell("lost"));
  request.on("response", (response) => {
    response.on("end", () => tell(response.statusCode));
    response.on("error", () => {}); // the request's error tells
    response.resume();
  });
  request.end(method === "POST" ? "x" : undefined);
}

for (let lane = 0; lane < 4; lane++) ask();
