import { seededRandom } from "@bellows/kube";
import { describe, expect, test } from "vitest";
import type { ApiObject } from "../api-object.ts";
import { builtinPlugins, quotaStatus } from "./admission.ts";
import type { AdmissionPlugin, AdmissionRequest, AdmissionWorld } from "./admission-request.ts";

const object = (kind: string, name: string, rest: object = {}): ApiObject =>
  ({
    apiVersion: "v1",
    kind,
    ...rest,
    metadata: { name, namespace: "default", ...(rest as { metadata?: object }).metadata },
  }) as ApiObject;

/** A cluster with the given objects by place; what is written is remembered. */
function world(objects: Record<string, ApiObject[]> = {}): AdmissionWorld & { written: ApiObject[] } {
  const all: Record<string, ApiObject[]> = {
    "/namespaces": [{ ...object("Namespace", "default"), status: { phase: "Active" } }],
    "/serviceaccounts": [object("ServiceAccount", "default")],
    ...objects,
  };
  const written: ApiObject[] = [];
  return {
    get: (place, _, name) => all[place]?.find(({ metadata }) => metadata.name === name),
    list: (place) => all[place] ?? [],
    replace: (_, changed) => void written.push(changed),
    random: seededRandom(1),
    written,
  };
}

const request = (resource: string, given: ApiObject, more: Partial<AdmissionRequest> = {}): AdmissionRequest => ({
  operation: "CREATE",
  group: "",
  version: "v1",
  resource,
  subresource: undefined,
  kind: given.kind,
  namespace: "default",
  name: given.metadata.name,
  object: given,
  old: undefined,
  user: { username: "u", groups: [] },
  dryRun: false,
  warnings: [],
  ...more,
});

const plugin = (name: string) => builtinPlugins.find((one) => one.name === name) as AdmissionPlugin;
const mutated = (name: string, asked: AdmissionRequest, cluster = world()) =>
  plugin(name).mutate?.(asked, cluster) as unknown as {
    spec: Record<string, unknown>;
    metadata: Record<string, unknown>;
  };
const validated = (name: string, asked: AdmissionRequest, cluster = world()) => plugin(name).validate?.(asked, cluster);

const aPod = (spec: object = {}, metadata: object = {}) =>
  object("Pod", "p", { metadata, spec: { containers: [{ name: "c", image: "i" }], ...spec } });
const container = (requests: object, limits: object = {}) => ({
  containers: [{ name: "c", image: "i", resources: { requests, limits } }],
});

describe("NamespaceLifecycle", () => {
  const asked = request("configmaps", object("ConfigMap", "x"));
  test("refuses what would live in a namespace that does not exist", () => {
    expect(() => mutated("NamespaceLifecycle", { ...asked, namespace: "nope" })).toThrow('namespaces "nope" not found');
  });

  test("refuses new content in a namespace that is going away, but lets it change", () => {
    const going = world({ "/namespaces": [{ ...object("Namespace", "default"), status: { phase: "Terminating" } }] });
    expect(() => mutated("NamespaceLifecycle", asked, going)).toThrow(
      'configmaps "x" is forbidden: unable to create new content in namespace default because it is being terminated',
    );
    expect(() => mutated("NamespaceLifecycle", { ...asked, operation: "UPDATE" }, going)).not.toThrow();
  });

  test("keeps the namespaces that every cluster has", () => {
    const asked = request("namespaces", object("Namespace", "default"), { operation: "DELETE", namespace: undefined });
    expect(() => mutated("NamespaceLifecycle", asked)).toThrow(
      'namespaces "default" is forbidden: this namespace may not be deleted',
    );
  });
});

describe("ServiceAccount", () => {
  test("gives a pod the default account and mounts its token", () => {
    const { spec } = mutated("ServiceAccount", request("pods", aPod()));
    const name = (spec["volumes"] as { name: string }[])[0]?.name;
    expect(name).toMatch(/^kube-api-access-[a-z0-9]{5}$/);
    expect(spec).toMatchObject({
      serviceAccountName: "default",
      serviceAccount: "default",
      containers: [
        { volumeMounts: [{ name, readOnly: true, mountPath: "/var/run/secrets/kubernetes.io/serviceaccount" }] },
      ],
      volumes: [
        {
          projected: {
            sources: [{ serviceAccountToken: { expirationSeconds: 3607, path: "token" } }, {}, {}],
            defaultMode: 420,
          },
        },
      ],
    });
  });

  test("mounts nothing where the pod does not want it", () => {
    const { spec } = mutated("ServiceAccount", request("pods", aPod({ automountServiceAccountToken: false })));
    expect(spec["volumes"]).toBeUndefined();
  });

  test("refuses an account that does not exist", () => {
    expect(() => mutated("ServiceAccount", request("pods", aPod({ serviceAccountName: "nope" })))).toThrow(
      'pods "p" is forbidden: error looking up service account default/nope: serviceaccount "nope" not found',
    );
  });

  test("brings the account's image pull secrets along", () => {
    const cluster = world({
      "/serviceaccounts": [object("ServiceAccount", "default", { imagePullSecrets: [{ name: "s" }] })],
    });
    expect(mutated("ServiceAccount", request("pods", aPod()), cluster).spec).toMatchObject({
      imagePullSecrets: [{ name: "s" }],
    });
  });
});

describe("LimitRanger", () => {
  const limited = (limit: object) =>
    world({ "/limitranges": [object("LimitRange", "lr", { spec: { limits: [limit] } })] });

  test("fills in what a container does not ask for, and says so", () => {
    const cluster = limited({
      type: "Container",
      default: { cpu: "500m" },
      defaultRequest: { cpu: "100m", memory: "1Gi" },
    });
    const pod = mutated("LimitRanger", request("pods", aPod(container({ cpu: "50m" }))), cluster);
    expect(pod.spec).toMatchObject(container({ cpu: "50m", memory: "1Gi" }, { cpu: "500m" }));
    expect(pod.metadata["annotations"]).toEqual({
      "kubernetes.io/limit-ranger": "LimitRanger plugin set: memory request for container c; cpu limit for container c",
    });
  });

  test.each([
    {
      limit: { type: "Container", max: { cpu: "1" } },
      spec: container({ cpu: "2" }, { cpu: "2" }),
      says: "maximum cpu usage per Container is 1, but limit is 2",
    },
    {
      limit: { type: "Container", min: { cpu: "100m" } },
      spec: container({ cpu: "50m" }),
      says: "minimum cpu usage per Container is 100m, but request is 50m",
    },
    {
      limit: { type: "Pod", max: { memory: "1Gi" } },
      spec: {},
      says: "maximum memory usage per Pod is 1Gi.  No limit is specified",
    },
    {
      limit: { type: "Container", maxLimitRequestRatio: { cpu: "2" } },
      spec: container({ cpu: "1" }, { cpu: "3" }),
      says: "cpu max limit to request ratio per Container is 2, but provided ratio is 3.000000",
    },
  ])("refuses: $says", ({ limit, spec, says }) => {
    expect(() => validated("LimitRanger", request("pods", aPod(spec)), limited(limit))).toThrow(
      `pods "p" is forbidden: ${says}`,
    );
  });
});

describe("ResourceQuota", () => {
  const quota = (hard: object, more: object = {}) => object("ResourceQuota", "q", { spec: { hard, ...more } });
  const running = object("Pod", "other", { spec: container({ cpu: "600m" }, { cpu: "1" }) });

  test("refuses what exceeds it, with what is used", () => {
    const cluster = world({ "/resourcequotas": [quota({ "requests.cpu": "1", pods: "5" })], "/pods": [running] });
    expect(() => validated("ResourceQuota", request("pods", aPod(container({ cpu: "500m" }))), cluster)).toThrow(
      'pods "p" is forbidden: exceeded quota: q, requested: requests.cpu=500m, used: requests.cpu=600m, limited: requests.cpu=1',
    );
  });

  test("charges what it lets through, unless it is only tried", () => {
    const cluster = world({ "/resourcequotas": [quota({ "requests.cpu": "2", pods: "5" })], "/pods": [running] });
    const asked = request("pods", aPod(container({ cpu: "500m" })));
    validated("ResourceQuota", { ...asked, dryRun: true }, cluster);
    expect(cluster.written).toEqual([]);
    validated("ResourceQuota", asked, cluster);
    expect(cluster.written[0]?.["status"]).toEqual({
      hard: { "requests.cpu": "2", pods: "5" },
      used: { "requests.cpu": "1100m", pods: "2" },
    });
  });

  test("makes every container say what it takes", () => {
    const cluster = world({ "/resourcequotas": [quota({ "limits.cpu": "2", memory: "1Gi" })] });
    expect(() => validated("ResourceQuota", request("pods", aPod()), cluster)).toThrow(
      'pods "p" is forbidden: failed quota: q: must specify limits.cpu for: c; memory for: c',
    );
  });

  test("counts objects of any kind", () => {
    const cluster = world({
      "/resourcequotas": [quota({ "count/configmaps": "1" })],
      "/configmaps": [object("ConfigMap", "a")],
    });
    expect(() => validated("ResourceQuota", request("configmaps", object("ConfigMap", "b")), cluster)).toThrow(
      'configmaps "b" is forbidden: exceeded quota: q, requested: count/configmaps=1, used: count/configmaps=1, limited: count/configmaps=1',
    );
  });

  test("of a scope counts only the pods in it", () => {
    const cluster = world({ "/resourcequotas": [quota({ pods: "0" }, { scopes: ["BestEffort"] })] });
    expect(() => validated("ResourceQuota", request("pods", aPod(container({ cpu: "1" }))), cluster)).not.toThrow();
    expect(() => validated("ResourceQuota", request("pods", aPod()), cluster)).toThrow("exceeded quota");
  });

  test("has a status that leaves out finished pods", () => {
    const done = { ...running, status: { phase: "Succeeded" } };
    const status = quotaStatus(quota({ pods: "5", cpu: "1" }) as never, world({ "/pods": [running, done] }));
    expect(status).toEqual({ hard: { pods: "5", cpu: "1" }, used: { pods: "1", cpu: "600m" } });
  });
});

describe("Priority", () => {
  const classes = (...list: object[]) =>
    world({
      "scheduling.k8s.io/priorityclasses": list.map((one) =>
        object("PriorityClass", (one as { name: string }).name, one),
      ),
    });

  test("resolves the class", () => {
    const cluster = classes({ name: "high", value: 100, preemptionPolicy: "Never" });
    expect(mutated("Priority", request("pods", aPod({ priorityClassName: "high" })), cluster).spec).toMatchObject({
      priority: 100,
      preemptionPolicy: "Never",
    });
  });

  test("falls back to the default class, or to zero", () => {
    expect(
      mutated("Priority", request("pods", aPod()), classes({ name: "d", value: 7, globalDefault: true })).spec,
    ).toMatchObject({ priority: 7, priorityClassName: "d" });
    expect(mutated("Priority", request("pods", aPod())).spec).toMatchObject({
      priority: 0,
      preemptionPolicy: "PreemptLowerPriority",
    });
  });

  test("refuses an unknown class, a priority of one's own and a second default", () => {
    expect(() => mutated("Priority", request("pods", aPod({ priorityClassName: "x" })))).toThrow(
      'pods "p" is forbidden: no PriorityClass with name x was found',
    );
    expect(() => mutated("Priority", request("pods", aPod({ priority: 5 })))).toThrow(
      "the integer value of priority (5) must not be provided in pod spec",
    );
    const second = request("priorityclasses", object("PriorityClass", "b", { value: 1, globalDefault: true }), {
      group: "scheduling.k8s.io",
    });
    expect(() => validated("Priority", second, classes({ name: "a", value: 1, globalDefault: true }))).toThrow(
      "PriorityClass a is already marked as default",
    );
  });
});

test("pods tolerate five minutes of a node that is away, unless they say otherwise", () => {
  const own = { key: "node.kubernetes.io/not-ready", operator: "Exists", effect: "NoExecute", tolerationSeconds: 5 };
  const { spec } = mutated("DefaultTolerationSeconds", request("pods", aPod({ tolerations: [own] })));
  expect(spec["tolerations"]).toEqual([
    own,
    { key: "node.kubernetes.io/unreachable", operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 },
  ]);
});

test("a new node is tainted until it is seen ready", () => {
  const node = mutated("TaintNodesByCondition", request("nodes", object("Node", "n"), { namespace: undefined }));
  expect(node.spec["taints"]).toEqual([{ key: "node.kubernetes.io/not-ready", effect: "NoSchedule" }]);
});

test("a claim without a class gets the default one and its protection", () => {
  const annotations = { "storageclass.kubernetes.io/is-default-class": "true" };
  const cluster = world({
    "storage.k8s.io/storageclasses": [object("StorageClass", "gp3", { metadata: { annotations } })],
  });
  const claim = object("PersistentVolumeClaim", "c", { spec: {} });
  const asked = request("persistentvolumeclaims", claim);
  expect(mutated("DefaultStorageClass", asked, cluster).spec).toEqual({ storageClassName: "gp3" });
  expect(
    mutated("DefaultStorageClass", { ...asked, object: { ...claim, spec: { storageClassName: "" } } }, cluster).spec,
  ).toEqual({ storageClassName: "" });
  expect(mutated("StorageObjectInUseProtection", asked).metadata["finalizers"]).toEqual([
    "kubernetes.io/pvc-protection",
  ]);
});

test("a runtime class brings its overhead and node selector", () => {
  const runtime = object("RuntimeClass", "kata", {
    handler: "kata",
    overhead: { podFixed: { cpu: "100m" } },
    scheduling: { nodeSelector: { a: "b" } },
  });
  const cluster = world({ "node.k8s.io/runtimeclasses": [runtime] });
  expect(mutated("RuntimeClass", request("pods", aPod({ runtimeClassName: "kata" })), cluster).spec).toMatchObject({
    overhead: { cpu: "100m" },
    nodeSelector: { a: "b" },
  });
  expect(() => mutated("RuntimeClass", request("pods", aPod({ runtimeClassName: "x" })))).toThrow(
    'pods "p" is forbidden: pod rejected: RuntimeClass "x" not found',
  );
});
