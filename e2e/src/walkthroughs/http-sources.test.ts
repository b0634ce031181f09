import { afterEach, expect, test } from "vitest";
import { HttpSources } from "./http-sources.ts";

const url = "http://queue.shop.svc/length";
let sources: HttpSources | undefined;
afterEach(() => sources?.close());

async function opened() {
  sources = await HttpSources.open([{ at: 0, source: { url, answer: { messages: 3 } } }] as never);
  return { sources, here: sources.rewritten(url) };
}

test("a source answers at this machine what was set last", async () => {
  const { sources, here } = await opened();
  expect(here).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/length$/);
  await sources.set({ url, answer: { messages: 3 } } as never);
  expect(await (await fetch(here)).json()).toEqual({ messages: 3 });
  await sources.set({ url, status: 503 } as never);
  expect((await fetch(here)).status).toBe(503);
});

test("one that is refused is listened at by nobody, until it is back at the same port", async () => {
  const { sources, here } = await opened();
  await sources.set({ url, down: "refused" } as never);
  await expect(fetch(here)).rejects.toMatchObject({ cause: { code: "ECONNREFUSED" } });
  await sources.set({ url, answer: "again" } as never);
  expect(await (await fetch(here)).text()).toBe("again");
});

test("one that is silent never answers", async () => {
  const { sources, here } = await opened();
  await sources.set({ url, down: "silent" } as never);
  await expect(fetch(here, { signal: AbortSignal.timeout(200) })).rejects.toMatchObject({ name: "TimeoutError" });
});
