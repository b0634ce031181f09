/** Package layering and the seams, as rules: a package may import only what stands below it. */
const layers = [
  ["api"],
  ["kube"],
  ["aws", "triggers"],
  ["hpa", "vpa", "cpa", "event-scaler", "node-provisioner"],
  ["sandbox"],
  ["dashboard"],
  ["cli"],
];

const layerRules = layers.flatMap((packages, level) =>
  packages.map((name) => {
    const allowed = [name, ...layers.slice(0, level).flat(), ...(name === "event-scaler" ? ["hpa"] : [])];
    return {
      name: `layer-${name}`,
      comment: `packages/${name} may import only: ${allowed.join(", ")}`,
      severity: "error",
      from: { path: `^packages/${name}/` },
      to: { path: "^packages/", pathNot: `^packages/(${allowed.join("|")})/` },
    };
  }),
);

/** Checks stand above what they check, and are no part of it. */
const e2eRules = [
  {
    name: "packages-do-not-know-e2e",
    comment: "e2e/ imports packages, never the other way round.",
    severity: "error",
    from: { path: "^packages/" },
    to: { path: "^e2e/" },
  },
  {
    name: "conformance-does-not-know-e2e",
    comment: "e2e/conformance runs by itself too: the suites import it, it imports none of them.",
    severity: "error",
    from: { path: "^e2e/conformance/" },
    to: { path: "^e2e/src/" },
  },
  {
    name: "e2e-starts-the-cli",
    comment: "Controllers run as processes: e2e/ does not import their command line.",
    severity: "error",
    from: { path: "^e2e/" },
    to: { path: "^packages/(cli|dashboard)/", pathNot: "^packages/cli/bootstrap/" },
  },
];

/** The only files that may reach the network, processes and the disk. */
const seamFiles = [
  "^packages/kube/src/(http-transport|kubeconfig|serving|certificates|tls-certificates|random)\\.ts$",
  "^packages/sandbox/src/(api-server|kubelet)/http/",
  "^packages/sandbox/src/files\\.ts$",
  "^packages/cli/",
  // What triggers ask by HTTP: certificates are read by node:tls.
  "^packages/triggers/src/http-client\\.ts$",
  // What is generated is read, or written by its generator.
  "/generate-[a-z-]+\\.ts$",
  "^packages/aws/scripts/",
  "^packages/api/src/builtin/",
  "^packages/aws/src/instance-types/",
  "^packages/sandbox/src/api-server/protobuf/protobuf-messages\\.ts$",
  // Only net.isIP, a pure function.
  "^packages/sandbox/src/api-server/custom-resources/(string-format|cel/network-functions)\\.ts$",
  "\\.test\\.ts$",
  "\\.fixture\\.ts$",
  "/bench\\.ts$",
];

export default {
  forbidden: [
    ...layerRules,
    ...e2eRules,
    {
      name: "no-network-outside-seams",
      comment: "The network, processes and the disk are reached through a seam only.",
      severity: "error",
      from: { path: "^packages/", pathNot: seamFiles },
      to: {
        dependencyTypes: ["core"],
        path: "^(node:)?(http|https|http2|net|tls|dgram|dns|fs|child_process|worker_threads)(/|$)",
      },
    },
    {
      name: "no-cycles",
      comment: "Files that import each other have one subject between them.",
      severity: "error",
      from: { path: "^(packages|e2e)/" },
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "engines-are-pure",
      comment: "engine/ holds pure functions: no client, clock or logger.",
      severity: "error",
      from: { path: ["^packages/[^/]+/src/engine/", "^packages/[^/]+/src/[^/]+/engine/"], pathNot: "\\.test\\.ts$" },
      to: { path: "^packages/kube/", dependencyTypesNot: ["type-only"] },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)(dist|node_modules)/" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "types"] },
  },
};
