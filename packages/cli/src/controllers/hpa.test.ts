import { HpaSettings } from "@bellows/hpa";
import { ApiError, type Client, silentLogger, VirtualClock } from "@bellows/kube";
import { expect, test } from "vitest";
import type { ControllerParts } from "./catalogue.ts";
import { hpaSets } from "./hpa.ts";

/** A process before an API server that serves the twin, or not yet. */
function process(twin: { isServed: boolean }) {
  const clock = new VirtualClock(0);
  const givenUp: string[] = [];
  const resourceOf: Partial<Client>["resourceOf"] = async () => {
    if (!twin.isServed) throw new ApiError(404, { message: "the server could not find the requested resource" });
    return { kind: "HorizontalPodAutoscaler" } as never;
  };
  const parts = {
    client: { resourceOf },
    clock,
    log: silentLogger,
    signal: new AbortController().signal,
    giveUp: (reason: string) => void givenUp.push(reason),
  } as unknown as ControllerParts;
  return { clock, parts, givenUp };
}

async function made(apiGroup: string | undefined, parts: ControllerParts) {
  const sets = hpaSets(HpaSettings.parse(apiGroup === undefined ? {} : { horizontalPodAutoscalerApiGroup: apiGroup }));
  return Promise.all(
    sets.map(async (set) => [set.name, ...((await set.controllers?.(parts)) ?? []).map(({ name }) => name)]),
  );
}

test.each([
  [
    undefined,
    [
      [undefined, "horizontal-pod-autoscaler"],
      ["hpa-twin", "horizontal-pod-autoscaler-twin"],
    ],
  ],
  ["autoscaling", [[undefined, "horizontal-pod-autoscaler"]]],
  ["autoscaling.bellows.dev", [["hpa-twin", "horizontal-pod-autoscaler-twin"]]],
])("--horizontal-pod-autoscaler-api-group %s", async (apiGroup, names) => {
  expect(await made(apiGroup, process({ isServed: true }).parts)).toEqual(names);
});

test("without the twin's definition autoscaling/v2 is served, and the process begins anew once it is there", async () => {
  const twin = { isServed: false };
  const { clock, parts, givenUp } = process(twin);
  expect(await made(undefined, parts)).toEqual([[undefined, "horizontal-pod-autoscaler"], ["hpa-twin"]]);
  await clock.run(120_000);
  expect(givenUp).toEqual([]);
  twin.isServed = true;
  await clock.run(60_000);
  expect(givenUp).toEqual(["the definition of the twin kind is there now"]);
});
