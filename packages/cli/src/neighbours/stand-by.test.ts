import { Lease } from "@bellows/api";
import { ApiError, type Client, type Logger, silentLogger, VirtualClock } from "@bellows/kube";
import { expect, test } from "vitest";
import { standBy } from "./stand-by.ts";

test("a controller stands by while the upstream operator renews its lease, and acts once it has run out", async () => {
  const clock = new VirtualClock(Date.parse("2026-03-01T12:00:00Z"));
  const held: Lease = {
    metadata: { namespace: "keda", name: "operator.keda.sh" },
    spec: { holderIdentity: "keda-0", renewTime: "2026-03-01T12:00:00.000000Z", leaseDurationSeconds: 45 },
  };
  const { waiting, warnings } = start(clock, async (kind) => (kind === Lease ? [held] : []), ["event-scaler"]);
  let cleared: number | undefined;
  void waiting.clear.then(() => {
    cleared = clock.now();
  });
  await clock.run(0);
  expect(await waiting.healthCheck.check()).toContain("KEDA acts here (Lease keda/operator.keda.sh is held by keda-0)");
  await clock.run(30_000);
  expect(cleared).toBeUndefined();
  await clock.run(30_000);
  expect(cleared).toBe(Date.parse("2026-03-01T12:01:00Z"));
  expect(await waiting.healthCheck.check()).toBeUndefined();
  expect(warnings).toEqual(["standing by"]);
});

test("a controller that the neighbour does not replace acts at once", async () => {
  const clock = new VirtualClock(0);
  const held: Lease = {
    metadata: { namespace: "keda", name: "operator.keda.sh" },
    spec: { holderIdentity: "keda-0", renewTime: "1970-01-01T00:00:00.000000Z", leaseDurationSeconds: 45 },
  };
  const { waiting } = start(clock, async (kind) => (kind === Lease ? [held] : []), ["hpa"]);
  await waiting.clear;
  expect(clock.now()).toBe(0);
});

test("a kind that may not be listed is told, and keeps no controller from acting", async () => {
  const forbidden = async () => {
    throw new ApiError(403, { message: "no" });
  };
  const { waiting, warnings } = start(new VirtualClock(0), forbidden, ["hpa"]);
  await waiting.clear;
  expect(warnings).toEqual(["other autoscalers may go unnoticed: no permission to list"]);
});

function start(clock: VirtualClock, items: (kind: unknown) => Promise<readonly unknown[]>, controllers: string[]) {
  const warnings: string[] = [];
  const log: Logger = { ...silentLogger, warn: (message) => void warnings.push(message) };
  const client = { listAll: async (kind: unknown) => ({ items: await items(kind), resourceVersion: "1" }) };
  const signal = new AbortController().signal;
  return { waiting: standBy({ client: client as unknown as Client, clock, log, controllers, signal }), warnings };
}
