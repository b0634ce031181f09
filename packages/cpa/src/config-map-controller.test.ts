import { ConfigMap, Deployment } from "@bellows/api";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CpaSettings, cpaProcess } from "./config.ts";
import { configMapController } from "./config-map-controller.ts";
import { CpaWorld } from "./testing/cpa-world.ts";

let world: CpaWorld;
let gaveUp: string[];

beforeEach(async () => {
  world = new CpaWorld();
  gaveUp = [];
  await world.addNodes("a", "b");
  await world.addDeployment("web");
});
afterEach(() => world.stop());

/** As `bellows cpa` with these flags. */
async function start(settings: object): Promise<void> {
  const given = { target: "deployment/web", configmap: "params", namespace: "default", ...settings };
  const read = CpaSettings.parse({ clusterProportionalAutoscalers: false, ...given });
  const giveUp = (reason: string) => void gaveUp.push(reason);
  await world.run(...cpaProcess(read).controllers({ clock: world.clock, giveUp }));
}

const perNode = (replicas: number) => ({ linear: JSON.stringify({ nodesPerReplica: 1 / replicas }) });

describe("the ConfigMap", () => {
  test("is followed as it changes, also from one control mode to the other", async () => {
    await start({});
    await world.setParams("params", perNode(1));
    expect(world.replicas("web")).toBe(2);
    await world.setParams("params", perNode(2));
    expect(world.replicas("web")).toBe(4);
    await world.setParams("params", { ladder: '{"nodesToReplicas":[[0,0],[2,7]]}' });
    expect(world.replicas("web")).toBe(7);
  });

  test("that can't be used is told of, and the parameters before it stay in force", async () => {
    await start({});
    await world.setParams("params", perNode(1));
    await world.setParams("params", { linear: '{"nodesPerReplica":-1}' });
    expect(world.replicas("web")).toBe(2);
    await world.addNodes("c");
    expect(world.replicas("web")).toBe(3);
    expect(await world.events()).toContain(
      "ConfigMap/params InvalidParams: data.linear.nodesPerReplica: -1, expected a number of 0 or more; the parameters before it stay in force",
    );
  });

  test("that could never be used leaves the replicas as they are", async () => {
    await start({});
    await world.setParams("params", { linear: "{" });
    await world.addNodes("c");
    expect(world.replicas("web")).toBe(1);
    expect(await world.events()).toEqual([expect.stringContaining("the targets' replicas are left as they are")]);
  });

  test("with a misspelt field is used, and the field is told of", async () => {
    await start({});
    await world.setParams("params", { linear: '{"nodesPerReplica":1,"maximum":1}' });
    expect(world.replicas("web")).toBe(2);
    expect(await world.events()).toContainEqual(
      expect.stringContaining("UnknownParam: data.linear.maximum: unknown, expected any of"),
    );
  });

  test("that is deleted counts no more", async () => {
    await start({});
    await world.setParams("params", perNode(1));
    await world.client.delete(ConfigMap, { namespace: "default", name: "params" });
    await world.addNodes("c");
    expect(world.replicas("web")).toBe(2);
  });

  test("is made of the default parameters where it is missing, and again when it is deleted", async () => {
    await start({ defaultParams: '{"linear":{"nodesPerReplica":1}}' });
    const data = () => world.server.objects(ConfigMap).map((each) => each.data);
    expect(data()).toEqual([{ linear: '{"nodesPerReplica":1}' }]);
    expect(world.replicas("web")).toBe(2);
    await world.client.delete(ConfigMap, { namespace: "default", name: "params" });
    await world.settle();
    expect(data()).toEqual([{ linear: '{"nodesPerReplica":1}' }]);
  });
});

describe("targets", () => {
  test("are all sized, also after one that is not there, and that one as soon as it is", async () => {
    await world.addDeployment("last");
    await start({ target: "deployment/web,deployment/late,Deployment/last" });
    await world.setParams("params", perNode(1));
    expect([world.replicas("web"), world.replicas("late"), world.replicas("last")]).toEqual([2, undefined, 2]);
    expect(await world.events()).toContainEqual(expect.stringMatching(/FailedRescale: Deployment\/late: .*not found/));
    await world.addDeployment("late");
    expect(world.replicas("late")).toBe(2);
  });

  test.each([
    { ignoreNeighbours: false, replicas: 1 },
    { ignoreNeighbours: true, replicas: 2 },
  ])("that upstream's autoscaler sizes are left to it, unless neighbours are ignored: $replicas", async (given) => {
    const image = "registry.k8s.io/cpa/cluster-proportional-autoscaler:1.8.6";
    const containers = [{ name: "a", image, args: ["--configmap=other", "--target=deployment/web"] }];
    await world.addDeployment("web-autoscaler", { template: { spec: { containers } } });
    const key = { namespace: "default", name: "web-autoscaler" };
    await world.client.patch(Deployment, key, { type: "merge", body: { status: { readyReplicas: 1 } } });
    await world.addDeployment("dns");
    await start({ target: "deployment/web,deployment/dns", ignoreNeighbours: given.ignoreNeighbours });
    await world.setParams("params", perNode(1));
    expect([world.replicas("web"), world.replicas("dns")]).toEqual([given.replicas, 2]);
    const events = (await world.events()).filter((each) => each.includes("AmbiguousTarget"));
    expect(events).toEqual(
      given.ignoreNeighbours
        ? []
        : [
            "ConfigMap/params AmbiguousTarget: Deployment/web is a target of Deployment default/web-autoscaler, too; scale that to 0",
          ],
    );
  });

  test("that somebody else scales are put right at once", async () => {
    await start({});
    await world.setParams("params", perNode(1));
    await world.client.updateScale({ apiVersion: "apps/v1", kind: "Deployment", namespace: "default", name: "web" }, 9);
    await world.settle();
    expect(world.replicas("web")).toBe(2);
  });
});

describe("nodes", () => {
  test("only those under the selector count", async () => {
    await start({ nodelabels: "pool=dns" });
    await world.setParams("params", { ladder: '{"nodesToReplicas":[[0,0],[1,1],[2,2]]}' });
    expect(world.replicas("web")).toBe(0);
    await world.patchNode("a", { metadata: { labels: { pool: "dns" } } });
    expect(world.replicas("web")).toBe(1);
  });

  test("that are cordoned or not ready count no more, at once", async () => {
    await start({});
    await world.setParams("params", { ladder: '{"nodesToReplicas":[[0,0],[1,1],[2,2]]}' });
    await world.patchNode("a", { spec: { unschedulable: true } });
    expect(world.replicas("web")).toBe(1);
    await world.patchNode("b", { status: { conditions: [{ type: "Ready", status: "Unknown" }] } });
    expect(world.replicas("web")).toBe(0);
  });

  test("a heartbeat costs no request, nor does a poll of a target that is as it should be", async () => {
    await start({});
    await world.setParams("params", perNode(1));
    expect(world.scaleRequests()).toBeGreaterThan(0);
    await world.patchNode("a", { status: { images: [] } });
    await world.clock.run(60_000);
    expect(world.scaleRequests()).toBe(0);
  });
});

describe("--max-sync-failures", () => {
  test("ends the process after as many failures in a row, a poll period apart", async () => {
    await start({ maxSyncFailures: 3 });
    await world.clock.run(19_000);
    expect(gaveUp).toEqual([]);
    await world.clock.run(2_000);
    expect(gaveUp).toEqual(['3 syncs failed in a row: configmaps "params" not found']);
  });

  test("counts from the start after one that went well", async () => {
    await start({ maxSyncFailures: 3 });
    await world.clock.run(15_000);
    await world.setParams("params", perNode(1));
    await world.setParams("params", { linear: "" });
    await world.clock.run(15_000);
    expect(gaveUp).toEqual([]);
  });
});

describe("where Deployments are adopted", () => {
  const flags = ["--namespace=default", "--configmap=params", "--target=deployment/web"];
  const running = (image: string, args: readonly string[]) => ({
    template: { spec: { containers: [{ name: "main", image, args }] } },
  });

  test.each([
    ["upstream's", "registry.k8s.io/cpa/cluster-proportional-autoscaler:1.8.6", flags],
    ["upstream's of its older charts", "k8s.gcr.io/cluster-proportional-autoscaler-amd64:1.7.1", flags],
    ["this project's chart's", "bellows:0.1.0", ["cpa", ...flags]],
  ])("one of %s image says what is sized", async (_, image, args) => {
    await world.run(configMapController({ adoptDeployments: true }));
    await world.addDeployment("cpa", running(image, args));
    await world.setParams("params", perNode(1));
    expect(world.replicas("web")).toBe(2);
  });

  test("one with flags that can't be used is told so", async () => {
    await world.run(configMapController({ adoptDeployments: true }));
    await world.addDeployment(
      "cpa",
      running("cpa/cluster-proportional-autoscaler", ["--configmap=params", "--target=job/web"]),
    );
    expect(await world.events()).toEqual([
      expect.stringContaining('Deployment/cpa InvalidFlags: target: "job/web", expected KIND/NAME'),
    ]);
  });
});

test.each([
  [{ configmap: "" }, "--configmap, --namespace: not given"],
  [{ target: "web" }, '--target: "web", expected KIND/NAME'],
  [{ nodelabels: "a in" }, '--nodelabels: "a in", expected a label selector'],
  [{ defaultParams: "{" }, "--default-params: not JSON"],
  [{ defaultParams: '{"linear":{}}' }, "--default-params.linear: neither coresPerReplica nor nodesPerReplica"],
])("the settings %j are refused", (settings, message) => {
  const read = CpaSettings.parse({ target: "deployment/web", configmap: "params", namespace: "default", ...settings });
  expect(() => cpaProcess(read)).toThrow(message);
});
