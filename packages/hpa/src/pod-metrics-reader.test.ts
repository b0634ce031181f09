import type { Pod, PodMetrics } from "@bellows/api";
import { type Client, VirtualClock } from "@bellows/kube";
import { expect, test } from "vitest";
import { PodMetricsReader } from "./pod-metrics-reader.ts";

const podsOf = (app: string, count: number): Pod[] =>
  Array.from({ length: count }, (_, index) => ({ metadata: { name: `${app}-${index}`, namespace: "shop" } }));

/** A namespace of 20 pods: `a` and `b` have 5 each, `c` one; the rest belongs to nobody. */
function world() {
  const clock = new VirtualClock(0);
  const reader = new PodMetricsReader();
  const requests: string[] = [];
  const all = [...podsOf("a", 5), ...podsOf("b", 5), ...podsOf("c", 1), ...podsOf("rest", 9)];
  const client = {
    async raw(_path: string, query?: Record<string, string>) {
      const selector = query?.["labelSelector"];
      requests.push(selector ?? "all");
      const app = selector?.slice("app=".length);
      const items: PodMetrics[] = all
        .filter(({ metadata }) => app === undefined || metadata.name.startsWith(`${app}-`))
        .map(({ metadata: { name } }) => ({
          metadata: { name, namespace: "shop" },
          timestamp: "",
          window: "0s",
          containers: [],
        }));
      return { items };
    },
  } as unknown as Client;
  const read = async (app: string, count: number) => {
    const key = { namespace: "shop", name: app };
    const items = await reader.read(client, clock, key, `app=${app}`, podsOf(app, count), all.length);
    return items.map(({ metadata }) => metadata.name);
  };
  return { clock, reader, requests, read };
}

test("autoscalers that have most of a namespace's pods share one answer, each with its own pods", async () => {
  const { requests, read } = world();
  await read("a", 5);
  await read("b", 5);
  requests.length = 0;
  expect(await read("a", 5)).toEqual(["a-0", "a-1", "a-2", "a-3", "a-4"]);
  expect(await read("b", 5)).toEqual(["b-0", "b-1", "b-2", "b-3", "b-4"]);
  expect(requests).toEqual(["all"]);
});

test("an answer is not given twice to one autoscaler, and not after a second", async () => {
  const { clock, requests, read } = world();
  await read("a", 5);
  await read("b", 5);
  await clock.run(1_000);
  requests.length = 0;
  await read("a", 5);
  await read("a", 5);
  expect(requests).toEqual(["all", "all"]);
  await clock.run(1_000);
  await read("b", 5);
  expect(requests).toEqual(["all", "all", "all"]);
});

test("few pods among many are asked for by their selector", async () => {
  const { requests, read } = world();
  await read("a", 5);
  await read("c", 1);
  expect(await read("c", 1)).toEqual(["c-0"]);
  expect(requests).toEqual(["app=a", "app=c", "app=c"]);
});

test("an autoscaler that is gone asks for nothing any more", async () => {
  const { reader, requests, read } = world();
  await read("a", 5);
  await read("b", 5);
  reader.forget({ namespace: "shop", name: "b" });
  requests.length = 0;
  await read("a", 5);
  expect(requests).toEqual(["app=a"]);
});
