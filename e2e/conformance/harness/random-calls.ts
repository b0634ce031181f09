import type { Json, PatchType } from "./conversation.ts";

/** One call of a generated sequence, as data, so that a sequence can be printed, shrunk and run again. */
export interface Call {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly type?: PatchType;
  readonly body?: Json;
}

/** Mulberry32: the same seed gives the same numbers everywhere. */
export function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

interface Subject {
  readonly plural: string;
  readonly apiVersion: (ns: string) => string;
  readonly kind: string;
  readonly strategic: boolean;
  /** Fields under the root that are set, changed and taken away, with values that fit and some that do not. */
  readonly parts: Readonly<Record<string, readonly Json[]>>;
  readonly base: Json;
  /** The collector learns of a new kind half a minute late: no sequence waits for what it does then. */
  readonly collectedLate?: boolean;
  /** Kubernetes makes a Service, without its address, of an apply to the status of none; the sandbox does not. */
  readonly statusCreates?: boolean;
  readonly subresources: readonly string[];
}

const container = { name: "c", image: "i:1" };
const podSpec = (more: object = {}) => ({ containers: [{ ...container, ...more }] });
const template = (more: object = {}) => ({ metadata: { labels: { app: "x" } }, spec: podSpec(more) });
const selector = { matchLabels: { app: "x" } };

const subjects: readonly Subject[] = [
  {
    plural: "configmaps",
    apiVersion: () => "v1",
    kind: "ConfigMap",
    strategic: true,
    base: {},
    parts: {
      data: [{ a: "1" }, { a: "2", b: "3" }, {}, null, { "bad key": "x" }],
      binaryData: [{ z: "eA==" }, { a: "eA==" }],
      immutable: [false, null],
      extra: [1],
    },
    subresources: [],
  },
  {
    plural: "secrets",
    apiVersion: () => "v1",
    kind: "Secret",
    strategic: true,
    base: {},
    parts: {
      data: [{ a: "MQ==" }, { c: "Mg==" }],
      stringData: [{ b: "two" }, { a: "x" }],
      type: ["Opaque", "example.com/x", "kubernetes.io/tls"],
    },
    subresources: [],
  },
  {
    plural: "services",
    apiVersion: () => "v1",
    kind: "Service",
    strategic: true,
    base: { spec: { ports: [{ port: 80 }] } },
    parts: {
      spec: [
        { ports: [{ port: 81 }], selector: { app: "x" } },
        {
          ports: [
            { name: "a", port: 80 },
            { name: "b", port: 81 },
          ],
        },
        { ports: [{ port: 80 }, { port: 81 }] },
        { ports: [{ port: 80 }], clusterIP: "None" },
        { ports: [{ port: 0 }] },
        { type: "ExternalName", externalName: "a.example" },
        { ports: [{ port: 80 }], sessionAffinity: "ClientIP" },
      ],
    },
    subresources: ["status"],
    statusCreates: true,
  },
  {
    plural: "deployments",
    apiVersion: () => "apps/v1",
    kind: "Deployment",
    strategic: true,
    base: { spec: { replicas: 0, paused: true, selector, template: template() } },
    parts: {
      spec: [
        { replicas: 0, paused: true, selector, template: template({ image: "i:2" }) },
        { replicas: 0, paused: true, selector, template: template({ env: [{ name: "A", value: "1" }] }) },
        { replicas: 0, paused: true, selector, template: template(), minReadySeconds: 3 },
        { replicas: 0, paused: true, selector: { matchLabels: { app: "y" } }, template: template() },
        { replicas: -1, paused: true, selector, template: template() },
        { replicas: 0, paused: true, selector, template: template(), strategy: { type: "Recreate" } },
        { replicas: "0", paused: true, selector, template: template() },
        { replicas: 0, paused: true, selector, template: { metadata: {}, spec: podSpec() } },
      ],
    },
    subresources: ["scale", "status"],
  },
  {
    plural: "pods",
    apiVersion: () => "v1",
    kind: "Pod",
    strategic: true,
    base: {
      spec: {
        nodeName: "nowhere",
        automountServiceAccountToken: false,
        terminationGracePeriodSeconds: 0,
        ...podSpec(),
      },
    },
    parts: {
      spec: [
        { nodeName: "nowhere", automountServiceAccountToken: false, ...podSpec({ image: "i:2" }) },
        {
          nodeName: "nowhere",
          automountServiceAccountToken: false,
          ...podSpec({ resources: { requests: { cpu: "1" } } }),
        },
        {
          nodeName: "nowhere",
          automountServiceAccountToken: false,
          ...podSpec(),
          tolerations: [{ key: "a", operator: "Exists" }],
        },
        { nodeName: "nowhere", automountServiceAccountToken: false, ...podSpec(), activeDeadlineSeconds: 600 },
        { automountServiceAccountToken: false, containers: [] },
      ],
      status: [{ phase: "Running" }, { conditions: [{ type: "Ready", status: "True" }] }],
    },
    subresources: ["status"],
  },
  {
    plural: "poddisruptionbudgets",
    apiVersion: () => "policy/v1",
    kind: "PodDisruptionBudget",
    strategic: true,
    base: { spec: { minAvailable: 1, selector: { matchLabels: { never: "met" } } } },
    parts: {
      spec: [
        { maxUnavailable: "10%", selector: { matchLabels: { never: "met" } } },
        { minAvailable: 1, maxUnavailable: 1 },
        { minAvailable: "x" },
      ],
    },
    subresources: [],
  },
  {
    plural: "widgets",
    apiVersion: (ns) => `${ns}.example.com/v1`,
    kind: "Widget",
    strategic: false,
    base: { spec: { size: 1 } },
    parts: {
      spec: [
        { size: 2 },
        { size: 11 },
        { size: "1" },
        { size: 3, list: [{ k: "a", v: 1 }, { k: "b" }] },
        { size: 3, list: [{ k: "a" }, { k: "a" }] },
        { size: 1, unknown: true },
        { min: 5, max: 3 },
        { mode: "on" },
        { mode: "off" },
        {},
        null,
      ],
      status: [{ ready: true }, { size: 3 }],
    },
    collectedLate: true,
    subresources: ["status", "scale"],
  },
];

/** What the custom resource of the sequences looks like. */
export const widgetDefinition = (ns: string): Json => ({
  metadata: { name: `widgets.${ns}.example.com` },
  spec: {
    group: `${ns}.example.com`,
    scope: "Namespaced",
    names: { plural: "widgets", kind: "Widget" },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        subresources: { status: {}, scale: { specReplicasPath: ".spec.size", statusReplicasPath: ".status.size" } },
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: {
              spec: {
                type: "object",
                properties: {
                  size: { type: "integer", minimum: 0, maximum: 10, default: 1 },
                  min: { type: "integer" },
                  max: { type: "integer" },
                  mode: {
                    type: "string",
                    enum: ["on", "off"],
                    "x-kubernetes-validations": [{ rule: "self == oldSelf", message: "mode is fixed" }],
                  },
                  list: {
                    type: "array",
                    maxItems: 5,
                    "x-kubernetes-list-type": "map",
                    "x-kubernetes-list-map-keys": ["k"],
                    items: {
                      type: "object",
                      required: ["k"],
                      properties: { k: { type: "string" }, v: { type: "integer", default: 7 } },
                    },
                  },
                },
                "x-kubernetes-validations": [
                  { rule: "!has(self.min) || !has(self.max) || self.min <= self.max", message: "min above max" },
                ],
              },
              status: { type: "object", properties: { ready: { type: "boolean" }, size: { type: "integer" } } },
            },
          },
        },
      },
    ],
  },
});

const names = ["a", "b", "Not Valid"];
const labels: readonly Json[] = [{ x: "1" }, { x: "2", y: "1" }, null, { "a b": "c" }];
const finalizers: readonly Json[] = [["example.com/f"], [], null];
const modes = ["", "", "", "fieldValidation=Strict", "fieldValidation=Ignore", "dryRun=All"];

/** `length` calls, the same for the same seed. `ns` is put in where a call names the custom resource's group. */
export function randomCalls(seed: number, length: number, ns: string): Call[] {
  const next = numbers(seed);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(next() * from.length)] as T;
  const chance = (of: number) => next() < of;
  const chosen = [pick(subjects), pick(subjects)];
  const name = () => (chance(0.06) ? (names[2] as string) : pick(names.slice(0, 2)));
  const metadata = (of: string) => ({
    name: of,
    ...(chance(0.3) && { labels: pick(labels) }),
    ...(chance(0.12) && { finalizers: pick(finalizers) }),
  });
  const object = (subject: Subject, of: string): Json => {
    const result = {
      apiVersion: subject.apiVersion(ns),
      kind: subject.kind,
      metadata: metadata(of),
      ...structuredClone(subject.base),
    };
    if (chance(0.6)) {
      const part = pick(Object.keys(subject.parts));
      result[part] = pick(subject.parts[part] as readonly Json[]);
    }
    return result;
  };
  const withQuery = (path: string, ...queries: string[]) => {
    const query = queries.filter((one) => one !== "").join("&");
    return query ? `${path}?${query}` : path;
  };
  const one = (): Call => {
    const subject = pick(chosen);
    const of = name();
    const path = `${subject.plural}/${of.replace(" ", "%20")}`;
    const kind = next();
    if (kind < 0.28) return { method: "POST", path: withQuery(subject.plural, pick(modes)), body: object(subject, of) };
    if (kind < 0.36) return { method: "GET", path };
    if (kind < 0.42)
      return {
        method: "GET",
        path: withQuery(
          subject.plural,
          pick(["", "labelSelector=x", "labelSelector=x%3D1", "fieldSelector=metadata.name%3Da"]),
        ),
      };
    if (kind < 0.54)
      return { method: "PUT", path: withQuery(path, pick(modes)), body: object(subject, chance(0.05) ? "b" : of) };
    if (kind < 0.62)
      return {
        method: "DELETE",
        path,
        ...(chance(0.3) && {
          body: pick([
            { propagationPolicy: "Background" },
            { gracePeriodSeconds: 0 },
            { propagationPolicy: subject.collectedLate ? "Background" : "Foreground" },
            { preconditions: { resourceVersion: "1" } },
          ] as Json[]),
        }),
      };
    const part = pick(Object.keys(subject.parts));
    const value = pick(subject.parts[part] as readonly Json[]);
    const sub = subject.subresources.length > 0 && chance(0.2) ? `/${pick(subject.subresources)}` : "";
    const chosenType = pick(["merge", "strategic", "json", "apply", "apply"] as const);
    const type = chosenType === "apply" && sub === "/status" && subject.statusCreates ? "merge" : chosenType;
    const target = withQuery(path + sub, pick(modes));
    if (sub === "/scale")
      return { method: "PATCH", path: target, type: "merge", body: { spec: { replicas: pick([0, 0, -1, "2"]) } } };
    if (type === "json") {
      const operation = pick(["add", "replace", "remove", "test"]);
      return {
        method: "PATCH",
        path: target,
        type,
        body: [
          {
            op: operation,
            path: chance(0.3) ? "/metadata/labels" : `/${part}`,
            ...(operation !== "remove" && { value }),
          },
        ],
      };
    }
    if (type === "apply")
      return {
        method: "PATCH",
        path: withQuery(target, `fieldManager=${pick(["one", "two"])}`, pick(["", "", "force=true"])).replace(
          /\?(.*)\?/,
          "?$1&",
        ),
        type,
        body: {
          apiVersion: subject.apiVersion(ns),
          kind: subject.kind,
          metadata: metadata(of),
          ...(chance(0.8) && { [part]: value }),
        },
      };
    return {
      method: "PATCH",
      path: target,
      type,
      body: { ...(chance(0.3) && { metadata: { labels: pick(labels) } }), ...(chance(0.8) && { [part]: value }) },
    };
  };
  return Array.from({ length }, one);
}
