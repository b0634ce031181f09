import { area, it } from "../harness/case.ts";
import type { Json } from "../harness/conversation.ts";

const template = { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "c", image: "i" }] } };
const scalable = (replicas = 0) => ({
  metadata: { name: "web" },
  spec: { replicas, selector: { matchLabels: { app: "web" } }, template },
});
const aPod = (more: object = {}) => ({
  metadata: { name: "p", labels: { app: "web" } },
  spec: {
    nodeName: "nowhere",
    containers: [
      {
        name: "c",
        image: "i",
        resources: { requests: { cpu: "100m", memory: "64Mi" }, limits: { cpu: "200m", memory: "128Mi" } },
      },
    ],
    ...more,
  },
});
const anyNode = (ns: string) => ({
  metadata: { name: "p", labels: { app: "web" } },
  spec: { schedulerName: `none-${ns}`, containers: [{ name: "c", image: "i" }] },
});
const brief = (body: Json) => (body?.kind === "Status" ? body : { spec: body.spec?.replicas, status: body.status });
const refused = (body: Json) => (body?.kind === "Status" ? { ...body, message: body.message } : body);

/** status, scale, binding, resize, ephemeral containers, token, log. */
export const subresources = area("subresources", [
  ...["deployments", "replicasets", "statefulsets", "replicationcontrollers"].flatMap((plural) => {
    const object =
      plural === "replicationcontrollers"
        ? { metadata: { name: "web" }, spec: { replicas: 0, selector: { app: "web" }, template } }
        : scalable();
    return [
      it(`the scale of ${plural}`, async (t) => {
        await t.given(plural, object);
        await t.get(`${plural}/web/scale`);
      }),
      it(`scaling ${plural}`, async (t) => {
        await t.given(plural, object);
        await t.put(
          `${plural}/web/scale?dryRun=All`,
          { metadata: { name: "web" }, spec: { replicas: 3 } },
          { show: brief },
        );
        await t.patch("merge", `${plural}/web/scale?dryRun=All`, { spec: { replicas: 2 } }, { show: brief });
        await t.patch("json", `${plural}/web/scale?dryRun=All`, [{ op: "replace", path: "/spec/replicas", value: 4 }], {
          show: brief,
        });
      }),
    ];
  }),
  it("scaling below zero", async (t) => {
    await t.given("deployments", scalable());
    await t.patch("merge", "deployments/web/scale", { spec: { replicas: -1 } });
  }),
  it("scaling with an old resourceVersion", async (t) => {
    await t.given("deployments", scalable());
    await t.put("deployments/web/scale", {
      metadata: { name: "web", namespace: t.ns, resourceVersion: "1" },
      spec: { replicas: 3 },
    });
  }),
  it("scaling with another kind in the body", async (t) => {
    await t.given("deployments", scalable());
    await t.put("deployments/web/scale", {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "web" },
      spec: { replicas: 3 },
    });
  }),
  it("scaling with another name in the body", async (t) => {
    await t.given("deployments", scalable());
    await t.put("deployments/web/scale", { metadata: { name: "other" }, spec: { replicas: 3 } });
  }),
  it("the scale of what is not there", (t) => t.get("deployments/none/scale")),
  it("the scale of a DaemonSet", (t) => t.get("daemonsets/none/scale")),
  it("a status is written by its subresource only", async (t) => {
    await t.given("pods", aPod());
    await t.patch("merge", "pods/p", { status: { phase: "Failed" } }, { show: ({ status }) => status.phase });
    await t.patch(
      "merge",
      "pods/p/status",
      { status: { phase: "Running" }, metadata: { labels: { new: "1" } }, spec: { nodeName: "other" } },
      { show: ({ status, metadata, spec }) => [status.phase, metadata.labels, spec.nodeName] },
    );
  }),
  it("a status of a new object is left out", (t) =>
    t.post("deployments", { ...scalable(), status: { replicas: 9 } }, { show: ({ status }) => status })),
  it("reading a status", async (t) => {
    await t.given("deployments", scalable());
    await t.get("deployments/web/status", { show: ({ kind, spec }) => [kind, spec.replicas] });
  }),
  it("a wrong status", async (t) => {
    await t.given("deployments", scalable());
    await t.patch("merge", "deployments/web/status", {
      status: { replicas: -1, readyReplicas: 5, availableReplicas: 9 },
    });
  }),
  it("a Job's status that cannot be", async (t) => {
    await t.given("jobs", {
      metadata: { name: "j" },
      spec: { suspend: true, template: { spec: { restartPolicy: "Never", containers: [{ name: "c", image: "i" }] } } },
    });
    await t.until("jobs/j", ({ status }) => status.ready === 0 && status.conditions.length === 1);
    await t.patch("merge", "jobs/j/status", { status: { conditions: [{ type: "Complete", status: "True" }] } });
    await t.patch("merge", "jobs/j/status", { status: { active: -1 } });
  }),
  it("a pod's containers cannot be changed but for their images", async (t) => {
    await t.given("pods", aPod());
    await t.patch(
      "strategic",
      "pods/p",
      { spec: { containers: [{ name: "c", image: "j" }] } },
      { show: ({ spec }) => spec.containers[0].image },
    );
    await t.patch(
      "strategic",
      "pods/p",
      { spec: { containers: [{ name: "c", command: ["x"] }] } },
      { show: ({ reason, code, details }) => [reason, code, details?.causes?.map((one: Json) => one.field)] },
    );
  }),
  it("binding a pod", async (t) => {
    await t.given("pods", anyNode(t.ns));
    await t.post("pods/p/binding", { metadata: { name: "p" }, target: { kind: "Node", name: "nowhere" } });
    await t.get("pods/p", {
      show: ({ spec, status }) => [spec.nodeName, status.conditions?.map(({ type, status: is }: Json) => [type, is])],
    });
  }),
  it("binding a pod twice", async (t) => {
    await t.given("pods", anyNode(t.ns));
    await t.post(
      "pods/p/binding",
      { metadata: { name: "p" }, target: { kind: "Node", name: "nowhere" } },
      { bare: true },
    );
    await t.post("pods/p/binding", { metadata: { name: "p" }, target: { kind: "Node", name: "elsewhere" } });
  }),
  it("binding to what is no node", async (t) => {
    await t.given("pods", anyNode(t.ns));
    await t.post("pods/p/binding", { metadata: { name: "p" }, target: { kind: "Pod", name: "x" } });
  }),
  it("binding to nothing", async (t) => {
    await t.given("pods", anyNode(t.ns));
    await t.post("pods/p/binding", { metadata: { name: "p" }, target: {} });
  }),
  it("binding a pod that is not there", (t) =>
    t.post("pods/none/binding", { metadata: { name: "none" }, target: { kind: "Node", name: "x" } })),
  it("binding by the old resource", async (t) => {
    await t.given("pods", anyNode(t.ns));
    await t.post("bindings", { metadata: { name: "p" }, target: { kind: "Node", name: "nowhere" } });
  }),
  it("binding a pod that waits at a gate", async (t) => {
    const pod = anyNode(t.ns);
    await t.given("pods", { ...pod, spec: { ...pod.spec, schedulingGates: [{ name: "example.com/wait" }] } });
    await t.post("pods/p/binding", { metadata: { name: "p" }, target: { kind: "Node", name: "nowhere" } });
  }),
  it("scheduling gates can only be taken away", async (t) => {
    const pod = anyNode(t.ns);
    await t.given("pods", { ...pod, spec: { ...pod.spec, schedulingGates: [{ name: "example.com/wait" }] } });
    await t.patch(
      "merge",
      "pods/p",
      { spec: { schedulingGates: [{ name: "example.com/wait" }, { name: "example.com/more" }] } },
      { show: refused },
    );
    await t.patch("merge", "pods/p", { spec: { schedulingGates: [] } }, { show: ({ spec }) => spec.schedulingGates });
  }),
  it("resizing a pod", async (t) => {
    await t.given("pods", aPod());
    await t.patch(
      "strategic",
      "pods/p/resize",
      { spec: { containers: [{ name: "c", resources: { requests: { cpu: "150m" } } }] } },
      { show: ({ spec, metadata }) => [spec.containers[0].resources, metadata.generation] },
    );
  }),
  it("resizing may not change what is no resource", async (t) => {
    await t.given("pods", aPod());
    await t.patch(
      "strategic",
      "pods/p/resize",
      { spec: { containers: [{ name: "c", image: "j" }] } },
      { show: ({ reason, code, spec }) => [reason, code, spec?.containers[0].image] },
    );
  }),
  it("resizing may not change the class of service", async (t) => {
    await t.given("pods", aPod());
    await t.patch("strategic", "pods/p/resize", {
      spec: { containers: [{ name: "c", resources: { requests: { cpu: "200m", memory: "128Mi" } } }] },
    });
  }),
  it("resizing may not exceed the limits", async (t) => {
    await t.given("pods", aPod());
    await t.patch("strategic", "pods/p/resize", {
      spec: { containers: [{ name: "c", resources: { requests: { cpu: "900m" } } }] },
    });
  }),
  it("resources change by resize only", async (t) => {
    await t.given("pods", aPod());
    await t.patch(
      "strategic",
      "pods/p",
      { spec: { containers: [{ name: "c", resources: { requests: { cpu: "150m" } } }] } },
      { show: ({ reason, code, details }) => [reason, code, details?.causes?.map((one: Json) => one.field)] },
    );
  }),
  it("an ephemeral container", async (t) => {
    await t.given("pods", aPod());
    await t.patch(
      "strategic",
      "pods/p/ephemeralcontainers",
      { spec: { ephemeralContainers: [{ name: "debug", image: "busybox", targetContainerName: "c" }] } },
      { show: ({ spec }) => spec.ephemeralContainers },
    );
    await t.patch(
      "strategic",
      "pods/p/ephemeralcontainers",
      { spec: { ephemeralContainers: [{ name: "debug", image: "other" }] } },
      { show: ({ reason, message }) => [reason, message?.split("\n@@")[0]] },
    );
    await t.patch("json", "pods/p/ephemeralcontainers", [{ op: "remove", path: "/spec/ephemeralContainers" }], {
      show: ({ reason, message }) => [reason, message],
    });
  }),
  it("resizing may not take resources away", async (t) => {
    await t.given("pods", aPod());
    await t.patch("json", "pods/p/resize", [{ op: "remove", path: "/spec/containers/0/resources/limits" }], {
      show: ({ reason, message }) => [reason, message],
    });
  }),
  it("an ephemeral container through the pod itself", async (t) => {
    await t.given("pods", aPod());
    await t.patch(
      "strategic",
      "pods/p",
      { spec: { ephemeralContainers: [{ name: "debug", image: "busybox" }] } },
      { show: ({ reason, code }) => [reason, code] },
    );
  }),
  it("a token of a service account", async (t) => {
    await t.post(
      "serviceaccounts/default/token",
      { spec: { expirationSeconds: 3600 } },
      { show: ({ kind, spec, status }) => [kind, spec, typeof status.token, Object.keys(status)] },
    );
  }),
  it("a token for an audience", async (t) => {
    const { body } = await t.post(
      "serviceaccounts/default/token",
      { spec: { audiences: ["me"], expirationSeconds: 600 } },
      { show: ({ spec }) => spec },
    );
    const claims = JSON.parse(Buffer.from(body.status.token.split(".")[1], "base64url").toString());
    t.note("claims", {
      aud: claims.aud,
      sub: claims.sub,
      lasts: claims.exp - claims.iat,
      keys: Object.keys(claims).sort(),
      k8s: Object.keys(claims["kubernetes.io"]).sort(),
    });
  }),
  it("a token that lasts too short", (t) =>
    t.post("serviceaccounts/default/token", { spec: { expirationSeconds: 60 } })),
  it("a token of an account that is not there", (t) => t.post("serviceaccounts/none/token", { spec: {} })),
  it("a token bound to a pod that is not there", (t) =>
    t.post("serviceaccounts/default/token", {
      spec: { boundObjectRef: { kind: "Pod", apiVersion: "v1", name: "none" } },
    })),
  it("a token bound to what it cannot be", (t) =>
    t.post("serviceaccounts/default/token", {
      spec: { boundObjectRef: { kind: "Service", apiVersion: "v1", name: "none" } },
    })),
  it("a token reads what its account may", async (t) => {
    const { body } = await t.post("serviceaccounts/default/token", { spec: {} }, { bare: true });
    const headers = { authorization: `Bearer ${body.status.token}` };
    await t.get("/api", { headers, show: ({ kind }) => kind });
    await t.get("configmaps", { headers });
    await t.post(
      "/apis/authentication.k8s.io/v1/selfsubjectreviews",
      {},
      {
        headers,
        show: ({ status }) => ({
          ...status,
          userInfo: { ...status.userInfo, extra: Object.keys(status.userInfo.extra) },
        }),
      },
    );
  }),
  it("a review of a token", async (t) => {
    const { body } = await t.post("serviceaccounts/default/token", { spec: {} }, { bare: true });
    await t.post(
      "/apis/authentication.k8s.io/v1/tokenreviews",
      { spec: { token: body.status.token } },
      { show: ({ status }) => ({ ...status, user: { ...status.user, extra: Object.keys(status.user.extra) } }) },
    );
    await t.post(
      "/apis/authentication.k8s.io/v1/tokenreviews",
      { spec: { token: "a.b.c" } },
      { show: ({ status }) => [status.authenticated, status.user] },
    );
    await t.post("/apis/authentication.k8s.io/v1/tokenreviews", { spec: {} });
  }),
  it("the log of a pod on no node", async (t) => {
    await t.given("pods", anyNode(t.ns));
    await t.get("pods/p/log");
  }),
  it("the log of a container that there is not", async (t) => {
    await t.given("pods", anyNode(t.ns));
    await t.get("pods/p/log?container=none");
  }),
  it("the log of a pod of several containers", async (t) => {
    const pod = anyNode(t.ns);
    await t.given("pods", {
      ...pod,
      spec: {
        ...pod.spec,
        containers: [
          { name: "a", image: "i" },
          { name: "b", image: "i" },
        ],
      },
    });
    await t.get("pods/p/log");
  }),
  it("options of a log that cannot be", async (t) => {
    await t.given("pods", anyNode(t.ns));
    await t.get("pods/p/log?tailLines=-1");
    await t.get("pods/p/log?sinceSeconds=0");
    await t.get("pods/p/log?limitBytes=0");
    await t.get("pods/p/log?sinceSeconds=5&sinceTime=2026-01-01T00:00:00Z");
  }),
  it("the log of a pod that is not there", (t) => t.get("pods/none/log")),
  it("a namespace's status and finalizers", async (t) => {
    await t.get(`namespaces/${t.ns}/status`, { show: ({ spec, status }) => [spec, status] });
    await t.put(
      `namespaces/${t.ns}/finalize`,
      { metadata: { name: t.ns }, spec: { finalizers: ["example.com/hold", "kubernetes"] } },
      { show: ({ spec }) => spec },
    );
    await t.put(
      `namespaces/${t.ns}/finalize`,
      { metadata: { name: t.ns }, spec: { finalizers: ["kubernetes"] } },
      { show: ({ spec }) => spec },
    );
    await t.patch("merge", `namespaces/${t.ns}`, { spec: { finalizers: [] } }, { show: ({ spec }) => spec });
  }),
]);
