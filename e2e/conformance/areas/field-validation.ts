import { area, it } from "../harness/case.ts";
import type { Json } from "../harness/conversation.ts";

const base = {
  metadata: { name: "web" },
  spec: {
    replicas: 0,
    selector: { matchLabels: { app: "web" } },
    template: { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "c", image: "i" }] } },
  },
};
const show = (body: Json) => (body.kind === "Status" ? body : body.kind);
const text = JSON.stringify;
const modes = ["Ignore", "Warn", "Strict"];
const inAll = (name: string, body: Json) =>
  it(name, async (t) => {
    for (const mode of modes) await t.post(`deployments?dryRun=All&fieldValidation=${mode}`, body, { show });
  });

/** Unknown and duplicate fields: ignored, warned of, refused. */
export const fieldValidation = area("field validation", [
  inAll("an unknown field at the top", { ...base, extra: 1 }),
  inAll("an unknown field deep inside", {
    ...base,
    spec: {
      ...base.spec,
      template: {
        ...base.spec.template,
        spec: { containers: [{ name: "c", image: "i", imagePullPolicyy: "Always" }] },
      },
    },
  }),
  inAll("an unknown field in metadata", { ...base, metadata: { ...base.metadata, lables: {} } }),
  inAll("several unknown fields", { ...base, zeta: 1, alpha: 2, spec: { ...base.spec, beta: 3 } }),
  inAll("a known field in the wrong case", { ...base, spec: { ...base.spec, Replicas: 3 } }),
  inAll("a duplicate field", `{"metadata":{"name":"web","name":"web"},"spec":${text(base.spec)}}`),
  inAll("a duplicate label", `{"metadata":{"name":"web","labels":{"a":"1","a":"2"}},"spec":${text(base.spec)}}`),
  inAll(
    "a field that is duplicate deep inside",
    `{"metadata":{"name":"web"},"spec":${text(base.spec).replace('"image":"i"', '"image":"i","image":"j"')}}`,
  ),
  it("YAML: a duplicate key", async (t) => {
    for (const mode of modes)
      await t.post(
        `configmaps?dryRun=All&fieldValidation=${mode}`,
        "metadata:\n  name: a\ndata:\n  x: '1'\n  x: '2'\n",
        { headers: { "content-type": "application/yaml" }, show },
      );
  }),
  it("YAML: an unknown field", async (t) => {
    for (const mode of modes)
      await t.post(`configmaps?dryRun=All&fieldValidation=${mode}`, "metadata:\n  name: a\nfoo: bar\n", {
        headers: { "content-type": "application/yaml" },
        show,
      });
  }),
  it("the default warns", (t) => t.post("deployments?dryRun=All", { ...base, extra: 1 }, { show })),
  it("more than one warning", (t) => t.post("deployments?dryRun=All", { ...base, a: 1, b: 2, c: 3 }, { show })),
  it("replacing", async (t) => {
    await t.given("deployments", base);
    for (const mode of modes) await t.put(`deployments/web?fieldValidation=${mode}`, { ...base, extra: 1 }, { show });
  }),
  ...(["merge", "strategic", "json"] as const).map((type) =>
    it(`a ${type} patch`, async (t) => {
      await t.given("deployments", base);
      const patch = type === "json" ? [{ op: "add", path: "/spec/foo", value: 1 }] : { spec: { foo: 1 } };
      for (const mode of modes) await t.patch(type, `deployments/web?fieldValidation=${mode}`, patch, { show });
    }),
  ),
  it("a merge patch with a duplicate key", async (t) => {
    await t.given("deployments", base);
    for (const mode of modes)
      await t.patch("merge", `deployments/web?fieldValidation=${mode}`, '{"metadata":{"labels":{"a":"1","a":"2"}}}', {
        show,
      });
  }),
  it("a JSON patch with an unknown member", async (t) => {
    await t.given("deployments", base);
    for (const mode of modes)
      await t.patch(
        "json",
        `deployments/web?fieldValidation=${mode}`,
        [{ op: "add", path: "/metadata/labels", value: {}, foo: 1 }],
        { show },
      );
  }),
  it("warnings of a Deployment that is out of use", (t) =>
    t.post(
      "deployments?dryRun=All",
      {
        ...base,
        spec: {
          ...base.spec,
          template: {
            ...base.spec.template,
            metadata: { labels: { app: "web" }, annotations: { "scheduler.alpha.kubernetes.io/critical-pod": "" } },
          },
        },
      },
      { show },
    )),
  it("warnings of a pod", async (t) => {
    const pod = (spec: object, metadata: object = {}) => ({
      metadata: { name: "p", ...metadata },
      spec: { containers: [{ name: "c", image: "i" }], ...spec },
    });
    await t.post("pods?dryRun=All", pod({ nodeSelector: { "beta.kubernetes.io/os": "linux" } }), { show });
    await t.post(
      "pods?dryRun=All",
      pod({
        containers: [
          {
            name: "c",
            image: "i",
            env: [
              { name: "A", value: "1" },
              { name: "A", value: "2" },
            ],
          },
        ],
      }),
      { show },
    );
    await t.post(
      "pods?dryRun=All",
      pod({ containers: [{ name: "c", image: "i", ports: [{ containerPort: 80 }, { containerPort: 80 }] }] }),
      { show },
    );
    await t.post(
      "pods?dryRun=All",
      pod({
        tolerations: [
          { key: "a", operator: "Exists" },
          { key: "a", operator: "Exists" },
        ],
      }),
      { show },
    );
    await t.post("pods?dryRun=All", pod({ volumes: [{ name: "v", gitRepo: { repository: "x" } }] }), { show });
    await t.post("pods?dryRun=All", pod({ terminationGracePeriodSeconds: -1 }), { show });
    await t.post(
      "pods?dryRun=All",
      pod({
        topologySpreadConstraints: [
          { topologyKey: "failure-domain.beta.kubernetes.io/zone", maxSkew: 1, whenUnsatisfiable: "DoNotSchedule" },
        ],
      }),
      { show },
    );
    await t.post(
      "pods?dryRun=All",
      pod({ containers: [{ name: "c", image: "i", resources: { requests: { memory: "100m" } } }] }),
      { show },
    );
  }),
  it("a warning of a Service", async (t) => {
    await t.post(
      "services?dryRun=All",
      { metadata: { name: "s" }, spec: { ports: [{ port: 80 }], externalIPs: ["010.1.1.1"] } },
      { show },
    );
    await t.post(
      "services?dryRun=All",
      {
        metadata: { name: "s" },
        spec: { clusterIP: "None", type: "ClusterIP", ports: [{ port: 80 }], sessionAffinity: "ClientIP" },
      },
      { show },
    );
  }),
  it("a warning of a CronJob", (t) =>
    t.post(
      "cronjobs?dryRun=All",
      {
        metadata: { name: "c" },
        spec: {
          schedule: "TZ=UTC 0 * * * *",
          jobTemplate: {
            spec: { template: { spec: { restartPolicy: "Never", containers: [{ name: "c", image: "i" }] } } },
          },
        },
      },
      { show },
    )),
  it("a warning of a PodDisruptionBudget that selects all", (t) =>
    t.post("poddisruptionbudgets?dryRun=All", { metadata: { name: "p" }, spec: { minAvailable: 1 } }, { show })),
  it("a warning of a name that is no label", (t) =>
    t.post(
      "pods?dryRun=All",
      { metadata: { name: "a.b" }, spec: { containers: [{ name: "c", image: "i" }] } },
      { show },
    )),
]);
