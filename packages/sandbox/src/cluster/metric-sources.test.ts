import { VirtualClock } from "@bellows/kube";
import { expect, test } from "vitest";
import { MetricSources } from "./metric-sources.ts";

const url = "http://queue.shop.svc/length";

function aSource() {
  const clock = new VirtualClock(0);
  const sources = new MetricSources(clock);
  const ask = (at = url, signal = new AbortController().signal) => sources.exchange({ url: at, signal });
  return { clock, sources, ask };
}

test("answers what was set last, as JSON or as text, whatever the query", async () => {
  const { sources, ask } = aSource();
  sources.set(url, { answer: { messages: 3 } });
  expect(await ask(`${url}?by=team`)).toEqual({ status: 200, statusText: "OK", body: '{"messages":3}' });
  sources.set(url, { answer: "queue 4", status: 503 });
  expect(await ask()).toEqual({ status: 503, statusText: "Service Unavailable", body: "queue 4" });
});

test("one that is down, and one that was never set, refuse", async () => {
  const { sources, ask } = aSource();
  sources.set(url, { down: "refused" });
  await expect(ask()).rejects.toThrow(`GET ${url}: connect ECONNREFUSED`);
  await expect(ask("http://elsewhere/")).rejects.toThrow("connect ECONNREFUSED");
});

test("a silent one fails when the asker gives up, with its reason", async () => {
  const { clock, sources, ask } = aSource();
  sources.set(url, { down: "silent" });
  const asker = new AbortController();
  clock.after(3_000, () => asker.abort(new Error("no answer within 3000 ms")));
  const asked = expect(ask(url, asker.signal)).rejects.toThrow(`GET ${url}: no answer within 3000 ms`);
  await clock.run(3_000);
  await asked;
});
