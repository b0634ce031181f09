import { Counter, Registry } from "prom-client";
import { request } from "undici";
import { afterEach, expect, test } from "vitest";
import type { HealthCheck } from "./health.ts";
import { silentLogger } from "./logging.ts";
import { type Serving, serve } from "./serving.ts";

let serving: Serving;
afterEach(() => serving.close());

const synced = { done: true };
const sync: HealthCheck = { name: "informer-sync", check: () => (synced.done ? undefined : "pods: not listed yet") };

async function got(path: string): Promise<[number, string]> {
  const { statusCode, body } = await request(`http://127.0.0.1:${serving.port}${path}`);
  return [statusCode, await body.text()];
}

test("answers as Kubernetes' health endpoints do", async () => {
  serving = await serve({ log: silentLogger, port: 0, readyz: [sync] });
  synced.done = true;
  expect(await got("/healthz")).toEqual([200, "ok"]);
  expect(await got("/readyz?verbose")).toEqual([200, "[+]ping ok\n[+]informer-sync ok\nreadyz check passed\n"]);
  expect(await got("/readyz?verbose&exclude=ping&exclude=x")).toEqual([
    200,
    '[+]ping excluded: ok\n[+]informer-sync ok\nwarn: some health checks cannot be excluded: no matches for "x"\nreadyz check passed\n',
  ]);
  expect(await got("/readyz/informer-sync")).toEqual([200, "ok"]);
  synced.done = false;
  expect(await got("/readyz")).toEqual([
    500,
    "[+]ping ok\n[-]informer-sync failed: reason withheld\nreadyz check failed\n",
  ]);
  expect(await got("/readyz/informer-sync")).toEqual([500, "internal server error: pods: not listed yet\n"]);
  expect((await got("/healthz/informer-sync"))[0]).toBe(404);
});

test("serves the registry's metrics", async () => {
  const metrics = new Registry();
  new Counter({ name: "bellows_things_total", help: "Things.", registers: [metrics] }).inc(3);
  serving = await serve({ log: silentLogger, port: 0, metrics });
  expect((await got("/metrics"))[1]).toContain("bellows_things_total 3");
});

test("says which port is taken", async () => {
  serving = await serve({ log: silentLogger, port: 0 });
  await expect(serve({ log: silentLogger, port: serving.port })).rejects.toThrow(
    `listening on 127.0.0.1:${serving.port}: the port is taken`,
  );
});
