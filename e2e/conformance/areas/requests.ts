import { area, it } from "../harness/case.ts";

const status = (body: { kind?: string; message?: string }) => (body?.kind === "Status" ? body : (body?.kind ?? body));

/** Status codes, and the bodies of refusals. */
export const requests = area("requests", [
  it("an object that is not there", (t) => t.get("configmaps/none")),
  it("an object of a kind in a group that is not there", (t) => t.get("deployments/none")),
  it("a cluster-wide object that is not there", (t) => t.get("persistentvolumes/none"), { clusterOnly: true }),
  it("a path that is none", (t) => t.get("/nothing/here"), { clusterOnly: true }),
  it("a group that is not served", (t) => t.get("/apis/none.example.com/v1/nones"), { clusterOnly: true }),
  it("a version that is not served", (t) => t.get("/apis/apps/v9/deployments"), { clusterOnly: true }),
  it("a resource that is not served", (t) => t.get("/api/v1/nones"), { clusterOnly: true }),
  it(
    "a namespaced resource without a namespace cannot be created",
    (t) => t.post("/api/v1/configmaps", { metadata: { name: "a" } }),
    { clusterOnly: true },
  ),
  it("a list of a resource over all namespaces by a name that is none", (t) => t.get("/api/v1/configmaps/none"), {
    clusterOnly: true,
  }),
  it("a namespace that is not there: reading an object", (t) => t.get("/api/v1/namespaces/never-made/configmaps/a"), {
    clusterOnly: true,
  }),
  it("a namespace that is not there: an empty list", (t) => t.get("/api/v1/namespaces/never-made/configmaps"), {
    clusterOnly: true,
  }),
  it(
    "a namespace that is not there: creating",
    (t) => t.post("/api/v1/namespaces/never-made/configmaps", { metadata: { name: "a" } }),
    { clusterOnly: true },
  ),
  it("an object that exists already", async (t) => {
    await t.given("configmaps", { metadata: { name: "a" } });
    await t.post("configmaps", { metadata: { name: "a" } });
  }),
  it("a generated name", (t) => t.post("configmaps", { metadata: { generateName: "made-" } })),
  it("neither a name nor a generated one", (t) => t.post("configmaps", { data: {} })),
  it("a name that is no DNS name", (t) => t.post("configmaps", { metadata: { name: "Not_A_Name" } })),
  it("a name that is too long", (t) => t.post("configmaps", { metadata: { name: "a".repeat(254) } })),
  it("a namespace in the body other than that of the path", (t) =>
    t.post("configmaps", { metadata: { name: "a", namespace: "other" } })),
  it("a kind in the body other than that of the path", (t) =>
    t.post("configmaps", { apiVersion: "v1", kind: "Secret", metadata: { name: "a" } })),
  it("an apiVersion in the body other than that of the path", (t) =>
    t.post("configmaps", { apiVersion: "v2", kind: "ConfigMap", metadata: { name: "a" } })),
  it(
    "another version of the same group in the body",
    (t) =>
      t.post("/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers?dryRun=All", {
        apiVersion: "autoscaling/v1",
        kind: "HorizontalPodAutoscaler",
        metadata: { name: "a" },
        spec: { maxReplicas: 2, scaleTargetRef: { kind: "Deployment", name: "a" } },
      }),
    { clusterOnly: true },
  ),
  it("a body that is no JSON", (t) => t.post("configmaps", "{not json")),
  it("a body that is empty", (t) => t.post("configmaps", "")),
  it("a body that is a list", (t) => t.post("configmaps", [])),
  it("a body that is a text", (t) => t.post("configmaps", '"text"')),
  it("a body that is null", (t) => t.post("configmaps", "null")),
  it("a body in YAML", (t) =>
    t.post("configmaps", "metadata:\n  name: yaml\ndata:\n  a: b\n", {
      headers: { "content-type": "application/yaml" },
    })),
  it("a body of an unknown media type", (t) => t.post("configmaps", "a", { headers: { "content-type": "text/csv" } })),
  it("an answer of a media type that there is not", (t) => t.get("configmaps", { headers: { accept: "text/csv" } })),
  it("an answer in YAML", async (t) => {
    await t.given("configmaps", { metadata: { name: "a" }, data: { b: "c" } });
    await t.get("configmaps/a", {
      headers: { accept: "application/yaml" },
      show: (body) =>
        String(body)
          .split("\n")
          .filter((line) => /^(kind|apiVersion|data| {2}b| {2}name):/.test(line)),
    });
  }),
  it("a method that a collection does not have", (t) => t.put("configmaps", {})),
  it("a method that an object does not have", (t) => t.post("configmaps/a", {})),
  it("a method that there is not", (t) => t.ask("BREW", "configmaps/a", undefined), {
    differs: "Node's HTTP server hangs up on a method that it does not know",
  }),
  it("a subresource that there is not", (t) => t.get("configmaps/a/scale")),
  it("replacing an object that is not there", (t) => t.put("configmaps/none", { metadata: { name: "none" } })),
  it("replacing with another name", async (t) => {
    await t.given("configmaps", { metadata: { name: "a" } });
    await t.put("configmaps/a", { metadata: { name: "b" } });
  }),
  it("replacing with an old resourceVersion", async (t) => {
    const { body } = await t.given("configmaps", { metadata: { name: "a" } });
    await t.put("configmaps/a", { metadata: { name: "a" }, data: { x: "1" } }, { bare: true });
    await t.put("configmaps/a", {
      metadata: { name: "a", resourceVersion: body.metadata.resourceVersion },
      data: { x: "2" },
    });
  }),
  it("replacing with another uid", async (t) => {
    await t.given("configmaps", { metadata: { name: "a" } });
    await t.put("configmaps/a", { metadata: { name: "a", uid: "11111111-1111-4111-8111-111111111111" } });
  }),
  it("replacing with a resourceVersion that is no number", async (t) => {
    await t.given("configmaps", { metadata: { name: "a" } });
    await t.put("configmaps/a", { metadata: { name: "a", resourceVersion: "soon" } });
  }),
  it("creating with a resourceVersion", (t) => t.post("configmaps", { metadata: { name: "a", resourceVersion: "5" } })),
  it("creating keeps neither uid nor creation time of the body", (t) =>
    t.post("configmaps", {
      metadata: {
        name: "a",
        uid: "11111111-1111-4111-8111-111111111111",
        creationTimestamp: "2001-01-01T00:00:00Z",
        generation: 7,
        selfLink: "/a",
      },
    })),
  it("an update that changes nothing keeps the resourceVersion", async (t) => {
    const { body } = await t.post("configmaps", { metadata: { name: "a" }, data: { x: "1" } });
    const { body: after } = await t.put("configmaps/a", { metadata: { name: "a" }, data: { x: "1" } });
    t.note("same resourceVersion", body.metadata.resourceVersion === after.metadata.resourceVersion);
  }),
  it("deleting answers with a Status", async (t) => {
    await t.given("configmaps", { metadata: { name: "a" } });
    await t.del("configmaps/a");
  }),
  it("deleting an object that is not there", (t) => t.del("configmaps/none")),
  it("deleting with a uid that it does not have", async (t) => {
    await t.given("configmaps", { metadata: { name: "a" } });
    await t.del("configmaps/a", { preconditions: { uid: "11111111-1111-4111-8111-111111111111" } });
  }),
  it("deleting with a resourceVersion that it no longer has", async (t) => {
    await t.given("configmaps", { metadata: { name: "a" } });
    await t.del("configmaps/a", { preconditions: { resourceVersion: "1" } });
  }),
  it("deleting as a trial", async (t) => {
    await t.given("configmaps", { metadata: { name: "a" } });
    await t.del("configmaps/a?dryRun=All");
    await t.get("configmaps/a", { bare: true });
  }),
  it("deleting a pod answers with the pod", async (t) => {
    await t.given("pods", { metadata: { name: "a" }, spec: { containers: [{ name: "c", image: "i" }] } });
    await t.del(
      "pods/a",
      { gracePeriodSeconds: 0 },
      { show: ({ kind, metadata }) => [kind, metadata?.name, metadata?.deletionGracePeriodSeconds] },
    );
  }),
  it("deleting a collection by label", async (t) => {
    for (const [name, app] of [
      ["a", "x"],
      ["b", "y"],
      ["c", "x"],
    ])
      await t.given("configmaps", { metadata: { name, labels: { app } } });
    await t.del("configmaps?labelSelector=app%3Dx", undefined, {
      show: (list) => [list.kind, list.items.map((one: { metadata: { name: string } }) => one.metadata.name)],
    });
    await t.get("configmaps?labelSelector=app", {
      show: (list) => list.items.map((one: { metadata: { name: string } }) => one.metadata.name),
    });
  }),
  it("deletion options of a wrong shape", async (t) => {
    await t.given("configmaps", { metadata: { name: "a" } });
    await t.del("configmaps/a", { gracePeriodSeconds: "soon" });
  }),
  it("a propagation policy that there is not", async (t) => {
    await t.given("configmaps", { metadata: { name: "a" } });
    await t.del("configmaps/a", { propagationPolicy: "Sideways" });
  }),
  it("orphanDependents and propagationPolicy together", async (t) => {
    await t.given("configmaps", { metadata: { name: "a" } });
    await t.del("configmaps/a", { propagationPolicy: "Orphan", orphanDependents: true });
  }),
  it("dryRun of an unknown value", (t) => t.post("configmaps?dryRun=Some", { metadata: { name: "a" } })),
  it("a trial of creation stores nothing", async (t) => {
    await t.post("configmaps?dryRun=All", { metadata: { name: "a" } });
    await t.get("configmaps/a", { bare: true });
  }),
  it("a trial of an update stores nothing", async (t) => {
    await t.given("configmaps", { metadata: { name: "a" }, data: { x: "1" } });
    await t.put(
      "configmaps/a?dryRun=All",
      { metadata: { name: "a" }, data: { x: "2" } },
      { show: (body) => body.data },
    );
    await t.get("configmaps/a", { show: (body) => body.data });
  }),
  it("a trial of an object that exists", async (t) => {
    await t.given("configmaps", { metadata: { name: "a" } });
    await t.post("configmaps?dryRun=All", { metadata: { name: "a" } });
  }),
  it("a field manager that is too long", (t) =>
    t.post(`configmaps?fieldManager=${"m".repeat(129)}`, { metadata: { name: "a" } })),
  it("a field manager with a character that does not print", (t) =>
    t.post("configmaps?fieldManager=a%07b", { metadata: { name: "a" } })),
  it("fieldValidation of an unknown value", (t) =>
    t.post("configmaps?fieldValidation=Sometimes", { metadata: { name: "a" } })),
  it("a request without a token", (t) => t.get("configmaps", { headers: { authorization: "Bearer none" } })),
  it("an immutable ConfigMap", async (t) => {
    await t.given("configmaps", { metadata: { name: "a" }, data: { x: "1" }, immutable: true });
    await t.patch("merge", "configmaps/a", { data: { x: "2" } });
    await t.patch("merge", "configmaps/a", { immutable: false });
  }),
  it("an immutable Secret", async (t) => {
    await t.given("secrets", { metadata: { name: "a" }, data: { x: "MQ==" }, immutable: true });
    await t.patch("merge", "secrets/a", { data: { x: "Mg==" } });
  }),
  it("a Secret's data that is no base64", (t) => t.post("secrets", { metadata: { name: "a" }, data: { x: "%%%" } })),
  it("a Secret's type cannot be changed", async (t) => {
    await t.given("secrets", { metadata: { name: "a" }, type: "Opaque" });
    await t.patch("merge", "secrets/a", { type: "other" });
  }),
  it("a ConfigMap with more than a mebibyte", (t) =>
    t.post("configmaps", { metadata: { name: "a" }, data: { x: "x".repeat(1_100_000) } })),
  it("a body of more than three mebibytes", (t) =>
    t.post("configmaps", { metadata: { name: "a" }, data: { x: "x".repeat(3_300_000) } }, { show: status })),
  it("annotations of more than 256 kibibytes", (t) =>
    t.post("configmaps", { metadata: { name: "a", annotations: { x: "x".repeat(270_000) } } })),
  it("labels and annotations of wrong forms, all told at once", (t) =>
    t.post("configmaps", { metadata: { name: "a", labels: { "a b": "c" }, annotations: { "b/c/d": "x" } } })),
  it("a field of a wrong type in metadata", (t) => t.post("configmaps", { metadata: { name: 5 } })),
  it("a timestamp that is none", (t) =>
    t.post("configmaps", { metadata: { name: "a", creationTimestamp: "yesterday" } })),
  it("a quantity that is none", (t) =>
    t.post("pods", {
      metadata: { name: "a" },
      spec: { containers: [{ name: "c", image: "i", resources: { requests: { cpu: "lots" } } }] },
    })),
  it("a number where a text is due", (t) => t.post("configmaps", { metadata: { name: "a" }, data: { x: 1 } })),
  it("an owner reference without a uid", (t) =>
    t.post("configmaps", {
      metadata: { name: "a", ownerReferences: [{ apiVersion: "v1", kind: "ConfigMap", name: "b", uid: "" }] },
    })),
  it("two controllers among the owner references", (t) =>
    t.post("configmaps", {
      metadata: {
        name: "a",
        ownerReferences: ["x", "y"].map((name) => ({
          apiVersion: "v1",
          kind: "ConfigMap",
          name,
          uid: name,
          controller: true,
        })),
      },
    })),
  it("a finalizer without a domain", (t) => t.post("configmaps", { metadata: { name: "a", finalizers: ["mine"] } })),
  it(
    "the health of the server",
    async (t) => {
      for (const path of ["/healthz", "/livez", "/readyz", "/healthz/ping", "/healthz/none"]) await t.get(path);
    },
    { clusterOnly: true },
  ),
  it("the version of the server", (t) => t.get("/version", { show: ({ major, minor }) => [major, minor] }), {
    clusterOnly: true,
  }),
  it(
    "removed versions of built-in kinds",
    async (t) => {
      for (const path of [
        "/apis/extensions/v1beta1/ingresses",
        "/apis/policy/v1beta1/poddisruptionbudgets",
        "/apis/autoscaling/v2beta2/horizontalpodautoscalers",
        "/apis/batch/v1beta1/cronjobs",
      ])
        await t.get(path);
    },
    { clusterOnly: true },
  ),
  it(
    "componentstatuses warn that they are out of use",
    (t) => t.get("componentstatuses", { show: (list) => list.kind }),
    { clusterOnly: true },
  ),
  it("Endpoints warn that they are out of use", (t) => t.get("endpoints", { show: (list) => list.kind })),
]);
