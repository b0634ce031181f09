import { silentLogger, type Transport, TransportError, VirtualClock } from "@bellows/kube";
import { Registry } from "prom-client";
import { describe, expect, test } from "vitest";
import { watchAccess } from "./access.ts";

type Answer = { readonly status: number; readonly message?: string } | Error;

/** A transport that gives the answers in turn, and what was logged. */
function world(...answers: Answer[]) {
  const logged: Record<string, unknown>[] = [];
  const clock = new VirtualClock(0);
  const watches: Parameters<Transport["watch"]>[1][] = [];
  const inner: Transport = {
    async request() {
      const answer = answers.shift() as Answer;
      if (answer instanceof Error) throw answer;
      const body = { kind: "Status", message: answer.message ?? "", code: answer.status };
      return { status: answer.status, headers: {}, body };
    },
    watch(_, handler) {
      watches.push(handler);
      return { stop() {} };
    },
  };
  const log = { ...silentLogger, error: (_: string, fields = {}) => void logged.push(fields) };
  const options = { controller: "event-scaler", server: "https://api:443", clock, log, metrics: new Registry() };
  const { transport, healthCheck } = watchAccess(inner, options);
  const ask = (path = "/api/v1/pods") => transport.request({ method: "GET", path }).catch(() => undefined);
  const watch = () => {
    transport.watch({ path: "/api/v1/pods" } as never, { event() {}, end() {} });
    return watches.at(-1) as (typeof watches)[number];
  };
  return { ask, watch, logged, clock, ready: () => healthCheck.check() };
}

const cannotList =
  'pods is forbidden: User "system:serviceaccount:a:b" cannot list resource "pods" in API group "" at the cluster scope';

describe("a controller without access", () => {
  test("names the verb, the resource, and the value of the chart that mends it", async () => {
    const { ask, logged, ready } = world({ status: 403, message: cannotList });
    await ask();
    expect(logged[0]?.["fix"]).toContain(
      "the ClusterRole bellows-event-scaler must allow list of pods: set eventScaler.rbac.create=true",
    );
    expect(ready()).toContain("Forbidden: GET /api/v1/pods");
  });

  test("takes what admission refuses for no lack of rights", async () => {
    const message =
      'events "a.1" is forbidden: unable to create new content in namespace a because it is being terminated';
    const { ask, logged, ready } = world({ status: 403, message });
    await ask();
    expect(logged).toEqual([]);
    expect(ready()).toBeUndefined();
  });

  test("says that its token is not accepted", async () => {
    const { ask, logged } = world({ status: 401, message: "Unauthorized" });
    await ask();
    expect(logged[0]).toMatchObject({
      reason: "Unauthorized",
      fix: expect.stringContaining("the token is not accepted"),
    });
  });

  test("says which server does not answer", async () => {
    const { ask, logged } = world(new TransportError("GET /api/v1/pods: connect ECONNREFUSED"));
    await ask();
    expect(logged[0]).toMatchObject({
      reason: "Unreachable",
      fix: expect.stringContaining("https://api:443 gave no answer"),
    });
  });

  test("names the definition that is missing or serves other versions, and what installs it", async () => {
    const { ask, logged, ready } = world({ status: 404, message: "404 page not found" });
    await ask("/apis/karpenter.sh/v1/nodepools");
    expect(logged[0]).toMatchObject({
      reason: "NotServed",
      fix: expect.stringContaining(
        "does not serve v1: kubectl apply --server-side --force-conflicts -f deploy/crds/karp",
      ),
    });
    expect(ready()).toContain("NotServed: GET /apis/karpenter.sh/v1/nodepools");
  });

  test.each(["/apis/karpenter.sh/v1/nodepools/default", "/apis/metrics.k8s.io/v1beta1/pods", "/api/v1/pods"])(
    "takes 404 of %s for an answer",
    async (path) => {
      const { ask, ready } = world({ status: 404, message: "not found" });
      await ask(path);
      expect(ready()).toBeUndefined();
    },
  );

  test("forgets what is not asked for any more", async () => {
    const { ask, ready, clock } = world({ status: 403, message: cannotList });
    await ask();
    await clock.run(300_000);
    expect(ready()).toContain("Forbidden");
    await clock.run(1_000);
    expect(ready()).toBeUndefined();
  });

  test("is ready again once the server answers any request", async () => {
    const { ask, ready } = world(new TransportError("GET /api/v1/pods: connect ECONNREFUSED"), { status: 200 });
    await ask();
    expect(ready()).toContain("Unreachable");
    await ask("/api/v1/nodes");
    expect(ready()).toBeUndefined();
  });

  test("is ready again once the same request succeeds", async () => {
    const { ask, ready } = world({ status: 403, message: cannotList }, { status: 200 });
    await ask();
    await ask();
    expect(ready()).toBeUndefined();
  });

  test("is ready again once a watch lasts, although nothing comes of it", async () => {
    const { watch, ready, clock } = world();
    watch().end(new TransportError("WATCH /api/v1/pods: connect ECONNREFUSED"));
    expect(ready()).toContain("Unreachable: WATCH /api/v1/pods");
    const second = watch();
    await clock.run(4_000);
    second.end(new TransportError("WATCH /api/v1/pods: connect ECONNREFUSED"));
    await clock.run(2_000);
    expect(ready()).toContain("Unreachable: WATCH /api/v1/pods");
    watch();
    await clock.run(5_000);
    expect(ready()).toBeUndefined();
  });

  test("logs the same problem once a minute", async () => {
    const forbidden = { status: 403, message: cannotList };
    const { ask, logged, clock } = world(forbidden, forbidden, forbidden);
    await ask();
    await ask();
    expect(logged).toHaveLength(1);
    await clock.run(60_000);
    await ask();
    expect(logged).toHaveLength(2);
  });
});
