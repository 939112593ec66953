// SPDX-License-Identifier: MIT
// llhttp.js FILE: where redial has said that a message ends, llhttp, Node's own, has to say the same.
// FILE is of tests/fuzz/targets/framing.c. What llhttp refuses says nothing.
"use strict";
process.noDeprecation = true;
const { HTTPParser } = process.binding("http_parser");

// Its end, or -1: fed byte by byte, so that it is known.
function endOf(bytes, response, head) {
  const parser = new HTTPParser();
  parser.initialize(response ? HTTPParser.RESPONSE : HTTPParser.REQUEST, {});
  let whole = false;
  parser[HTTPParser.kOnHeaders | 0] = () => {};
  parser[HTTPParser.kOnBody | 0] = () => {};
  parser[HTTPParser.kOnHeadersComplete | 0] = (major, minor, headers, method, url, status) =>
    // It is left to who calls it what has no body (RFC 9112 section 6.3).
    response && (head || status === 204 || status === 304) ? 1 : 0;
  parser[HTTPParser.kOnMessageComplete | 0] = () => {
    whole = true;
  };
  for (let at = 0; at < bytes.length; at++) {
    const result = parser.execute(bytes.subarray(at, at + 1));
    if (whole) return at + 1;
    if (result instanceof Error) return -1;
  }
  return -1;
}

let agreed = 0;
let refused = 0;
let differ = 0;
for (const line of require("fs").readFileSync(process.argv[2], "latin1").split("\n")) {
  const [kind, used, hex] = line.split(" ");
  if (hex === undefined) continue;
  const end = endOf(Buffer.from(hex, "hex"), (kind & 1) !== 0, (kind & 2) !== 0);
  if (end < 0) refused++;
  else if (end === Number(used)) agreed++;
  else if (differ++ < 10)
    console.log(`redial: ${used}, llhttp: ${end}: ${JSON.stringify(Buffer.from(hex, "hex").toString("latin1"))}`);
}
console.log(`llhttp ${process.versions.llhttp}: ${agreed} agreed, ${differ} differ, ${refused} refused`);
process.exit(differ ? 1 : 0);
