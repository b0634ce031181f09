import { Registry } from "prom-client";
import { expect, test } from "vitest";
import type { Clock } from "./clock.ts";
import { createEventRecorder } from "./event-recorder.ts";
import { createLeaderElection } from "./leader-election.ts";
import { silentLogger } from "./logging.ts";
import { createManager } from "./manager.ts";
import { seededRandom } from "./random.ts";
import { createClient } from "./rest-client.ts";
import { aKind, FakeApiServer } from "./testing/fake-api-server.ts";
import { TransportError } from "./transport.ts";
import { VirtualClock } from "./virtual-clock.ts";

const Lease = aKind("Lease", { group: "coordination.k8s.io" });
const Event = aKind("Event");

function aWorld() {
  const clock = new VirtualClock(Date.parse("2026-01-01T00:00:00Z"));
  const server = new FakeApiServer();
  const random = seededRandom(7);
  /** A process that counts how long it leads; `skewMs` is how far its clock is off. */
  function candidate(identity: string, skewMs = 0) {
    const skewed: Clock = { now: () => clock.now() + skewMs, after: (ms, run) => clock.after(ms, run) };
    // Each has a connection of its own, which may break.
    const connection = { down: false };
    const client = createClient({
      request: async (request) => {
        if (connection.down) throw new TransportError("connection refused");
        return server.request(request);
      },
      watch: (request, handler) => server.watch(request, handler),
    });
    const base = { client, clock: skewed, random, log: silentLogger };
    const metrics = new Registry();
    const events = createEventRecorder({ ...base, component: identity });
    const election = createLeaderElection({
      ...base,
      namespace: "kube-system",
      name: "bellows",
      identity,
      events,
      metrics,
    });
    const stopping = new AbortController();
    const state = { leads: false, terms: 0 };
    const done = election.run(stopping.signal, async (leading) => {
      state.leads = true;
      state.terms++;
      await new Promise<void>((resolve) => leading.addEventListener("abort", () => resolve()));
      state.leads = false;
    });
    return { state, election, connection, metrics, done, stop: () => stopping.abort() };
  }
  const spec = () => (server.objects(Lease)[0] as unknown as { spec: Record<string, unknown> }).spec;
  return { clock, server, candidate, spec };
}

test("the first candidate leads, the second waits", async () => {
  const { clock, candidate, spec } = aWorld();
  const a = candidate("a");
  const b = candidate("b");
  await clock.run(120_000);
  expect([a.state, b.state]).toEqual([
    { leads: true, terms: 1 },
    { leads: false, terms: 0 },
  ]);
  expect(b.election.holder).toBe("a");
  expect(spec()).toEqual({
    holderIdentity: "a",
    leaseDurationSeconds: 15,
    acquireTime: "2026-01-01T00:00:00.000000Z",
    renewTime: "2026-01-01T00:02:00.000000Z",
    leaseTransitions: 0,
  });
  expect(await a.metrics.metrics()).toContain('leader_election_master_status{name="bellows"} 1');
  expect(await b.metrics.metrics()).toContain('leader_election_master_status{name="bellows"} 0');
});

test("a leader that stops hands over within one retry, and both say so in Events", async () => {
  const { clock, server, candidate, spec } = aWorld();
  const a = candidate("a");
  await clock.run(0);
  const b = candidate("b");
  await clock.run(30_000);
  a.stop();
  await clock.run(2000 * 2.2);
  await a.done;
  expect([a.state.leads, b.state.leads]).toEqual([false, true]);
  expect(spec()).toMatchObject({ holderIdentity: "b", leaseTransitions: 1 });
  const events = server.objects(Event) as unknown as { reason: string; message: string }[];
  expect(events.map(({ reason, message }) => `${reason}: ${message}`)).toEqual([
    "LeaderElection: a became leader",
    "LeaderElection: a stopped leading",
    "LeaderElection: b became leader",
  ]);
});

test("a leader that is cut off stops acting before the other begins", async () => {
  const { clock, candidate } = aWorld();
  const a = candidate("a");
  await clock.run(0);
  const b = candidate("b");
  await clock.run(30_000);
  a.connection.down = true;
  let both = false;
  for (let second = 0; second < 40; second++) {
    await clock.run(1000);
    both ||= a.state.leads && b.state.leads;
    if (second === 8) expect(a.state.leads).toBe(true);
  }
  expect(both).toBe(false);
  expect([a.state.leads, b.state.leads]).toEqual([false, true]);
});

test("a leader that stops keeps its Lease until its work has ended", async () => {
  const { clock, server, spec } = aWorld();
  const base = { clock, random: seededRandom(7), log: silentLogger, namespace: "kube-system", name: "bellows" };
  const stopping = new AbortController();
  const { promise: work, resolve: finish } = Promise.withResolvers<void>();
  const done = createLeaderElection({ ...base, client: createClient(server), identity: "a" }).run(
    stopping.signal,
    () => work,
  );
  await clock.run(10_000);
  stopping.abort();
  await clock.run(60_000);
  expect(spec()).toMatchObject({ holderIdentity: "a", renewTime: "2026-01-01T00:01:10.000000Z" });
  finish();
  await done;
  expect(spec()).toMatchObject({ holderIdentity: "", leaseDurationSeconds: 1 });
});

test("is unhealthy when it holds the Lease but cannot renew it", async () => {
  const { clock, server, candidate } = aWorld();
  const { election } = candidate("a");
  await clock.run(10_000);
  server.intercept = () => new Promise(() => {});
  const { check } = election.healthCheck;
  expect(check()).toBeUndefined();
  await clock.run(40_000);
  expect(check()).toBe("failed election to renew leadership on lease bellows");
});

test("a request that never answers does not keep a leader in office", async () => {
  const { clock, server, candidate } = aWorld();
  const a = candidate("a");
  await clock.run(10_000);
  server.intercept = () => new Promise(() => {});
  await clock.run(13_000);
  expect(a.state.leads).toBe(false);
});

test.each([-3_600_000, 3_600_000])("clocks that differ by %d ms do not matter", async (skewMs) => {
  const { clock, candidate } = aWorld();
  const a = candidate("a");
  await clock.run(0);
  const b = candidate("b", skewMs);
  await clock.run(300_000);
  expect([a.state, b.state]).toEqual([
    { leads: true, terms: 1 },
    { leads: false, terms: 0 },
  ]);
});

test("a Lease whose holder died is taken after it stood still for its duration", async () => {
  const { clock, server, candidate } = aWorld();
  const renewTime = "2026-01-01T00:00:00.000000Z";
  await createClient(server).create(Lease, {
    metadata: { namespace: "kube-system", name: "bellows", labels: { kept: "yes" } },
    spec: { holderIdentity: "dead", leaseDurationSeconds: 15, renewTime, acquireTime: renewTime, leaseTransitions: 4 },
  } as never);
  const a = candidate("a");
  await clock.run(14_000);
  expect(a.state.leads).toBe(false);
  await clock.run(6_000);
  expect(a.state.leads).toBe(true);
  expect(server.objects(Lease)[0]).toMatchObject({
    metadata: { labels: { kept: "yes" } },
    spec: { leaseTransitions: 5 },
  });
});

test("a manager runs its controllers only while it leads, and is done when it no longer does", async () => {
  const { clock, server } = aWorld();
  const client = createClient(server);
  const base = { client, clock, random: seededRandom(3), log: silentLogger };
  const election = createLeaderElection({ ...base, namespace: "kube-system", name: "bellows", identity: "me" });
  const reconciled: string[] = [];
  const running = await createManager({ ...base, metrics: new Registry(), election })
    .add({
      name: "leases",
      watches: [{ kind: Lease, keys: () => [{ name: "x" }] }],
      reconcile: async ({ name }) => void reconciled.push(name),
    })
    .start();
  await clock.run(5000);
  expect(reconciled.length).toBeGreaterThan(0);
  let done = false;
  void running.done.then(() => {
    done = true;
  });
  server.down = true;
  await clock.run(30_000);
  expect(done).toBe(true);
});
