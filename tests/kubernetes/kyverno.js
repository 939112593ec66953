// SPDX-License-Identifier: MIT
// Does to a pod what Kyverno does by a ClusterPolicy of mutate rules. Only what kyverno.yaml uses is
// known; anything else is an error, so that nothing is passed over.
"use strict";
const jmespath = require("jmespath");
const yaml = require("yaml");

const copy = (value) => JSON.parse(JSON.stringify(value));

function only(object, ...known) {
  const other = Object.keys(object).filter((key) => !known.includes(key));
  if (other.length) throw new Error(`not known here: ${other}`);
  return object;
}

// Puts the values in for {{ expressions }}; one that is all of the text keeps its type.
function substitute(value, context) {
  if (Array.isArray(value)) return value.map((part) => substitute(part, context));
  if (value && typeof value === "object")
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, substitute(v, context)]));
  if (typeof value !== "string") return value;
  const look = (expression) => {
    const found = jmespath.search(context, expression.trim());
    if (found === null) throw new Error(`${expression} is not there`); // Kyverno fails then
    return found;
  };
  const whole = value.match(/^\{\{((?:(?!\}\}).)*)\}\}$/);
  return whole ? look(whole[1]) : value.replace(/\{\{(.*?)\}\}/g, (_, inner) => look(inner));
}

const OPERATORS = {
  Equals: (key, value) => key === value,
  GreaterThan: (key, value) => key > value,
};

function holds(preconditions, context) {
  if (!preconditions) return true;
  return only(preconditions, "all").all.every((condition) => {
    const { key, operator, value } = substitute(only(condition, "key", "operator", "value"), context);
    return OPERATORS[operator](key, value);
  });
}

function matches(match, pod, operation) {
  return only(match, "any").any.some((one) => {
    const { kinds, operations, annotations } = only(
      only(one, "resources").resources, "kinds", "operations", "annotations");
    const own = pod.metadata.annotations || {};
    return kinds.includes(pod.kind) && operations.includes(operation) &&
      Object.entries(annotations).every(([key, value]) => own[key] === value);
  });
}

const KEYS = { containers: "name", initContainers: "name", volumes: "name", env: "name",
  volumeMounts: "mountPath" };

// As kustomize does it: what is new in a list goes to its front, and what is patched as well.
function merge(to, patch) {
  for (const [field, value] of Object.entries(patch)) {
    if (/^[+^<=X]?\(/.test(field)) throw new Error(`anchor: ${field}`);
    const key = Array.isArray(value) && KEYS[field];
    if (key) {
      const old = to[field] || [];
      const named = value.map((item) => merge(old.find((o) => o[key] === item[key]) || {}, item));
      to[field] = [...named, ...old.filter((o) => !value.some((item) => item[key] === o[key]))];
    } else if (value && typeof value === "object" && !Array.isArray(value)) {
      to[field] = merge(to[field] || {}, value);
    } else {
      to[field] = value;
    }
  }
  return to;
}

// RFC 6902's add to the end of a list; lists that are not there are made, as Kyverno has it.
function append(to, { path, value }) {
  const parts = path.split("/").slice(1);
  if (parts.pop() !== "-") throw new Error(`path: ${path}`);
  const list = parts.pop();
  const owner = parts.reduce((at, part) => at[part], to);
  (owner[list] ??= []).push(value);
  return to;
}

function patch(pod, mutate, context) {
  const text = mutate.patchesJson6902;
  if (!text) return merge(pod, substitute(mutate.patchStrategicMerge, context));
  return yaml.parse(substitute(text, context))
    .map((operation) => only(operation, "op", "path", "value"))
    .reduce((at, operation) => append(at, operation), pod);
}

// The pod as the policy makes it. seen: do later steps see what earlier ones did? That depends on
// Kyverno's version.
function admit(policy, original, { operation = "CREATE", seen = true } = {}) {
  let pod = copy(original);
  for (const rule of policy.spec.rules) {
    only(rule, "name", "match", "preconditions", "mutate");
    const context = () => ({ request: { operation, object: copy(seen ? pod : original) } });
    if (!matches(rule.match, pod, operation) || !holds(rule.preconditions, context())) continue;
    const { foreach, patchStrategicMerge } = only(rule.mutate, "foreach", "patchStrategicMerge");
    if (patchStrategicMerge) pod = patch(pod, rule.mutate, context());
    for (const step of foreach || []) {
      only(step, "list", "preconditions", "patchesJson6902");
      jmespath.search(context(), step.list).forEach((element, elementIndex) => {
        const all = { ...context(), element, elementIndex };
        if (holds(step.preconditions, all)) pod = patch(pod, step, all);
      });
    }
  }
  return pod;
}

module.exports = { admit, merge };
