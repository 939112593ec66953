// SPDX-License-Identifier: MIT
// Reads manifests and holds them to the types of Kubernetes: by schema (what is required, formats),
// and by the compiler (no field that the type has not, which the schemas let pass).
"use strict";
const fs = require("fs");
const path = require("path");
const ts = require("typescript");
const yaml = require("yaml");

const MODELS = {
  ConfigMap: "kubernetes-models/v1",
  Deployment: "kubernetes-models/apps/v1",
  Pod: "kubernetes-models/v1",
};

function read(file) {
  const document = yaml.parseDocument(fs.readFileSync(file, "utf8"), { merge: false });
  const faults = [...document.errors, ...document.warnings];
  if (faults.length) throw new Error(`${file}: ${faults[0].message}`);
  return document.toJS();
}

function bySchema({ name, object }) {
  try {
    const model = require(MODELS[object.kind])[object.kind];
    new model(object).validate();
    return [];
  } catch (error) {
    return [`${name}: ${error.message}`];
  }
}

// In the folder of this package's node_modules, so that the compiler finds the types.
function byType(entries) {
  const root = process.env.NODE_PATH;
  const source = path.join(root, "..", "manifests.ts");
  const lines = entries.map(
    ({ object }, i) =>
      `import { I${object.kind} as T${i} } from "${MODELS[object.kind]}/${object.kind}";` +
      ` export const c${i}: T${i} = ${JSON.stringify(object)};`,
  );
  fs.writeFileSync(source, lines.join("\n"));
  const program = ts.createProgram([source], {
    noEmit: true,
    strict: true,
    skipLibCheck: true,
    types: [],
    moduleResolution: ts.ModuleResolutionKind.Node10,
  });
  return ts.getPreEmitDiagnostics(program).map((fault) => {
    const line = fault.file ? fault.file.getLineAndCharacterOfPosition(fault.start).line : 0;
    const text = ts.flattenDiagnosticMessageText(fault.messageText, " ");
    return `${entries[line].name}: ${text}`;
  });
}

// entries: [{ name, object }]. Returns what is wrong, a text each.
function faults(entries) {
  const unknown = entries.filter(({ object }) => !MODELS[object.kind]);
  if (unknown.length) return unknown.map(({ name }) => `${name}: of no kind that is known here`);
  return [...entries.flatMap(bySchema), ...byType(entries)];
}

module.exports = { read, faults };
