// SPDX-License-Identifier: MIT
// Prints "ok STATEMENT" or "bad STATEMENT: what is wrong" for each thing that must hold of the
// manifests in the folder that is named. For check_kubernetes.sh.
"use strict";
const assert = require("assert");
const path = require("path");
const { admit, merge } = require("./kyverno.js");
const { faults, read } = require("./manifests.js");

const folder = process.argv[2];
const [configmap, deployment, policy, stat] = ["configmap", "deployment", "kyverno", "stat"].map(
  (name) => read(path.join(folder, `${name}.yaml`)),
);
const template = deployment.spec.template;
const copy = (value) => JSON.parse(JSON.stringify(value));
// As `kubectl patch` does it.
const patched = merge(copy(deployment), copy(stat));
const variables = (container) =>
  Object.fromEntries((container.env || []).map(({ name, value }) => [name, value]));
const mounts = (container) =>
  Object.fromEntries((container.volumeMounts || []).map((m) => [m.mountPath, m]));

function statement(text, test) {
  try {
    test();
    console.log(`ok ${text}`);
  } catch (error) {
    console.log(`bad ${text}: ${error.message.replace(/\n/g, "\n  ")}`);
  }
}

const ours = { LD_PRELOAD: "/redial/libredial.so", REDIAL_POLICY: "/redial/redial.policy" };
const pod = (containers, more = {}, annotations = { "redial/inject": "true" }) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "sample", annotations },
  spec: { containers, ...more },
});
const plain = { name: "plain", image: "a" };
const own = { name: "own", image: "b", env: [{ name: "LD_PRELOAD", value: "/lib/other.so" }] };
const other = {
  name: "other",
  image: "c",
  env: [{ name: "MODE", value: "fast" }],
  volumeMounts: [{ name: "data", mountPath: "/data" }],
};
const chosen = {
  name: "chosen",
  image: "d",
  env: [{ name: "REDIAL_POLICY", value: "/data/own.policy" }],
};
const first = { name: "first", image: "e" };
const many = pod([own, plain, other, chosen], {
  initContainers: [first],
  volumes: [{ name: "data", emptyDir: {} }],
});

statement("ConfigMap and Deployment fit the schemas and types of Kubernetes", () =>
  assert.deepStrictEqual(
    faults([
      { name: "configmap.yaml", object: configmap },
      { name: "deployment.yaml", object: deployment },
    ]),
    [],
  ),
);

statement("the checks of schemas and types find what is wrong", () => {
  const wrong = [(spec) => delete spec.containers[0].name, (spec) => (spec.volumes[0].emptydir = {})];
  const found = wrong.flatMap((spoil) => {
    const object = copy(deployment);
    spoil(object.spec.template.spec);
    return faults([{ name: "spoilt", object }]);
  });
  assert.match(found.join("\n"), /property name[^]*"emptydir"' does not exist/);
});

for (const seen of [true, false]) {
  const how = seen ? "each step seeing what was done" : "each step seeing the pod as it was";
  const made = admit(policy, many, { seen });
  const [untouched, ...reached] = made.spec.containers;

  statement(`Kyverno, ${how}: containers keep their order`, () =>
    assert.deepStrictEqual(
      made.spec.containers.map(({ name }) => name),
      ["own", "plain", "other", "chosen"],
    ),
  );
  statement(`Kyverno, ${how}: a container with its own LD_PRELOAD is as it was`, () =>
    assert.deepStrictEqual(untouched, own),
  );
  statement(`Kyverno, ${how}: the others get both variables, and the mount read-only`, () =>
    reached.forEach((container) => {
      assert.strictEqual(variables(container).LD_PRELOAD, ours.LD_PRELOAD);
      assert.strictEqual(container.env.filter(({ name }) => name === "REDIAL_POLICY").length, 1);
      assert.deepStrictEqual(mounts(container)["/redial"],
        { name: "redial", mountPath: "/redial", readOnly: true });
    }),
  );
  statement(`Kyverno, ${how}: what they had stays, a policy of their own too`, () => {
    const [a, b, c] = reached;
    assert.deepStrictEqual(variables(a), ours);
    assert.deepStrictEqual(variables(b), { MODE: "fast", ...ours });
    assert.strictEqual(mounts(b)["/data"].name, "data");
    assert.strictEqual(variables(c).REDIAL_POLICY, "/data/own.policy");
  });
  statement(`Kyverno, ${how}: the pod's init containers are as they were, behind redial's`, () => {
    assert.deepStrictEqual(
      made.spec.initContainers.map(({ name }) => name),
      ["redial-install", "redial-policy", "first"],
    );
    assert.deepStrictEqual(made.spec.initContainers[2], first);
  });
  statement(`Kyverno, ${how}: the pod fits the schemas and types of Kubernetes`, () =>
    assert.deepStrictEqual(faults([{ name: "pod", object: made }]), []),
  );
  statement(`Kyverno, ${how}: done twice is done once`, () =>
    assert.deepStrictEqual(admit(policy, made, { seen }), made),
  );

  const left = [
    ["that is not annotated", pod([plain], {}, {}), {}],
    ["annotated to have it not", pod([plain], {}, { "redial/inject": "false" }), {}],
    ["whose containers all have an LD_PRELOAD", pod([own]), {}],
    ["for Windows", pod([plain], { os: { name: "windows" } }), {}],
    ["that is there already", pod([plain]), { operation: "UPDATE" }],
  ];
  for (const [what, sample, more] of left)
    statement(`Kyverno, ${how}: a pod ${what} is left alone`, () =>
      assert.deepStrictEqual(admit(policy, sample, { seen, ...more }), sample),
    );
}

statement("Kyverno adds what deployment.yaml has", () => {
  const made = admit(policy, pod([plain])).spec;
  const spec = copy(template.spec);
  // The deployment has them for the whole pod.
  for (const { securityContext } of made.initContainers) {
    assert.strictEqual(securityContext.runAsNonRoot, true);
    for (const key of ["runAsNonRoot", "runAsUser", "seccompProfile"]) delete securityContext[key];
  }
  assert.deepStrictEqual(made.initContainers, spec.initContainers);
  assert.deepStrictEqual(made.volumes, spec.volumes);
  assert.deepStrictEqual(variables(made.containers[0]), variables(spec.containers[0]));
  assert.deepStrictEqual(made.containers[0].volumeMounts, spec.containers[0].volumeMounts);
});

const counted = { "redial/inject": "true", "redial/stat": "true" };
const mount = { name: "redial-state", mountPath: "/redial-state" };
const named = (list, name) => list.find((one) => one.name === name);

for (const seen of [true, false]) {
  const how = seen ? "each step seeing what was done" : "each step seeing the pod as it was";
  const told = copy(many);
  told.metadata.annotations = { ...counted };
  const scraped = { ...counted, "prometheus.io/port": "80" };
  const without = admit(policy, many, { seen });
  const made = admit(policy, told, { seen });

  statement(`Kyverno, ${how}: redial/stat adds folder, sidecar and annotations, and no more`, () => {
    const less = copy(made);
    less.metadata.annotations = { ...many.metadata.annotations };
    less.spec.initContainers = less.spec.initContainers.filter(({ name }) => name !== "redial-stat");
    less.spec.volumes = less.spec.volumes.filter(({ name }) => name !== mount.name);
    for (const container of less.spec.containers.slice(1)) {
      assert.strictEqual(variables(container).REDIAL_STATE, mount.mountPath);
      assert.deepStrictEqual(mounts(container)[mount.mountPath], mount);
      container.env = container.env.filter(({ name }) => name !== "REDIAL_STATE");
      container.volumeMounts = container.volumeMounts.filter(({ name }) => name !== mount.name);
    }
    assert.deepStrictEqual(less, without);
  });
  statement(`Kyverno, ${how}: with redial/stat the pod fits the schemas and types of Kubernetes`, () =>
    assert.deepStrictEqual(faults([{ name: "pod", object: made }]), []),
  );
  statement(`Kyverno, ${how}: redial/stat done twice is done once`, () =>
    assert.deepStrictEqual(admit(policy, made, { seen }), made),
  );
  statement(`Kyverno, ${how}: a pod that is scraped elsewhere goes on so`, () =>
    assert.deepStrictEqual(admit(policy, pod([plain], {}, scraped), { seen }).metadata.annotations,
      scraped),
  );
  for (const [what, sample] of [
    ["without redial/inject", pod([plain], {}, { "redial/stat": "true" })],
    ["for Windows", pod([plain], { os: { name: "windows" } }, counted)],
    ["whose containers all have an LD_PRELOAD", pod([own], {}, counted)],
  ])
    statement(`Kyverno, ${how}: redial/stat does nothing to a pod ${what}`, () =>
      assert.deepStrictEqual(admit(policy, sample, { seen }), sample),
    );
}

statement("the Deployment with stat.yaml fits the schemas and types of Kubernetes", () =>
  assert.deepStrictEqual(faults([{ name: "stat.yaml", object: patched }]), []),
);

statement("stat.yaml changes nothing that deployment.yaml has", () => {
  const [had, has] = [template.spec, patched.spec.template.spec];
  for (const list of ["initContainers", "volumes"])
    assert.deepStrictEqual(has[list].slice(-had[list].length), had[list]);
  assert.deepStrictEqual(patched.spec.template.metadata.labels, template.metadata.labels);
  const { env, volumeMounts, ...rest } = has.containers[0];
  const { env: hadEnv, volumeMounts: hadMounts, ...hadRest } = had.containers[0];
  assert.deepStrictEqual(rest, hadRest);
  assert.deepStrictEqual([env.slice(-2), volumeMounts.slice(-1)], [hadEnv, hadMounts]);
});

statement("Kyverno adds what stat.yaml has", () => {
  const made = admit(policy, pod([plain], {}, counted));
  const { metadata, spec } = stat.spec.template;
  assert.deepStrictEqual(made.metadata.annotations, { ...counted, ...metadata.annotations });
  assert.deepStrictEqual(named(made.spec.initContainers, "redial-stat"), spec.initContainers[0]);
  assert.deepStrictEqual(named(made.spec.volumes, mount.name), spec.volumes[0]);
  assert.strictEqual(variables(made.spec.containers[0]).REDIAL_STATE, spec.containers[0].env[0].value);
});

statement("the sidecar serves at the port that is scraped and named, and only reads the folder", () => {
  const { metadata, spec } = stat.spec.template;
  const [sidecar] = spec.initContainers;
  assert.strictEqual(sidecar.command.at(-1).split(":").at(-1), metadata.annotations["prometheus.io/port"]);
  assert.strictEqual(String(sidecar.ports[0].containerPort), metadata.annotations["prometheus.io/port"]);
  assert.deepStrictEqual(sidecar.volumeMounts, [{ ...mount, readOnly: true }]);
  assert.deepStrictEqual(spec.containers[0].volumeMounts, [mount]);
  assert.strictEqual(sidecar.command[2], variables(spec.containers[0]).REDIAL_STATE);
});

statement("the ConfigMap is the one that the pods mount, the file the one that is compiled", () => {
  const { volumes, initContainers } = template.spec;
  assert.strictEqual(volumes[1].configMap.name, configmap.metadata.name);
  assert.deepStrictEqual(Object.keys(configmap.data), ["redial.cfg"]);
  const compile = initContainers[1].command;
  assert.strictEqual(compile[2], `${initContainers[1].volumeMounts[1].mountPath}/redial.cfg`);
  assert.strictEqual(compile.at(-1), ours.REDIAL_POLICY);
});

statement("no container of deployment.yaml may be root, gain privileges or write to its root", () => {
  const { securityContext, containers, initContainers } = template.spec;
  assert.strictEqual(securityContext.runAsNonRoot, true);
  for (const container of [...containers, ...initContainers])
    assert.deepStrictEqual(container.securityContext, {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
});

statement("nor may the sidecar of stat.yaml", () => {
  const { runAsNonRoot, runAsUser, seccompProfile, ...locked } =
    stat.spec.template.spec.initContainers[0].securityContext;
  assert.strictEqual(runAsNonRoot && runAsUser > 0, true);
  assert.deepStrictEqual(seccompProfile, { type: "RuntimeDefault" });
  assert.deepStrictEqual(locked, template.spec.containers[0].securityContext);
});
