// SPDX-License-Identifier: MIT
// show.js FOLDER PATH...: prints what a manifest has there, the words of a list on one line; a path is
// the manifest's name and keys, such as "configmap data redial.cfg".
"use strict";
const { read } = require("./manifests.js");

const [folder, words] = process.argv.slice(2);
const [name, ...keys] = words.split(" ");
const found = keys.reduce((at, key) => at[key], read(`${folder}/${name}.yaml`));
console.log(Array.isArray(found) ? found.join(" ") : found);
