import { expect, test } from "vitest";
import type { ApiObject } from "../api-object.ts";
import { testServer } from "../testing-server.ts";

const message = (body: unknown) => (body as { message: string }).message;
const object = (body: unknown) =>
  body as ApiObject & { spec: Record<string, unknown>; status: Record<string, unknown> };

const pods = "/api/v1/namespaces/default/pods";
const pod = { metadata: { name: "p", labels: { app: "p" } }, spec: { containers: [{ name: "c", image: "nginx" }] } };
const eviction = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: "p" } };
const onNode = { metadata: { name: "p" }, target: { kind: "Node", name: "n1" } };

test("the scale subresource raises the generation, the status subresource does not", async () => {
  const { ask, merge } = await testServer();
  const url = "/apis/apps/v1/namespaces/default/deployments";
  const template = { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c", image: "nginx" }] } };
  await ask("POST", url, { metadata: { name: "w" }, spec: { selector: { matchLabels: { a: "b" } }, template } });
  const scaled = await merge(`${url}/w/scale`, { spec: { replicas: 3 } });
  expect(scaled.body).toMatchObject({ kind: "Scale", spec: { replicas: 3 }, status: { selector: "a=b" } });
  await merge(`${url}/w/status`, { status: { replicas: 1 }, spec: { replicas: 9 } });
  const { body } = await ask("GET", `${url}/w`);
  expect(object(body)).toMatchObject({ metadata: { generation: 2 }, spec: { replicas: 3 }, status: { replicas: 1 } });
});
test("a Pod is bound once", async () => {
  const { ask } = await testServer();
  await ask("POST", pods, pod);
  expect((await ask("POST", `${pods}/p/binding`, onNode)).status).toBe(201);
  expect(object((await ask("GET", `${pods}/p`)).body)).toMatchObject({
    spec: { nodeName: "n1" },
    status: { conditions: [{ type: "PodScheduled", status: "True" }] },
  });
  const again = await ask("POST", `${pods}/p/binding`, { ...onNode, target: { kind: "Node", name: "n2" } });
  expect([again.status, message(again.body)]).toEqual([
    409,
    'Operation cannot be fulfilled on pods/binding "p": pod p is already assigned to node "n1"',
  ]);
});

test("an eviction waits for room in the disruption budget", async () => {
  const { ask, merge } = await testServer();
  const budgets = "/apis/policy/v1/namespaces/default/poddisruptionbudgets";
  await ask("POST", pods, pod);
  await merge(`${pods}/p/status`, { status: { phase: "Running", conditions: [{ type: "Ready", status: "True" }] } });
  await ask("POST", budgets, {
    metadata: { name: "b" },
    spec: { minAvailable: 1, selector: { matchLabels: { app: "p" } } },
  });
  const counts = { currentHealthy: 1, desiredHealthy: 1, expectedPods: 1, observedGeneration: 1 };
  await merge(`${budgets}/b/status`, { status: { ...counts, disruptionsAllowed: 0 } });
  const refused = await ask("POST", `${pods}/p/eviction`, eviction);
  expect(refused.body).toMatchObject({
    code: 429,
    reason: "TooManyRequests",
    message: "Cannot evict pod as it would violate the pod's disruption budget.",
    details: { causes: [{ message: "The disruption budget b needs 1 healthy pods and has 1 currently" }] },
  });
  await merge(`${budgets}/b/status`, { status: { ...counts, currentHealthy: 2, disruptionsAllowed: 1 } });
  expect((await ask("POST", `${pods}/p/eviction`, eviction)).status).toBe(201);
  expect(object((await ask("GET", `${budgets}/b`)).body).status).toMatchObject({ disruptionsAllowed: 0 });
});

test("a resize changes the resources of containers and nothing else", async () => {
  const { ask, merge } = await testServer();
  const sized = { name: "c", image: "nginx", resources: { requests: { cpu: "100m" } } };
  await ask("POST", pods, { ...pod, spec: { containers: [sized] } });
  const container = { name: "c", image: "other", resources: { requests: { cpu: "200m" } } };
  await ask(
    "PATCH",
    `${pods}/p/resize`,
    { spec: { containers: [container] } },
    {
      "content-type": "application/strategic-merge-patch+json",
    },
  );
  const { body } = await ask("GET", `${pods}/p`);
  expect(object(body).spec.containers).toMatchObject([{ image: "nginx", resources: { requests: { cpu: "200m" } } }]);
  expect((await merge(`${pods}/nope/resize`, {})).status).toBe(404);
});

test("a token says whose it is, and for how long", async () => {
  const { ask, server } = await testServer();
  const url = "/api/v1/namespaces/default/serviceaccounts/default/token";
  const { status, body } = await ask("POST", url, { spec: { expirationSeconds: 600 } });
  const { token, expirationTimestamp } = object(body).status as Record<string, string>;
  expect([status, expirationTimestamp]).toEqual([201, "2026-01-01T00:10:00Z"]);
  expect(server.userOf(token as string)?.username).toBe("system:serviceaccount:default:default");
  expect((await ask("POST", url, { spec: { expirationSeconds: 5 } })).status).toBe(422);
});

test("a Namespace is gone when finalize has taken its last finalizer", async () => {
  const { ask } = await testServer();
  await ask("POST", "/api/v1/namespaces", { metadata: { name: "x" } });
  await ask("DELETE", "/api/v1/namespaces/x");
  expect((await ask("GET", "/api/v1/namespaces/x")).body).toMatchObject({ status: { phase: "Terminating" } });
  await ask("PUT", "/api/v1/namespaces/x/finalize", { metadata: { name: "x" }, spec: { finalizers: [] } });
  expect((await ask("GET", "/api/v1/namespaces/x")).status).toBe(404);
});

test.each([
  [
    "POST",
    "eviction",
    { kind: "Pod", apiVersion: "v1" },
    400,
    'Pod in version "v1" cannot be handled as a Eviction: converting (v1.Pod) to (policy.Eviction): unknown conversion',
  ],
  [
    "POST",
    "eviction",
    undefined,
    400,
    "the object provided is unrecognized (must be of type Eviction): couldn't get version/kind; json parse error: unexpected end of JSON input (<empty>)",
  ],
  ["POST", "binding", { metadata: { name: "p" }, target: {} }, 500, "target.name: Required value"],
  [
    "GET",
    "log?tailLines=-1",
    undefined,
    422,
    'PodLogOptions "p" is invalid: tailLines: Invalid value: -1: must be greater than or equal to 0',
  ],
  ["GET", "log?container=x", undefined, 400, "container x is not valid for pod p"],
  ["POST", "log", undefined, 405, "the server does not allow this method on the requested resource"],
  ["POST", "exec?command=ls&stdout=1", undefined, 400, "pod p does not have a host assigned"],
  ["POST", "portforward", undefined, 400, "pod p does not have a host assigned"],
  [
    "GET",
    "proxy/",
    undefined,
    501,
    "the proxy of pods is not served: what runs in this cluster is simulated, and listens on no port",
  ],
  ["GET", "foo", undefined, 404, "the server could not find the requested resource"],
])("%s of pods/p/%s is answered as it should", async (method, subresource, body, status, text) => {
  const { ask } = await testServer();
  await ask("POST", pods, pod);
  const answer = await ask(method, `${pods}/p/${subresource}`, body);
  expect([answer.status, message(answer.body)]).toEqual([status, text]);
});

test("a forwarded port has nobody who listens", async () => {
  const { ask } = await testServer();
  await ask("POST", pods, pod);
  await ask("POST", `${pods}/p/binding`, onNode);
  const { status, body } = await ask("POST", `${pods}/p/portforward`);
  expect([status, message(body)]).toEqual([501, expect.stringContaining("port-forward is not served")]);
});
