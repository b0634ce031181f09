import { expect, test } from "vitest";
import { serviceResolver } from "./service-target.ts";
import { testServer } from "./testing-server.ts";

const services = "/api/v1/namespaces/default/services";
const slices = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices";
const reference = { namespace: "default", name: "hook" };
const port443 = { spec: { ports: [{ name: "https", port: 443 }] } };
const slice = (endpoint: object) => ({
  metadata: { name: "hook", labels: { "kubernetes.io/service-name": "hook" } },
  addressType: "IPv4",
  ports: [{ name: "https", port: 8443 }],
  endpoints: [{ addresses: ["192.0.2.1"], ...endpoint }],
});

test.each([
  { name: "an address of its slices", service: port443, endpoint: {}, found: { host: "192.0.2.1", port: 8443 } },
  {
    name: "its external name and target port",
    service: {
      spec: { type: "ExternalName", externalName: "localhost", ports: [{ port: 443, targetPort: 6443 }] },
    },
    found: { host: "localhost", port: 6443 },
  },
  {
    name: "its external name alone",
    service: { spec: { type: "ExternalName", externalName: "a.example" } },
    found: { host: "a.example", port: 443 },
  },
])("a Service leads to $name", async ({ service, endpoint, found }) => {
  const { ask, server } = await testServer();
  await ask("POST", services, { metadata: { name: "hook" }, ...service });
  if (endpoint) await ask("POST", slices, slice(endpoint));
  expect(serviceResolver(server.store)(reference)).toEqual({ ...found, serverName: "hook.default.svc" });
});

test.each([
  { name: "it is not there", why: 'service "hook" not found' },
  { name: "it has another port", service: { spec: { ports: [{ port: 80 }] } }, why: "no service port 443 found" },
  { name: "nothing is behind it", service: port443, why: 'no endpoints available for service "hook"' },
  {
    name: "nothing is ready",
    service: port443,
    endpoint: { conditions: { ready: false } },
    why: "no endpoints available",
  },
  {
    name: "only a simulated pod is behind it",
    service: port443,
    endpoint: { targetRef: { kind: "Pod", name: "p" } },
    why: "dial tcp 192.0.2.1:8443: connect: connection refused",
  },
])("a Service leads nowhere where $name", async ({ service, endpoint, why }) => {
  const { ask, server } = await testServer();
  if (service) await ask("POST", services, { metadata: { name: "hook" }, ...service });
  if (endpoint) await ask("POST", slices, slice(endpoint));
  expect(() => serviceResolver(server.store)(reference)).toThrow(why);
});
