import type { NodePool, Pod } from "@bellows/api";
import { amountsOf, subtract } from "@bellows/aws";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { InstanceType } from "./instance-type.ts";
import { type NodeInput, type PackingInput, pack } from "./packing.ts";
import { requirementsOf } from "./requirements.ts";
import { capacityTypeLabel, instanceTypeLabel, zoneLabel } from "./well-known-labels.ts";

const zones = ["a", "b", "c"];

function aType(name: string, cpu: number, usdPerHour: number): InstanceType {
  const offerings = zones.map((zone) => ({
    labels: { [zoneLabel]: zone, [capacityTypeLabel]: "on-demand" },
    zone,
    capacityType: "on-demand",
    usdPerHour,
    available: true,
  }));
  const capacity = { ...amountsOf({ cpu: String(cpu), memory: `${cpu * 4}Gi` }), pods: 50 };
  return {
    name,
    capacity,
    allocatable: subtract(capacity, { cpu: 100 }),
    offerings,
    requirements: requirementsOf([
      { key: instanceTypeLabel, operator: "In", values: [name] },
      { key: zoneLabel, operator: "In", values: zones },
      { key: capacityTypeLabel, operator: "In", values: ["on-demand"] },
      { key: "kubernetes.io/arch", operator: "In", values: ["amd64"] },
    ]),
  };
}

const instanceTypes = [aType("small", 2, 0.1), aType("medium", 4, 0.2), aType("large", 8, 0.4)];

const aPool = (name: string, spec: object = {}, template: object = {}): NodePool =>
  ({
    metadata: { name },
    spec: {
      template: {
        spec: {
          requirements: [],
          nodeClassRef: { group: "g", kind: "k", name: "n" },
          expireAfter: "Never",
          ...template,
        },
      },
      disruption: { consolidateAfter: "0s", budgets: [] },
      ...spec,
    },
  }) as unknown as NodePool;

const aPod = (name: string, cpu: string, spec: Partial<NonNullable<Pod["spec"]>> = {}): Pod => ({
  metadata: { name, namespace: "default", uid: name, labels: { app: "web" } },
  spec: { containers: [{ name: "app", image: "app", resources: { requests: { cpu } } }], ...spec },
});

const pods = (count: number, cpu: string, spec: Partial<NonNullable<Pod["spec"]>> = {}): Pod[] =>
  Array.from({ length: count }, (_, index) => aPod(`pod-${index}`, cpu, spec));

const aNode = (name: string, zone: string, running: readonly Pod[] = []): NodeInput => ({
  name,
  labels: { [zoneLabel]: zone, "kubernetes.io/hostname": name },
  taints: [],
  initialized: true,
  capacity: amountsOf({ cpu: "2", memory: "8Gi", pods: "50" }),
  allocatable: amountsOf({ cpu: "2", memory: "8Gi", pods: "50" }),
  pods: running,
});

const solve = (input: Partial<PackingInput>) =>
  pack({ nodePools: [{ nodePool: aPool("default"), instanceTypes }], nodes: [], daemonPods: [], pods: [], ...input });

/** `small+medium(3)` for a claim of three pods that may be small or medium. */
const shown = (packing: ReturnType<typeof solve>): string[] =>
  packing.claims.map((claim) => `${claim.instanceTypes.map(({ name }) => name).join("+")}(${claim.pods.length})`);

const spread = (topologyKey: string, maxSkew = 1, more: object = {}) => ({
  topologySpreadConstraints: [
    {
      topologyKey,
      maxSkew,
      whenUnsatisfiable: "DoNotSchedule",
      labelSelector: { matchLabels: { app: "web" } },
      ...more,
    },
  ],
});
const affinityTerm = (topologyKey: string) => ({ topologyKey, labelSelector: { matchLabels: { app: "web" } } });

describe("where pods go", () => {
  test.each([
    { name: "one pod may have any type", input: { pods: pods(1, "1") }, to: ["small+medium+large(1)"] },
    { name: "more pods rule the smaller types out", input: { pods: pods(3, "1") }, to: ["medium+large(3)"] },
    { name: "what no type holds is split", input: { pods: pods(9, "1") }, to: ["medium+large(2)", "large(7)"] },
    {
      name: "a pod for each host",
      input: { pods: pods(2, "1", spread("kubernetes.io/hostname")) },
      to: ["small+medium+large(1)", "small+medium+large(1)"],
    },
    {
      name: "two pods for each host",
      input: { pods: pods(4, "100m", spread("kubernetes.io/hostname", 2)) },
      to: ["small+medium+large(2)", "small+medium+large(2)"],
    },
    {
      name: "anti-affinity gives each its own host",
      input: {
        pods: pods(2, "1", {
          affinity: {
            podAntiAffinity: {
              requiredDuringSchedulingIgnoredDuringExecution: [affinityTerm("kubernetes.io/hostname")],
            },
          },
        }),
      },
      to: ["small+medium+large(1)", "small+medium+large(1)"],
    },
  ])("$name", ({ input, to }) => expect(shown(solve(input)).sort()).toEqual([...to].sort()));

  test("a node that is there is used first", () => {
    const packing = solve({ pods: pods(2, "1"), nodes: [aNode("n1", "a")] });
    expect([...packing.nodes].map(([name, list]) => [name, list.length])).toEqual([["n1", 2]]);
    expect(packing.claims).toEqual([]);
  });

  test("a pool of more weight is tried first, and the next one for what it cannot have", () => {
    const nodePools = [
      { nodePool: aPool("light"), instanceTypes },
      { nodePool: aPool("heavy", { weight: 10, limits: { cpu: "8" } }), instanceTypes },
    ];
    const packing = solve({ nodePools, pods: pods(9, "1") });
    expect(packing.claims.map((claim) => claim.nodePool.metadata.name).sort()).toEqual(["heavy", "light"]);
  });

  test("zones are filled evenly, with what is there counted", () => {
    const running = { ...aPod("old", "100m"), spec: { containers: [], nodeName: "n1" } };
    const packing = solve({
      pods: pods(2, "1900m", spread(zoneLabel)),
      nodes: [aNode("n1", "a", [running as Pod])],
    });
    const used = packing.claims.map((claim) => claim.requirements.get(zoneLabel)?.single).sort();
    expect(used).toEqual(["b", "c"]);
  });

  test("minDomains lets none have more than maxSkew until there are so many", () => {
    const packing = solve({ pods: pods(5, "100m", spread(zoneLabel, 1, { minDomains: 5 })) });
    expect(packing.claims.reduce((count, claim) => count + claim.pods.length, 0)).toBe(3);
    expect(packing.refused.size).toBe(2);
  });

  test("a group that wants one zone ends in one", () => {
    const packing = solve({
      pods: pods(12, "1", {
        affinity: {
          podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [affinityTerm(zoneLabel)] },
        },
      }),
    });
    expect(new Set(packing.claims.map((claim) => claim.requirements.get(zoneLabel)?.single)).size).toBe(1);
    expect(packing.refused.size).toBe(0);
  });

  test("a pod that others keep away goes elsewhere", () => {
    const guard = aPod("guard", "100m", {
      affinity: {
        podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [affinityTerm("kubernetes.io/hostname")] },
      },
    });
    const packing = solve({ pods: pods(1, "100m"), nodes: [aNode("n1", "a", [guard])] });
    expect([...packing.nodes.keys()]).toEqual([]);
    expect(packing.claims).toHaveLength(1);
  });

  test("a preference is given up where it cannot be had", () => {
    const affinity = {
      nodeAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 1, preference: { matchExpressions: [{ key: zoneLabel, operator: "In", values: ["nowhere"] }] } },
        ],
      },
    };
    expect(shown(solve({ pods: pods(1, "1", { affinity }) }))).toEqual(["small+medium+large(1)"]);
  });

  test("daemons take their room on every new node", () => {
    const daemon = aPod("agent", "1");
    expect(shown(solve({ pods: pods(1, "1"), daemonPods: [daemon] }))).toEqual(["medium+large(1)"]);
  });

  test("two pods that want one port of the host do not share it", () => {
    const ports = [{ containerPort: 80, hostPort: 80 }];
    const container = { name: "app", image: "app", ports, resources: { requests: { cpu: "100m" } } };
    const packing = solve({ pods: pods(2, "1").map((pod) => ({ ...pod, spec: { containers: [container] } })) });
    expect(packing.claims).toHaveLength(2);
  });
});

describe("why pods go nowhere", () => {
  const why = (input: Partial<PackingInput>): string => [...solve(input).refused.values()][0] ?? "";

  test.each([
    {
      name: "taints",
      input: {
        pods: pods(1, "1"),
        nodePools: [
          {
            nodePool: aPool("default", {}, { taints: [{ key: "dedicated", value: "batch", effect: "NoSchedule" }] }),
            instanceTypes,
          },
        ],
      },
      message: "did not tolerate taint (taint=dedicated=batch:NoSchedule)",
    },
    {
      name: "an unknown label",
      input: { pods: pods(1, "1", { nodeSelector: { team: "blue" } }) },
      message: 'incompatible requirements, label "team" does not have known values',
    },
    {
      name: "limits",
      input: {
        pods: pods(1, "1"),
        nodePools: [{ nodePool: aPool("default", { limits: { cpu: "1" } }), instanceTypes }],
      },
      message: "all available instance types exceed limits for nodepool (NodePool=default)",
    },
    {
      name: "no node more",
      input: {
        pods: pods(1, "1"),
        nodePools: [{ nodePool: aPool("default", { limits: { nodes: "0" } }), instanceTypes }],
      },
      message: "node limits have been exhausted for nodepool (NodePool=default)",
    },
    {
      name: "no pool",
      input: { pods: pods(1, "1"), nodePools: [] },
      message: "nodepool requirements filtered out all available instance types",
    },
  ])("$name", ({ input, message }) => expect(why(input)).toBe(message));

  test("size", () => {
    expect(why({ pods: pods(1, "100") })).toMatch(
      /^no instance type has enough resources, requirements=.*, resources=\{"cpu":"100","pods":"1"\}$/,
    );
  });
});

const anyPods = fc
  .array(
    fc.record({
      cpu: fc.constantFrom("100m", "900m", "1", "1900m", "3", "7", "20"),
      zone: fc.option(fc.constantFrom(...zones), { nil: undefined }),
      kind: fc.constantFrom("plain", "spread", "alone"),
    }),
    { maxLength: 25 },
  )
  .map((shapes) =>
    shapes.map(({ cpu, zone, kind }, index) =>
      aPod(`pod-${index}`, cpu, {
        ...(zone && { nodeSelector: { [zoneLabel]: zone } }),
        ...(kind === "spread" && spread(zoneLabel, 2)),
        ...(kind === "alone" && spread("kubernetes.io/hostname")),
      }),
    ),
  );

test("no pod is lost, and none is placed twice", () => {
  fc.assert(
    fc.property(anyPods, (some) => {
      const packing = solve({ pods: some, nodes: [aNode("n1", "a")] });
      const placed = [...packing.claims.flatMap((claim) => claim.pods), ...[...packing.nodes.values()].flat()];
      const names = [...placed.map(({ metadata }) => metadata.name), ...packing.refused.keys()].sort();
      expect(names).toEqual(some.map(({ metadata }) => metadata.name).sort());
    }),
  );
});

test("limits are kept whatever is launched, and every instance type that a claim names has room for its pods", () => {
  fc.assert(
    fc.property(anyPods, fc.integer({ min: 0, max: 30 }), (some, cpu) => {
      const nodePools = [{ nodePool: aPool("default", { limits: { cpu: String(cpu) } }), instanceTypes }];
      const { claims } = solve({ pods: some, nodePools });
      const most = claims.reduce(
        (total, claim) => total + Math.max(...claim.instanceTypes.map((type) => type.capacity["cpu"] ?? 0)),
        0,
      );
      expect(most).toBeLessThanOrEqual(cpu * 1000);
      for (const claim of claims) {
        for (const type of claim.instanceTypes)
          expect(type.allocatable["cpu"]).toBeGreaterThanOrEqual(claim.requests["cpu"] ?? 0);
      }
    }),
  );
});

test("the order in which pods come changes nothing", () => {
  fc.assert(
    fc.property(anyPods, fc.infiniteStream(fc.nat()), (some, noise) => {
      const shuffled = some
        .map((pod) => ({ pod, at: noise.next().value as number }))
        .sort((a, b) => a.at - b.at)
        .map(({ pod }) => pod);
      expect(shown(solve({ pods: shuffled }))).toEqual(shown(solve({ pods: some })));
    }),
  );
});
