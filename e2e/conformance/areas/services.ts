import { area, it } from "../harness/case.ts";
import type { Conversation, Json } from "../harness/conversation.ts";

const selector = { app: "x" };
const service = (spec: object) => ({ metadata: { name: "s" }, spec: { ports: [{ port: 80 }], ...spec } });
const show = (body: Json) => (body.kind === "Status" ? [body.message, body.details?.causes] : body.spec);
const make = (t: Conversation, spec: object, query = "") => t.post(`services${query}`, service(spec), { show });
const put = (t: Conversation, spec: object) => t.put("services/s", service(spec), { show });
const merge = (t: Conversation, spec: object) => t.patch("merge", "services/s", { spec }, { show });

type Step = [how: typeof put, spec: object];
/** A Service that is made, and then changed step by step. */
const turns = (name: string, spec: object, ...steps: Step[]) =>
  it(name, async (t) => {
    await make(t, spec);
    for (const [how, next] of steps) await how(t, next);
  });
const refusals = (name: string, ...specs: object[]) =>
  it(name, async (t) => {
    for (const spec of specs) await make(t, spec, "?dryRun=All");
  });

/** Addresses, their families and ports on nodes: what a Service is given, keeps and loses. */
export const services = area("services", [
  turns("without a selector, then with one", {}, [put, { selector }], [put, {}]),
  turns("headless, replaced without an address", { clusterIP: "None", selector }, [
    put,
    { sessionAffinity: "ClientIP" },
  ]),
  turns("headless for whatever there is", { clusterIP: "None" }, [put, { ports: [] }], [merge, { selector }]),
  turns("headless for whatever there is, of one family", { clusterIP: "None", ipFamilyPolicy: "SingleStack" }, [
    merge,
    { ipFamilyPolicy: "PreferDualStack" },
  ]),
  turns(
    "headless gets no address any more",
    { clusterIP: "None", selector },
    [merge, { clusterIP: "10.100.0.77" }],
    [merge, { clusterIP: null, clusterIPs: null }],
  ),
  turns(
    "an address is not taken away",
    { selector },
    [merge, { clusterIP: "None" }],
    [merge, { clusterIP: null }],
    [merge, { clusterIPs: [] }],
  ),
  turns(
    "dual where it can be",
    { ipFamilyPolicy: "PreferDualStack" },
    [put, {}],
    [merge, { ipFamilyPolicy: "SingleStack" }],
  ),
  turns("another family", { selector }, [merge, { ipFamilies: ["IPv6"] }], [merge, { ipFamilies: ["IPv4", "IPv6"] }]),
  turns(
    "out of a name of elsewhere and back",
    { type: "ExternalName", externalName: "a.example" },
    [put, { selector }],
    [put, { type: "ExternalName", externalName: "a.example" }],
    [merge, { type: "ClusterIP" }],
  ),
  turns("a name of elsewhere with an address", { selector }, [
    merge,
    { type: "ExternalName", externalName: "a.example", clusterIP: "10.100.0.78" },
  ]),
  turns(
    "ports on nodes, by name",
    { type: "NodePort", ports: [{ name: "a", port: 80 }] },
    [
      put,
      {
        type: "NodePort",
        ports: [
          { name: "a", port: 81 },
          { name: "b", port: 82 },
        ],
      },
    ],
    [put, { type: "ClusterIP", ports: [{ name: "a", port: 81 }] }],
  ),
  turns(
    "a load balancer",
    { type: "LoadBalancer", selector },
    [merge, { externalTrafficPolicy: "Local" }],
    [merge, { type: "NodePort" }],
    [merge, { type: "ClusterIP" }],
  ),
  turns("a load balancer without ports on nodes", { type: "LoadBalancer", allocateLoadBalancerNodePorts: false }, [
    merge,
    { type: "ClusterIP" },
  ]),
  turns(
    "a class of load balancers",
    { type: "LoadBalancer", loadBalancerClass: "example.com/a" },
    [merge, { loadBalancerClass: "example.com/b" }],
    [merge, { type: "ClusterIP" }],
  ),
  refusals(
    "families that cannot be",
    { ipFamilyPolicy: "RequireDualStack" },
    { ipFamilyPolicy: "Sometimes" },
    { ipFamilies: ["IPv6"] },
    { ipFamilies: ["IPv4", "IPv4"] },
    { ipFamilies: ["IPv4", "IPv6"] },
    { ipFamilies: ["IPv9"] },
    { ipFamilies: ["IPv4", "IPv6"], ipFamilyPolicy: "PreferDualStack" },
    { clusterIP: "None", ipFamilies: ["IPv6"], selector },
    { clusterIP: "None", ipFamilies: ["IPv6"] },
    { clusterIP: "None", ipFamilies: ["IPv6"], ipFamilyPolicy: "SingleStack" },
    { clusterIP: "None", ipFamilyPolicy: "RequireDualStack", selector },
  ),
  refusals(
    "addresses that cannot be",
    { clusterIPs: ["10.100.0.79"] },
    { clusterIP: "10.100.0.79", clusterIPs: ["10.100.0.80"] },
    { clusterIP: "10.100.0.79", clusterIPs: ["10.100.0.79", "10.100.0.80"] },
    { clusterIP: "10.100.0.79", clusterIPs: ["10.100.0.79", "fd00::1"] },
    { clusterIP: "fd00::1" },
    { clusterIP: "10.1.1.1" },
    { clusterIP: "None", clusterIPs: ["None", "10.100.0.79"] },
    { clusterIP: "nowhere" },
    { clusterIP: "10.100.0.79", ipFamilies: ["IPv6"] },
    { clusterIP: "None", type: "NodePort" },
  ),
]);
