import { Lease } from "@bellows/api";
import { ApiError, type Client, type Logger, silentLogger, VirtualClock } from "@bellows/kube";
import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { TurnOver, watchNeighbours } from "./watch-neighbours.ts";

const start = Date.parse("2026-03-01T12:00:00Z");
const held = (renewTime: string): Lease => ({
  metadata: { namespace: "keda", name: "operator.keda.sh" },
  spec: { holderIdentity: "keda-0", renewTime, leaseDurationSeconds: 45 },
});

/** A cluster whose kinds `items` gives, and what was said about it. */
function world(
  controllers: readonly string[],
  items: (kind: unknown, now: number) => readonly unknown[],
  version: () => unknown = () => ({ gitVersion: "v1.35.4" }),
) {
  const clock = new VirtualClock(start);
  const said: string[] = [];
  const log: Logger = {
    ...silentLogger,
    warn: (message) => void said.push(message),
    info: (message) => void said.push(message),
  };
  const client = {
    raw: async () => version(),
    listAll: async (kind: unknown, { fieldSelector }: { fieldSelector?: string } = {}) => ({
      items: items(kind, clock.now()).filter(
        (each) => !fieldSelector || fieldSelector === `metadata.name=${(each as Lease).metadata.name}`,
      ),
    }),
  };
  const stopping = new AbortController();
  const metrics = new Registry();
  const watch = watchNeighbours({
    ...{ client: client as unknown as Client, clock, log, metrics, controllers, signal: stopping.signal },
    tell: (type, reason) => void said.push(`${type} ${reason}`),
  });
  return { clock, said, watch, metrics, stopping };
}

test("a controller stands by while the upstream operator renews its lease, and acts once it has run out", async () => {
  const lease = held("2026-03-01T12:00:00.000000Z");
  const { clock, said, watch, metrics } = world(["event-scaler"], (kind) => (kind === Lease ? [lease] : []));
  let actedAt: number | undefined;
  void watch.turn().then(({ free }) => {
    if (free.length > 0) actedAt = clock.now();
  });
  await clock.run(0);
  expect(await watch.healthCheck.check()).toContain("KEDA acts here (Lease keda/operator.keda.sh is held by keda-0)");
  expect(await metrics.metrics()).toContain('bellows_standing_by{controller="event-scaler",neighbour="KEDA"} 1');
  await clock.run(30_000);
  expect(actedAt).toBeUndefined();
  await clock.run(30_000);
  expect(actedAt).toBe(start + 60_000);
  expect(await watch.healthCheck.check()).toBeUndefined();
  expect(await metrics.metrics()).not.toContain("neighbour=");
  expect(said).toEqual([
    "standing by",
    "Warning StandingBy",
    "taking over: the other autoscaler is gone",
    "Normal TakingOver",
  ]);
});

test("an operator that comes later ends the turn within half a minute, and gives it back when it is gone", async () => {
  const comesAt = start + 100_000;
  const goesAt = start + 300_000;
  const { clock, said, watch } = world(["event-scaler"], (kind, now) =>
    kind === Lease && now >= comesAt && now < goesAt ? [held(new Date(now).toISOString())] : [],
  );
  const turns: number[] = [];
  const ends: number[] = [];
  const follow = async () => {
    const { free, signal } = await watch.turn();
    expect(free).toEqual(["event-scaler"]);
    turns.push(clock.now() - start);
    signal.addEventListener("abort", () => {
      expect(signal.reason).toBeInstanceOf(TurnOver);
      expect((signal.reason as TurnOver).blocked).toEqual(["event-scaler"]);
      ends.push(clock.now() - start);
      void follow();
    });
  };
  void follow();
  await clock.run(400_000);
  expect({ turns, ends }).toEqual({ turns: [0, 300_000], ends: [120_000] });
  expect(said.filter((each) => each === "standing by")).toHaveLength(1);
});

test("of several controllers in a process, those without a neighbour act", async () => {
  const { watch } = world(["hpa", "event-scaler"], (kind, now) =>
    kind === Lease ? [held(new Date(now).toISOString())] : [],
  );
  expect((await watch.turn()).free).toEqual(["hpa"]);
  expect(await watch.healthCheck.check()).toBeUndefined();
});

test("an API server that is away keeps a controller from starting, and none from going on", async () => {
  let away = true;
  const { clock, watch } = world(["event-scaler"], () => {
    if (away) throw new Error("connection refused");
    return [];
  });
  await clock.run(0);
  expect(await watch.healthCheck.check()).toContain("no look at the cluster yet: connection refused");
  away = false;
  await clock.run(30_000);
  const { signal } = await watch.turn();
  away = true;
  await clock.run(600_000);
  expect(signal.aborted).toBe(false);
});

test("a kind that may not be read is told once, and keeps no controller from acting", async () => {
  const { clock, said, watch } = world(["hpa"], () => {
    throw new ApiError(403, { message: "no" });
  });
  expect((await watch.turn()).free).toEqual(["hpa"]);
  await clock.run(900_000);
  expect(said).toEqual(["other autoscalers may go unnoticed: no permission to read"]);
});

test("on EKS autoscaling/v2 is left to EKS, also where no autoscaler exists yet, and the twin kind is served", async () => {
  const { watch } = world(
    ["hpa", "hpa-twin"],
    () => [],
    () => ({ gitVersion: "v1.35.4-eks-40737a8" }),
  );
  expect((await watch.turn()).free).toEqual(["hpa-twin"]);
});

test("a version that is not told keeps no controller from acting", async () => {
  const refuse = () => {
    throw new ApiError(403, { message: "no" });
  };
  const { said, watch } = world(["hpa"], () => [], refuse);
  expect((await watch.turn()).free).toEqual(["hpa"]);
  expect(said).toEqual(["other autoscalers may go unnoticed: no permission to read"]);
});

test("a process that is to end waits no more", async () => {
  const { clock, watch, stopping } = world(["event-scaler"], (kind, now) =>
    kind === Lease ? [held(new Date(now).toISOString())] : [],
  );
  const turn = watch.turn();
  await clock.run(0);
  stopping.abort();
  await clock.run(0);
  expect((await turn).free).toEqual([]);
});

test("who is to end does not wait for a look that gets no answer", async () => {
  const { clock, stopping, watch } = world(
    ["hpa"],
    () => [],
    () => new Promise(() => {}),
  );
  const turn = watch.turn();
  await clock.run(1_000);
  stopping.abort();
  expect((await turn).free).toEqual([]);
});
