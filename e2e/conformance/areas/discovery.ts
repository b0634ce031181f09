import { area, it } from "../harness/case.ts";
import type { Json } from "../harness/conversation.ts";

const aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";
const groups = [
  "admissionregistration.k8s.io",
  "apiextensions.k8s.io",
  "apiregistration.k8s.io",
  "apps",
  "authentication.k8s.io",
  "authorization.k8s.io",
  "autoscaling",
  "batch",
  "certificates.k8s.io",
  "coordination.k8s.io",
  "discovery.k8s.io",
  "events.k8s.io",
  "flowcontrol.apiserver.k8s.io",
  "networking.k8s.io",
  "node.k8s.io",
  "policy",
  "rbac.authorization.k8s.io",
  "resource.k8s.io",
  "scheduling.k8s.io",
  "storage.k8s.io",
];
const versions = [
  "admissionregistration.k8s.io/v1",
  "apiextensions.k8s.io/v1",
  "apiregistration.k8s.io/v1",
  "apps/v1",
  "authentication.k8s.io/v1",
  "authorization.k8s.io/v1",
  "autoscaling/v1",
  "autoscaling/v2",
  "batch/v1",
  "certificates.k8s.io/v1",
  "coordination.k8s.io/v1",
  "discovery.k8s.io/v1",
  "events.k8s.io/v1",
  "flowcontrol.apiserver.k8s.io/v1",
  "networking.k8s.io/v1",
  "node.k8s.io/v1",
  "policy/v1",
  "rbac.authorization.k8s.io/v1",
  "resource.k8s.io/v1",
  "scheduling.k8s.io/v1",
  "storage.k8s.io/v1",
];
const alone = { clusterOnly: true };
/** Storage hashes are of the machine's own making. */
const withoutHash = ({ storageVersionHash: _, ...resource }: Json) => resource;
const builtin = (group: Json) => group.metadata?.name === undefined || [...groups, ""].includes(group.metadata.name);

/** What clients learn first: which kinds there are. */
export const discovery = area("discovery", [
  it("the core versions", (t) => t.get("/api", { show: ({ kind, versions }) => ({ kind, versions }) }), alone),
  it(
    "the list of groups, in order",
    (t) =>
      t.get("/apis", {
        show: ({ kind, apiVersion, groups: all }) => ({
          kind,
          apiVersion,
          groups: all.filter((one: Json) => groups.includes(one.name)),
        }),
      }),
    alone,
  ),
  it(
    "the core resources",
    (t) => t.get("/api/v1", { show: (list) => ({ ...list, resources: list.resources.map(withoutHash) }) }),
    alone,
  ),
  ...groups.map((group) => it(`the group ${group}`, (t) => t.get(`/apis/${group}`), alone)),
  ...versions.map((version) =>
    it(
      `the resources of ${version}`,
      (t) => t.get(`/apis/${version}`, { show: (list) => ({ ...list, resources: list.resources.map(withoutHash) }) }),
      alone,
    ),
  ),
  it("a group that there is not", (t) => t.get("/apis/none.example.com"), alone),
  it("a version that there is not of a group that there is", (t) => t.get("/apis/apps/v7"), alone),
  it("aggregated discovery of the core", (t) => t.get("/api", { headers: { accept: aggregated } }), alone),
  ...groups.map((group) =>
    it(
      `aggregated discovery of ${group}`,
      (t) =>
        t.get("/apis", {
          headers: { accept: aggregated },
          show: ({ items }) => items.find((one: Json) => one.metadata.name === group),
        }),
      alone,
    ),
  ),
  it(
    "the order of groups in aggregated discovery",
    (t) =>
      t.get("/apis", {
        headers: { accept: aggregated },
        show: ({ kind, apiVersion, items }) => ({
          kind,
          apiVersion,
          names: items.filter(builtin).map((one: Json) => one.metadata.name),
        }),
      }),
    alone,
  ),
  it(
    "aggregated discovery says its media type",
    async (t) => {
      const { headers } = await t.get("/apis", { headers: { accept: aggregated }, show: ({ kind }) => kind });
      t.note("content-type", headers["content-type"]);
      t.note("has an ETag", /^"[0-9A-F]{128}"$/.test(headers["etag"] ?? ""));
      t.note("varies", headers["vary"]);
    },
    alone,
  ),
  it(
    "aggregated discovery that has not changed",
    async (t) => {
      const { headers } = await t.get("/api", { headers: { accept: aggregated }, show: ({ kind }) => kind });
      await t.get("/api", { headers: { accept: aggregated, "if-none-match": headers["etag"] ?? "" } });
    },
    alone,
  ),
  it(
    "what there is under the root",
    (t) =>
      t.get("/", {
        show: ({ paths }) =>
          paths.filter((path: string) =>
            /^\/(api$|apis$|apis\/apps|version|openapi|healthz$|livez$|readyz$|metrics$)/.test(path),
          ),
      }),
    alone,
  ),
]);
